"""The recovery of a room after its store or replica failed, by loading the document again."""

from collections.abc import Generator, Iterator
from typing import Final

from sync.document.document import Document
from sync.effect import Effect, Reopen, rejected
from sync.error import ErrorCode, Refusal, refusal
from sync.port import Opened
from sync.room.fanout import FanOut
from sync.room.membership import Membership
from sync.room.phase import Lifecycle, Phase
from sync.room.submission_queue import SubmissionQueue
from sync.room.view import View
from sync.yjs.replica import ReplicaBrokenError

BROKEN: Final = refusal(ErrorCode.STORE_UNAVAILABLE, "The document cannot be loaded.")
_MAX_FAILURES: Final = 5
"""Failed commits after which a batch is refused, if the log can be read."""


class Recovery:
    """Recovery of one room: its document is discarded and loaded from the log.

    The room's submissions are kept and tried again. A submission whose commit only seemed to fail
    is answered with the version that it has in the log (P3).
    """

    __slots__ = ("_fan_out", "_lifecycle", "_membership", "_queue", "_view")

    def __init__(
        self,
        view: View,
        lifecycle: Lifecycle,
        queue: SubmissionQueue,
        membership: Membership,
        fan_out: FanOut,
    ) -> None:
        self._view = view
        self._lifecycle = lifecycle
        self._queue = queue
        self._membership = membership
        self._fan_out = fan_out

    def fail(self) -> Iterator[Effect]:
        """Discard the document after a failed commit; try the batch again on the loaded one."""
        queue = self._queue
        refused, queue.refused = queue.refused, []
        if not refused:
            # What broke the replica was never given to the store, and is gone now.
            queue.failures += 1
        why = refusal(ErrorCode.MALFORMED_UPDATE, "The update could not be applied.")
        for submission in refused:
            yield from rejected(self._view.name, submission, why)
        if queue.failures >= _MAX_FAILURES:
            queue.failures = 0
            text = "The store does not take this now."
            yield from self.refuse_all(Refusal(ErrorCode.STORE_UNAVAILABLE, text, retryable=True))
        yield from self.load_anew()

    def load_anew(self) -> Iterator[Effect]:
        """Discard the document and order it to be loaded; submissions wait for that."""
        self._queue.forget_merge()
        if self._lifecycle.phase is not Phase.LOST:
            self._lifecycle.phase = Phase.LOST
            yield Reopen()

    def reopen(self, opened: Opened) -> Generator[Effect, None, bool]:
        """Replace the document by the one loaded from the log, and show the members new events.

        If the log was rewound, nothing is shown here, and all waiting submissions are refused. If
        the document does not load from its checkpoint, it is ordered again without that checkpoint.

        Returns:
            False if the document cannot be loaded.
        """
        view, queue = self._view, self._queue
        before, epoch, text_before = view.version, view.epoch, view.text
        try:
            view.replace(Document(opened, view.limits))
        except ReplicaBrokenError:
            if opened.checkpoint is None:
                return False
            yield Reopen(opened.checkpoint.version)
            return True
        self._lifecycle.phase = Phase.SETTLED
        queue.taken += queue.release(view.document)
        if view.epoch != epoch:
            queue.pending.extend(queue.parking.clear())
            text = "The document was restored to an earlier state."
            yield from self.refuse_all(refusal(ErrorCode.BASE_UNKNOWN, text))
            return True
        missed = view.document.window.after(before, view.version)
        if missed is None:
            self._membership.fall_behind(before)
        elif missed:
            yield from self._fan_out.batch(missed, (), (), text_before)
        return True

    def lose_store(self) -> Iterator[Effect]:
        """Refuse waiting and new submissions until the store answers."""
        self._lifecycle.is_read_only = True
        text = "The store does not answer; this is temporary."
        yield from self.refuse_all(refusal(ErrorCode.READ_ONLY, text))

    def refuse_all(self, why: Refusal) -> Iterator[Effect]:
        """Refuse all submissions that wait to be merged."""
        for submission in self._queue.clear():
            yield from rejected(self._view.name, submission, why)
