"""The submissions of one room, from their arrival to their settlement.

add ──▶ pending ── take ──▶ taken ── merge ──▶ merged ── settle ──▶ (acks and fan-out)
                              ▲ │                 │
                    released  │ └──▶ parked       │ the commit failed: taken, once more
                              └──────┘ ◀──────────┘
"""

from collections import deque
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from sync.document.document import (
    Accepted,
    Document,
    Lookup,
    Outcome,
    Parked,
    Refused,
)
from sync.document.parking import Parking
from sync.effect import Draft
from sync.error import ErrorCode, Refusal
from sync.limit import Limits
from sync.names import Role
from sync.port import EventRecord, Followed
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.yjs.replica import ReplicaBrokenError

Settlement = tuple[Submission, Outcome]


class SubmissionQueue:
    """The submissions of a room that have no answer yet."""

    __slots__ = (
        "_limits",
        "failures",
        "foreign",
        "merged",
        "own",
        "parking",
        "pending",
        "refused",
        "taken",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.pending: deque[Submission] = deque()
        self.taken: list[Submission] = []
        """The batch that is being appended, or is to be tried again."""
        self.parking = Parking(limits)
        """The updates that depend on structs which the log does not have."""
        self.refused: list[Submission] = []
        """The submissions that made the replica fail; they are not tried again."""
        self.failures = 0
        """The number of failed commits of the batch."""
        self.foreign: list[EventRecord] = []
        """The events that other processes had appended before the merged batch."""
        self.own: list[EventRecord] = []
        """The events of the merged batch."""
        self.merged: list[Settlement] = []
        """The submissions of the merged batch in the order of merging, and their outcomes."""

    # --- waiting submissions --------------------------------------------------------------------

    def unsettled(self) -> list[Submission]:
        """Return all submissions that have no answer yet."""
        return [*self.taken, *self.pending, *self.parking.submissions()]

    def has_of(self, session: str) -> bool:
        """Return True if a submission of that session has no answer yet."""
        return session in self.parking.waiting_since() or any(
            each.session == session for each in (*self.taken, *self.pending)
        )

    def clear(self) -> list[Submission]:
        """Take out the submissions that wait to be merged; parked ones stay."""
        waiting = [*self.taken, *self.pending]
        self.taken = []
        self.pending.clear()
        return waiting

    def withdraw(self, session: str, role: Role, *, is_merged: bool = False) -> list[Submission]:
        """Take out the unmerged submissions of one session, whose role allows none any more.

        Those whose commit seemed to fail, or is under way, stay, marked with the role: the log may
        have them, and what it has must not be refused. If they are merged again, `Document.merge`
        refuses those that it has not.

        Args:
            is_merged: True if the commit of the batch is under way.
        """
        gone = [each for each in self.pending if each.session == session]
        if gone:
            self.pending = deque(each for each in self.pending if each.session != session)
        if self.failures or is_merged:
            self.taken = [
                replace(each, role=role) if each.session == session else each for each in self.taken
            ]
        else:
            gone = [*(each for each in self.taken if each.session == session), *gone]
            self.taken = [each for each in self.taken if each.session != session]
        return [*gone, *self.parking.drop(session)]

    def release(self, document: Document, clients: Iterable[int] | None = None) -> list[Submission]:
        """Take out the parked updates whose dependencies have come.

        Args:
            clients: the CRDT clients whose clocks have advanced; None: possibly all.
        """
        parking = self.parking
        if not parking:
            return []
        moved = parking.clients() if clients is None else clients
        return [*parking.release(moved, document.clocks)]

    # --- the batch ------------------------------------------------------------------------------

    def take(self, document: Document, max_events: int, max_bytes: int) -> list[Submission]:
        """Take the next batch, bounded in events, in bytes and in the cost of rebasing."""
        batch, pending = self.taken, self.pending
        if not batch and len(pending) == 1:
            batch.append(pending.popleft())
            return batch
        size = sum(submission.size for submission in batch)
        work = document.work()
        done = sum(work(submission) for submission in batch)
        while pending and len(batch) < max_events and (size < max_bytes or not batch):
            submission = pending[0]
            if isinstance(submission, TextSubmission):
                done += work(submission)
                if batch and done > self._limits.max_batch_work:
                    break
            batch.append(pending.popleft())
            size += submission.size
        return batch

    def merge(self, document: Document, found: Followed, lookup: Lookup, now_ms: int) -> Draft:
        """Merge the batch after following the events of other processes.

        Raises:
            ReplicaBrokenError: the replica failed; discard the document.
        """
        foreign = self.foreign = found.events
        self.merged = []
        document.begin()
        if foreign:
            document.learn_authors(found.authors)
        if found.document.text_root != document.text_root:
            document.learn_text_root(found.document.text_root)
        # From here on the batch is what was merged: without parked and with released updates.
        batch, self.taken = self.taken, []
        if foreign or len(batch) != 1:
            self._merge_all(document, batch, foreign, lookup, now_ms)
        else:
            # The base of this submission is the current version, or was looked up.
            released = self._merge_next(document, batch[0], lookup, now_ms)
            if released:
                self._merge_all(document, released, (), lookup, now_ms)
        events = self.own = document.made
        checkpoint = None
        if events and document.version - document.checkpointed >= self._limits.checkpoint_events:
            checkpoint = document.checkpoint()
        return Draft(events, document.bindings, checkpoint, document.text_root)

    def _merge_all(
        self,
        document: Document,
        batch: Sequence[Submission],
        foreign: Sequence[EventRecord],
        lookup: Lookup,
        now_ms: int,
    ) -> None:
        """Merge submissions one after the other, each followed by parked ones that it releases."""
        waiting = deque(batch)
        try:
            document.prepare(batch, foreign, lookup)
            if foreign:
                waiting.extendleft(reversed(self.release(document)))
            while waiting:
                released = self._merge_next(document, waiting.popleft(), lookup, now_ms)
                waiting.extendleft(reversed(released))
        except BaseException:
            self.taken += waiting
            raise

    def _merge_next(
        self, document: Document, submission: Submission, lookup: Lookup, now_ms: int
    ) -> Sequence[Submission]:
        """Merge or park a submission; return the parked submissions that it releases."""
        try:
            outcome = document.merge(submission, lookup, now_ms)
        except ReplicaBrokenError:
            self.refused.append(submission)
            raise
        except BaseException:
            # A defect: whoever discards the room settles it with the others.
            self.taken.append(submission)
            raise
        released: Sequence[Submission] = ()
        if isinstance(outcome, Accepted):
            if self.parking.by_client:
                released = self.release(document, document.advanced)
        elif isinstance(outcome, Parked):
            assert isinstance(submission, UpdateSubmission), "only updates wait"
            if self.parking.park(submission, outcome.missing, now_ms):
                # A part of the submission may have become an event, for which others wait.
                return self.release(document, document.advanced)
            why = Refusal(ErrorCode.MALFORMED_UPDATE, "Too many updates wait.", retryable=True)
            outcome = Refused(why)
        self.taken.append(submission)
        self.merged.append((submission, outcome))
        return released

    def settle(self) -> None:
        """Forget the merged batch, which is durable now."""
        self.taken, self.foreign, self.own, self.merged = [], [], [], []
        self.failures = 0

    def forget_merge(self) -> None:
        """Forget the results of the merge, since the document is discarded."""
        self.foreign, self.own, self.merged = [], [], []
