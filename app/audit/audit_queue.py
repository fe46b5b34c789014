"""The queue of the audit trail, from those who note to the task that writes: a state machine.

    note ─▶ coalescing ─▶ waiting ─ take ─▶ a batch at the store ─┬─ wrote ─▶ gone
               (counts)      ▲                                    │
                             └────────────── failed ──────────────┘

It holds a bounded number of records. Past it records are dropped, and counted: the next batch that
is written holds a record `audit.dropped` that says how many of which kind. A batch is held until
the store has said that it is committed, so a record that was taken in is written at least once.
"""

from collections import deque
from itertools import islice
from typing import Final

from app.audit.audit_kind import DROPPED
from app.audit.coalescing import Coalescing
from storage.audit_rows import AuditRecord
from sync.wire.event import timestamp

MAX_RECORDS: Final = 10_000
"""The most records that wait; at some 1,500 bytes each."""
MAX_BATCH: Final = 500
_MAX_KINDS: Final = 50


class AuditQueue:
    """The queue; its times are a clock's that never goes back, in seconds."""

    def __init__(
        self,
        coalescing: Coalescing | None = None,
        *,
        max_records: int = MAX_RECORDS,
        max_batch: int = MAX_BATCH,
    ) -> None:
        self._coalescing = Coalescing() if coalescing is None else coalescing
        self._max_records = max_records
        self._max_batch = max_batch
        self._waiting: deque[AuditRecord] = deque()
        self._taken = 0
        """The length of the batch that the store has; it is still at the beginning of the queue."""
        self._dropped: dict[str, int] = {}
        """Records that were dropped and that no report tells of yet: a number for each kind."""
        self._told: dict[str, int] | None = None
        """The drops that the batch at the store tells of."""
        self._dropped_since_ms = 0
        self._dropped_at_ms = 0
        self.dropped = 0
        """The number of records that were dropped since the start."""

    def __len__(self) -> int:
        """The number of records that wait, those at the store included."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """True if nothing will be written unless something is noted."""
        return not self._waiting and not self._dropped and self._coalescing.is_empty

    def note(self, record: AuditRecord, now_s: float) -> None:
        """Take a record in, count it, or drop it."""
        most = self._max_records
        kept: AuditRecord | None = record
        rule = self._coalescing.rule(record.kind)
        if rule is not None:
            kept = self._coalescing.add(record, now_s)
            # The rest is for what not anybody can cause.
            most = int(most * rule.share)
        if kept is None:
            return
        if len(self._waiting) < most:
            self._waiting.append(kept)
        else:
            self._drop(record, 1)

    def take(self, now_s: float) -> list[AuditRecord]:
        """Return the next batch to write, empty if there is none.

        It stays the queue's until `wrote` or `give_up`; `failed` has it taken again.
        """
        assert not self._taken, "one batch is written at a time"
        room = self._max_records - len(self._waiting)
        self._waiting.extend(self._coalescing.summaries(now_s, room))
        batch = list(islice(self._waiting, self._max_batch))
        self._taken = len(batch)
        if self._dropped:
            self._told = dict(self._dropped)
            batch.append(self._report(self._told))
        return batch

    def wrote(self) -> None:
        """The batch is committed."""
        self._remove_taken()
        for kind, count in (self._told or {}).items():
            left = self._dropped[kind] - count
            if left:
                self._dropped[kind] = left
            else:
                del self._dropped[kind]
        self._told = None

    def failed(self) -> None:
        """The batch is not committed, as far as is known; it is taken again."""
        self._taken = 0
        self._told = None

    def give_up(self) -> None:
        """The batch can never be written: drop it."""
        for record in islice(self._waiting, self._taken):
            is_summary = self._coalescing.rule(record.kind) is not None
            self._drop(record, record.detail.get("count", 1) if is_summary else 1)
        self._remove_taken()
        self._told = None

    def close(self) -> None:
        """End all windows of coalescing: what they counted is to be written now."""
        # A bounded number, and the last: they may go past the bound of the queue.
        self._waiting.extend(self._coalescing.close())

    def _remove_taken(self) -> None:
        for _ in range(self._taken):
            self._waiting.popleft()
        self._taken = 0

    def _drop(self, record: AuditRecord, count: int) -> None:
        if not self._dropped:
            self._dropped_since_ms = record.at_ms
        self._dropped_at_ms = record.at_ms
        is_known = record.kind in self._dropped or len(self._dropped) < _MAX_KINDS
        kind = record.kind if is_known else "other"
        self._dropped[kind] = self._dropped.get(kind, 0) + count
        self.dropped += count

    def _report(self, dropped: dict[str, int]) -> AuditRecord:
        detail = {
            "count": sum(dropped.values()),
            "kinds": dropped,
            "since": timestamp(self._dropped_since_ms),
        }
        return AuditRecord(self._dropped_at_ms, DROPPED, "", "", "", detail=detail)
