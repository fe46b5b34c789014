"""The error of a version that retention has removed."""

from sync.port import HistoryError


class HistoryThinnedError(HistoryError):
    """Versions of one document are gone for good, as its retention says; others are there.

    Args:
        before, after: the nearest versions that are kept, on both sides.
    """

    def __init__(self, version: int, before: int, after: int) -> None:
        super().__init__(f"the versions after {before} and before {after} are gone", upto=after)
        self.version = version
        """One of the versions that are gone."""
        self.before = before
        self.after = after
