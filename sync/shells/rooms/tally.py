"""Counts by key with a bound on each: how many sockets a user has open, or an address."""


class Tally:
    """The number of what is open for each key; a key with nothing open is forgotten.

    Args:
        most: so many may be open for one key.
    """

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of keys with anything open."""
        return len(self._counts)

    def enter(self, key: str) -> bool:
        """Count one more in for a key; False if that would be too many, and nothing is counted.

        The empty key stands for nobody in particular: it has no bound, and is not counted.
        """
        if not key:
            return True
        count = self._counts.get(key, 0)
        if count >= self._most:
            return False
        self._counts[key] = count + 1
        return True

    def leave(self, key: str) -> None:
        """Count out what `enter` has counted in."""
        if not key:
            return
        count = self._counts[key] - 1
        if count:
            self._counts[key] = count
        else:
            del self._counts[key]
