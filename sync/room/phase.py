"""The phases of a room, and the state diagram between them."""

from enum import Enum

from sync.error import ErrorCode, Refusal, refusal


class Phase(Enum):
    """The phases of a room.

                    take_batch              merge                Committed
        SETTLED ───────────────▶ TAKEN ───────────────▶ MERGING ───────────────▶ SETTLED
           │ ▲                     │                       │
           │ │ Reopened            │ CommitFailed          │ CommitFailed
           │ └────────── LOST ◀────┴───────────────────────┘
           │              ▲ │
           │ the replica  │ │ Broken
           └──── fails ───┘ └────▶ ENDED ◀──── Deleted, from SETTLED or TAKEN

    Only in SETTLED and TAKEN is the document exactly what the log has. In MERGING it is ahead of
    the log; in LOST it is discarded. In these two, facts whose answer would show the document (a
    join, a check) are deferred until the room is settled. Acks and fan-out follow `Committed` only.
    These two rules are promise P1.
    """

    SETTLED = ("settled", True)
    TAKEN = ("taken", True)
    """A batch's questions to the log are being answered; the document must not change meanwhile."""
    MERGING = ("merging", False)
    LOST = ("lost", False)
    """`Reopen` was ordered. The room is read-only while the store does not answer."""
    ENDED = ("ended", False)
    """The document was deleted or does not load. There are no members any more."""

    def __init__(self, _: str, is_settled: bool) -> None:
        self.is_settled = is_settled
        """True if the document is exactly what the log has, so that it may be shown."""


class Lifecycle:
    """One room's phase, its read-only state and its end."""

    __slots__ = ("end", "is_read_only", "phase")

    def __init__(self) -> None:
        self.phase = Phase.SETTLED
        self.is_read_only = False
        """True while the store keeps failing; submissions are refused then."""
        self.end: Refusal | None = None
        """The reason for the room's end; None: it has not ended."""

    def objection(self) -> Refusal | None:
        """Return the refusal of every submission at this time; None if there is none."""
        if self.end is not None:
            return self.end
        if self.is_read_only:
            text = "The store does not answer; this is temporary. Send it again."
            return refusal(ErrorCode.READ_ONLY, text)
        return None

    def finish(self, why: Refusal) -> None:
        """End the room; every request for the document is refused with this reason."""
        self.end = why
        self.phase = Phase.ENDED
