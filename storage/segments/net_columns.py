"""The net change of a segment as columns: what all its events together make of the text before.

It consists of pieces, in the order of the text after: some were there before, some were typed. The
typed ones are places in what the segment has typed anyway, so they take no text again. A text many
segments later is made from these, without walking through the events.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag
from storage.segments.run import Edit, Kind
from sync.text.delta import REST, Delta, canonical, inserted_text
from sync.text.span import Span, SpanRow

_TYPED: Final = REST << 1
"""Spans of versions from here on stand for what was typed, by its place; others for the text
before."""

_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(tuple[bytes, bytes, bytes, bytes, bytes]).decode


def encode_net(edits: Sequence[Edit]) -> dict[str, bytes]:
    """Return the column `net` of these runs."""
    kinds: list[int] = []
    kept: list[int] = []
    gaps: list[int] = []
    typed: list[int] = []
    jumps: list[int] = []
    at_kept = at_typed = 0
    for length, start, _ in _pieces(edits):
        if start >= _TYPED:
            kinds.append(1)
            typed.append(length)
            jumps.append(start - _TYPED - at_typed)
            at_typed = start - _TYPED + length
        else:
            kinds.append(0)
            kept.append(length)
            gaps.append(start - at_kept)
            at_kept = start + length
    # The last piece that was there before reaches to the end, wherever that is.
    kept.pop()
    numbers = kinds, kept, gaps, typed, zigzag(jumps)
    return {"net": _encode([pack_numbers(values) for values in numbers])}


def _pieces(edits: Sequence[Edit]) -> list[Span]:
    """The pieces of the text after all edits, each with its place; the last one is endless."""
    row = SpanRow([Span(REST, 0, 1)])
    edit_row = row.edit
    others = sum(len(edit.text) for edit in edits)
    at_text = 0
    for edit in edits:
        if edit.kind is Kind.TYPING:
            size = len(edit.text)
            edit_row(edit.place, 0, (Span(size, _TYPED + at_text, 1 if size > 1 else 0),))
            at_text += size
        elif edit.kind is Kind.DELETING:
            edit_row(edit.end, sum(map(abs, edit.steps)))
        else:
            at = 0
            for op in edit.other:
                if isinstance(op, str):
                    edit_row(at, 0, (Span(len(op), _TYPED + others, 1 if len(op) > 1 else 0),))
                    others += len(op)
                    at += len(op)
                elif op > 0:
                    at += op
                else:
                    edit_row(at, -op)
    return row.spans()


def decode_net(net: bytes, text: bytes, others: Sequence[Delta]) -> Delta:
    """Return the canonical delta of a whole segment.

    Args:
        text: the column of that name.
        others: the deltas of the column of that name.

    Raises:
        ValueError, IndexError, StopIteration: the columns do not fit together.
    """
    kinds, kept, gaps, typed, jumps = map(unpack_numbers, _decode_parts(net))
    whole = text.decode() + "".join(map(inserted_text, others))
    texts = _texts(whole, typed, unzigzag(jumps))
    sizes, deleted = iter(kept), iter(gaps)
    ops: list[int | str] = []
    for kind in kinds:
        if kind:
            ops.append(next(texts))
        else:
            ops += (-next(deleted), next(sizes, REST))
    if kinds.count(0) != len(kept) + 1 or len(gaps) != len(kept) + 1:
        raise ValueError(f"{len(gaps)} pieces were there before, {len(kept)} have a length")
    return canonical(ops)


def _texts(whole: str, sizes: Sequence[int], jumps: Sequence[int]) -> Iterator[str]:
    """Yield the typed pieces of all that was typed."""
    at = 0
    for size, jump in zip(sizes, jumps, strict=True):
        start = at + jump
        at = start + size
        if not 0 <= start < at <= len(whole):
            raise ValueError(f"a piece from {start} to {at} of {len(whole)} typed")
        yield whole[start:at]
