"""The figures of a crash test: edits that were acknowledged or shown, and what became of them."""

from dataclasses import dataclass, fields


@dataclass
class Verdict:
    """Counts over one or many judgements; verdicts add up.

    Args:
        kills: processes that were ended at once.
        acknowledged: edits that the server told their writer are accepted.
        shown: edits that a client other than their writer was sent.
        lost_acknowledged: of the former, those that are not found after the restart.
        lost_shown: of the latter, the same.
        doubled: edits that are found more than once.
        moved: edits that are found at another version, or with other content, than told or shown.
    """

    kills: int = 0
    acknowledged: int = 0
    shown: int = 0
    lost_acknowledged: int = 0
    lost_shown: int = 0
    doubled: int = 0
    moved: int = 0

    def add(self, other: "Verdict") -> None:
        """Add another's counts to these."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def found(self) -> int:
        """The acknowledged edits that are there."""
        return self.acknowledged - self.lost_acknowledged

    @property
    def is_clean(self) -> bool:
        """True if nothing was lost, doubled or moved."""
        return not (self.lost_acknowledged or self.lost_shown or self.doubled or self.moved)
