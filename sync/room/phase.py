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

    Only in SETTLED and TAKEN does the document hold exactly what the log has. In MERGING it is
    ahead of the log, in LOST it is thrown away: nothing that would show it (a join, a check) is
    answered, but deferred until the room is settled. That, and that acks and fan-out follow
    `Committed` alone, is promise P1.
    """

    SETTLED = ("settled", True)
    TAKEN = ("taken", True)
    """The log is asked on behalf of a batch: the document must not move on meanwhile."""
    MERGING = ("merging", False)
    LOST = ("lost", False)
    """`Reopen` was ordered; while the store does not answer, the room is read-only."""
    ENDED = ("ended", False)
    """The document was deleted, or does not load: there are no members any more."""

    def __init__(self, _: str, is_settled: bool) -> None:
        self.is_settled = is_settled
        """Whether the document holds exactly what the log has, so that it may be shown."""


class Lifecycle:
    """One room's phase, and what it means for those who ask."""

    __slots__ = ("end", "is_read_only", "phase")

    def __init__(self) -> None:
        self.phase = Phase.SETTLED
        self.is_read_only = False
        """Whether the store keeps failing: what is submitted is refused for now."""
        self.end: Refusal | None = None
        """Why the room has ended; None: it has not."""

    def objection(self) -> Refusal | None:
        """Return why nothing can be submitted now; None if it can."""
        if self.end is not None:
            return self.end
        if self.is_read_only:
            text = "The store does not answer; this is temporary. Send it again."
            return refusal(ErrorCode.READ_ONLY, text)
        return None

    def finish(self, why: Refusal) -> None:
        """End the room: whoever asks for the document is refused."""
        self.end = why
        self.phase = Phase.ENDED
