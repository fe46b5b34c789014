"""The one range in which two texts differ, found without a diff."""

from typing import Final

from sync.text.delta import Delta, canonical

_PIECE_CHARS: Final = 4_096
"""Of two texts that are compared at a time."""


def replacement(old: str, new: str) -> Delta:
    """Return the difference of two texts as the replacement of one range."""
    if old == new:
        return ()
    shorter = min(len(old), len(new))
    start = _common_start(old, new, shorter)
    end = _common_end(old, new, shorter - start)
    ops: list[int | str] = [start, new[start : len(new) - end], -(len(old) - start - end)]
    return canonical([op for op in ops if op])


def _common_start(old: str, new: str, shorter: int) -> int:
    """Return the length of the common prefix of two texts, at most `shorter` characters.

    It compares `_PIECE_CHARS` at a time.
    """
    for start in range(0, shorter, _PIECE_CHARS):
        upto = min(start + _PIECE_CHARS, shorter)
        if old[start:upto] != new[start:upto]:
            return next(at for at in range(start, upto) if old[at] != new[at])
    return shorter


def _common_end(old: str, new: str, shorter: int) -> int:
    """Return the length of the common suffix of two texts, at most `shorter` characters."""
    for start in range(0, shorter, _PIECE_CHARS):
        upto = min(start + _PIECE_CHARS, shorter)
        if old[len(old) - upto : len(old) - start] != new[len(new) - upto : len(new) - start]:
            return next(at for at in range(start, upto) if old[-1 - at] != new[-1 - at])
    return shorter
