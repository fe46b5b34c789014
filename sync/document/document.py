"""One document as the log has it, and how a submission is merged into it.

`Document` owns the replica, the gate's knowledge, the binding of CRDT client ids to users, and the
newest events. It decides; it neither waits nor sends. Every change goes through `merge` (for a
submission, which becomes the next event) or `follow` (for an event that the log already has).
"""

from collections.abc import Callable, Sequence

from sync.document.outcome import (
    Accepted,
    Known,
    Lookup,
    Outcome,
    Parked,
    Questions,
    Refused,
    Unchanged,
    may_not_write,
)
from sync.document.updates import UpdateDocument
from sync.error import ErrorCode, refusal
from sync.names import DEFAULT_TEXT_ROOT, PositionEncoding
from sync.permission import Action, may
from sync.port import EventRecord
from sync.submission import Submission, TextSubmission, UpdateSubmission
from sync.text.delta import DeltaError, DeltaOutOfRange, base_length, canonical, growth
from sync.text.newline import normalize_delta
from sync.text.position import delta_from_utf16
from sync.text.rebase import rebase

__all__ = [
    "Accepted",
    "Document",
    "Known",
    "Lookup",
    "Outcome",
    "Parked",
    "Questions",
    "Refused",
    "Unchanged",
]

_READING_WORK = 5_000
"""The cost of reading the text at an old version, in ops rebased over one event each."""


class Document(UpdateDocument):
    """A document at one version, ready to merge; see `DocumentState` for its arguments."""

    def questions(self, batch: Sequence[Submission], *, is_retry: bool = False) -> Questions | None:
        """Return the questions to the log that a batch raises; None if it raises none.

        Args:
            is_retry: a commit of the batch seemed to fail, but part of the batch may be committed.
        """
        asked: Questions | None = None
        for submission in batch:
            is_new = isinstance(submission, UpdateSubmission) and submission.is_anonymous
            if is_new and not is_retry:
                continue
            if asked is None:
                asked = Questions()
            if self.window.find(submission.id) is None:
                asked.ids.append(submission.id)
            if isinstance(submission, TextSubmission) and submission.base is not None:
                self._ask_for_base(asked, submission.base, submission.encoding)
        return asked

    def _ask_for_base(self, asked: Questions, base: int, encoding: PositionEncoding) -> None:
        if not self.version - self._limits.max_rebase_events <= base < self.version:
            return
        if self.window.after(base, self.version) is None:
            asked.after = base if asked.after is None else min(asked.after, base)
        if encoding == "utf-16" and self.has_pairs and base not in asked.texts:
            asked.texts.append(base)

    def work(self) -> Callable[[Submission], int]:
        """Return a function for the cost of each submission, in ops rebased over one event each.

        Call it once per submission, in order. The first one that needs the text at an old version
        also bears the cost of reading it.
        """
        read: set[int] = set()

        def cost(submission: Submission) -> int:
            if not isinstance(submission, TextSubmission) or submission.base is None:
                return 0
            behind = self.version - submission.base
            if not 0 < behind <= self._limits.max_rebase_events:
                return 0
            reading = 0
            if submission.encoding == "utf-16" and self.has_pairs and submission.base not in read:
                read.add(submission.base)
                reading = _READING_WORK
            return min(behind * len(submission.ops), self._limits.max_rebase_work) + reading

        return cost

    def prepare(
        self, batch: Sequence[Submission], foreign: Sequence[EventRecord], lookup: Lookup
    ) -> None:
        """Follow the events of other processes; add the texts at the batch's bases to `lookup`.

        Raises:
            ReplicaBrokenError: as for `follow`.
        """
        if not self.has_pairs:
            lookup.narrow = self.version
        if not foreign and len(batch) == 1 and isinstance(batch[0], UpdateSubmission):
            return
        bases = {
            each.base
            for each in batch
            if isinstance(each, TextSubmission) and each.encoding == "utf-16"
        }
        for record in foreign:
            if self.version in bases:
                lookup.texts[self.version] = self.text
            self.follow((record,))
        if self.version in bases:
            lookup.texts[self.version] = self.text

    def merge(self, submission: Submission, lookup: Lookup, now_ms: int) -> Outcome:
        """Merge a submission as the next event.

        The event is not durable before the commit. If the commit fails, discard this document.

        Raises:
            ReplicaBrokenError: the replica failed on the submission; discard this document.
        """
        known = self.window.find(submission.id) or lookup.known.get(submission.id)
        if known is not None:
            if known.digest == submission.digest and known.actor_id == submission.user.id:
                return Known(known)
            return Refused(refusal(ErrorCode.DUPLICATE_ID, "This id was used for another edit."))
        if submission.role is not None and not may(submission.role, Action.WRITE):
            # Its role was lowered after a commit of it seemed to fail: it had to be looked up.
            return Refused(may_not_write(submission.role))
        if isinstance(submission, TextSubmission):
            return self._merge_text(submission, lookup, now_ms)
        return self._merge_update(submission, now_ms)

    # --- text events ------------------------------------------------------------------------

    def _merge_text(self, submission: TextSubmission, lookup: Lookup, now_ms: int) -> Outcome:
        base = self.version if submission.base is None else submission.base
        since = self._since(base, lookup)
        if since is None:
            return Refused(
                refusal(
                    ErrorCode.BASE_UNKNOWN, f"There is no usable base {base} at {self.version}."
                )
            )
        if len(since) * len(submission.ops) > self._limits.max_rebase_work:
            why = f"The base {base} is too far behind for so many changes."
            return Refused(refusal(ErrorCode.BASE_UNKNOWN, why))
        length = len(self.text) - sum(growth(record.ops) for record in since)
        try:
            ops = submission.ops
            if submission.encoding == "utf-16" and self.has_pairs and base > lookup.narrow:
                text = self.text if base == self.version else lookup.texts.get(base)
                if text is None:
                    return Refused(refusal(ErrorCode.BASE_UNKNOWN, "The base is too far behind."))
                ops = delta_from_utf16(ops, text)
            if base_length(ops) > length:
                raise DeltaOutOfRange(f"The text at version {base} has {length} characters.")
            delta = rebase(ops, [record.ops for record in since]) if since else canonical(ops)
            delta = normalize_delta(delta, self.text)
        except DeltaOutOfRange as error:
            return Refused(refusal(ErrorCode.OUT_OF_RANGE, str(error)))
        except DeltaError as error:
            return Refused(refusal(ErrorCode.INVALID_MESSAGE, str(error)))
        if not delta:
            return Unchanged(self.version)
        grown = growth(delta)
        if grown > 0 and len(self.text) + grown > self._limits.max_document_chars:
            return Refused(self._full())
        if grown > 0 and self._is_large(sum(len(op) for op in delta if isinstance(op, str))):
            return Refused(self._large())
        changes = sum(isinstance(op, str) or op < 0 for op in delta)
        has_new = any(isinstance(op, str) for op in delta)
        if has_new and self._is_fragmented(3 * changes):
            return Refused(self._fragmented())
        if not self.text_root:
            self._decide(DEFAULT_TEXT_ROOT)
        if not self._replica.takes_edits():
            why = "This text holds what is no text. It takes Yjs updates alone."
            return Refused(refusal(ErrorCode.INVALID_MESSAGE, why))
        update = self._replica.edit(delta)
        verdict = self._ready(update)
        self._structs += verdict.structs
        self._known.advance(verdict)
        self._authored = verdict.authored
        return Accepted(self._record(submission, delta, update, now_ms))

    def _since(self, base: int, lookup: Lookup) -> list[EventRecord] | None:
        """Return the events after `base`; None if it is beyond the head or too far behind it."""
        if base > self.version:
            return None
        recent = self.window.after(base, self.version)
        if recent is not None:
            return recent
        older = [record for record in lookup.history if record.version > base]
        if not older or older[0].version != base + 1:
            return None
        recent = self.window.after(older[-1].version, self.version)
        return None if recent is None else older + recent
