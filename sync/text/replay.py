"""Many deltas applied to a large text, with work for each that does not grow with the text."""

from collections.abc import Iterable
from typing import Final

from sync.text.delta import Delta, DeltaOutOfRange

_PIECE_CHARS: Final = 2048


def replay(text: str, deltas: Iterable[Delta]) -> str:
    """Return `text` after all deltas, applied in order.

    `sync.text.delta.apply` copies the whole text each time; here only a piece of it is copied.

    Raises:
        DeltaOutOfRange: one reaches past the end of the text that it is applied to.
    """
    pieces = _Pieces(text)
    for delta in deltas:
        at = 0
        for op in delta:
            if isinstance(op, str):
                pieces.insert(at, op)
                at += len(op)
            elif op < 0:
                pieces.delete(at, -op)
            else:
                at += op
        if at > pieces.length:
            raise DeltaOutOfRange(f"the edit reaches to {at}, the text ends at {pieces.length}")
    return "".join(pieces.texts)


class _Pieces:
    """A text in pieces, and the piece that was changed last: the next change is near it."""

    def __init__(self, text: str) -> None:
        self.texts = _cut(text) or [""]
        self.length = len(text)
        self._number = 0
        self._start = 0
        """The place at which the piece of that number begins."""

    def insert(self, at: int, text: str) -> None:
        inside = self._find(at)
        piece = self.texts[self._number]
        self._put(piece[:inside] + text + piece[inside:])
        self.length += len(text)

    def delete(self, at: int, count: int) -> None:
        if at + count > self.length:
            raise DeltaOutOfRange(
                f"the edit reaches to {at + count}, the text ends at {self.length}"
            )
        self.length -= count
        while count:
            inside = self._find(at)
            piece = self.texts[self._number]
            taken = min(count, len(piece) - inside)
            self._put(piece[:inside] + piece[inside + taken :])
            count -= taken

    def _find(self, at: int) -> int:
        """Make the piece that has the code point at `at` the current one; return its place there.

        At the end of the text it is the last piece.
        """
        if not 0 <= at <= self.length:
            raise DeltaOutOfRange(f"the edit reaches to {at}, the text ends at {self.length}")
        texts, number, start = self.texts, self._number, self._start
        while at < start:
            number -= 1
            start -= len(texts[number])
        last = len(texts) - 1
        while number < last and at >= start + len(texts[number]):
            start += len(texts[number])
            number += 1
        self._number, self._start = number, start
        return at - start

    def _put(self, piece: str) -> None:
        if len(piece) <= 2 * _PIECE_CHARS:
            self.texts[self._number] = piece
        else:
            self.texts[self._number : self._number + 1] = _cut(piece)


def _cut(text: str) -> list[str]:
    return [text[start : start + _PIECE_CHARS] for start in range(0, len(text), _PIECE_CHARS)]
