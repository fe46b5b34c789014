"""Deltas over a text in which some things are no characters, such as images."""

from typing import Final

from sync.text.delta import Delta, canonical

GAP: Final = "\0"
"""It stands for a thing that is no character; texts hold none."""


def around_gaps(ops: Delta, shown: str) -> Delta:
    """Return a delta of the characters as a delta of all that is shown: gaps are kept.

    Args:
        ops: a delta that fits the characters of `shown`.
        shown: the text with a `GAP` for each thing that is no character.
    """
    spread: list[int | str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            spread.append(op)
            continue
        left, step = abs(op), 1 if op > 0 else -1
        while left:
            is_character = shown[at] != GAP
            spread.append(step if is_character else 1)
            left -= is_character
            at += 1
    return canonical(spread)
