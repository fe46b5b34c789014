"""The deltas of a segment as columns: runs as counts, places and lengths, and what was typed apart.

The place of a run is a distance from its writer's caret, which moves along with what others write:
most distances are 0.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag
from storage.segments.run import Edit, Kind
from sync.text.delta import Delta, transform_position

_MOST_MOVES: Final = 64
"""A caret moves along with at most so many runs of others; after more it is where it was."""

_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(tuple[bytes, bytes, bytes, bytes, bytes]).decode
_decode_deltas = msgspec.msgpack.Decoder(list[tuple[int | str, ...]]).decode
_KINDS: Final = tuple(Kind)


class _Carets:
    """The caret of each writer, as both ends know it before the next run."""

    def __init__(self, writers: int) -> None:
        self._places = [0] * writers
        self._seen = [0] * writers
        self._runs: list[Edit] = []

    def before(self, writer: int) -> int:
        """The place of a writer's caret now."""
        place, seen = self._places[writer], self._seen[writer]
        if 0 < len(self._runs) - seen <= _MOST_MOVES:
            for run in self._runs[seen:]:
                place = _moved(place, run)
        return place

    def after(self, run: Edit) -> None:
        self._runs.append(run)
        self._places[run.writer] = run.end
        self._seen[run.writer] = len(self._runs)


def _moved(place: int, run: Edit) -> int:
    if run.kind is Kind.TYPING:
        return place + len(run.text) if run.place < place else place
    return transform_position(place, run.composed(), before=True)


def encode_edits(edits: Sequence[Edit], writers: int) -> dict[str, bytes]:
    """Return the columns `edits`, `text` and `others` of the runs of so many writers."""
    carets = _Carets(writers)
    places: list[int] = []
    typed: list[int] = []
    deleted: list[int] = []
    for edit in edits:
        if edit.kind is not Kind.OTHER:
            places.append(edit.place - carets.before(edit.writer))
            (typed if edit.kind is Kind.TYPING else deleted).extend(edit.steps)
        carets.after(edit)
    numbers = (
        [edit.size * len(_KINDS) + edit.kind for edit in edits],
        [edit.writer for edit in edits],
        zigzag(places),
        typed,
        zigzag(deleted),
    )
    others = [edit.other for edit in edits if edit.kind is Kind.OTHER]
    return {
        "edits": _encode([pack_numbers(values) for values in numbers]),
        "text": "".join([edit.text for edit in edits]).encode(),
        "others": _encode(others) if others else b"",
    }


def decode_others(others: bytes) -> list[Delta]:
    """Return the deltas of the column `others`."""
    return _decode_deltas(others) if others else []


def decode_edits(writers: int, edits: bytes, text: bytes, others: bytes) -> list[Edit]:
    """Return the runs of these columns.

    Raises:
        ValueError, IndexError, StopIteration: they do not fit together.
    """
    heads, by, away, typed, deleted = map(unpack_numbers, _decode_parts(edits))
    distances = iter(unzigzag(away))
    deletions = unzigzag(deleted)
    deltas = iter(decode_others(others))
    carets = _Carets(writers)
    whole = text.decode()
    at_text = at_typed = at_deleted = 0
    out: list[Edit] = []
    for head, writer in zip(heads, by, strict=True):
        count, number = divmod(head, len(_KINDS))
        kind = _KINDS[number]
        if kind is Kind.OTHER:
            other: Delta = next(deltas)
            edit = Edit(kind, writer, 0, "", (0,), other)
        else:
            place = carets.before(writer) + next(distances)
            if kind is Kind.TYPING:
                steps = tuple(typed[at_typed : at_typed + count])
                at_typed += count
                size = sum(steps)
                edit = Edit(kind, writer, place, whole[at_text : at_text + size], steps)
                at_text += size
            else:
                steps = tuple(deletions[at_deleted : at_deleted + count])
                at_deleted += count
                edit = Edit(kind, writer, place, "", steps)
        carets.after(edit)
        out.append(edit)
    return out
