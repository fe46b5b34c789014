"""Conversion between positions in UTF-16 units, as JavaScript counts, and in code points.

Quire counts in code points; peers that ask for `utf-16` are converted at the border. The text must
be `valid_text`. The work is done by the codecs, at the speed of a copy of the text up to the
position; texts in ASCII, or in the Basic Multilingual Plane up to the position, need no walk.
"""

from sync.text.delta import Delta, DeltaOutOfRange, Ops, base_length, check

_INSIDE_PAIR = "an offset in utf-16 lies inside a surrogate pair"


def to_codepoints(text: str, utf16_offset: int) -> int:
    """Return the code point offset of `utf16_offset`, from 0 to the length of `text` in UTF-16.

    Raises `DeltaOutOfRange` beyond that, and inside a surrogate pair.
    """
    if utf16_offset < 0:
        raise DeltaOutOfRange("an offset must not be negative")
    units = text[:utf16_offset].encode("utf-16-le")
    _check_units(units, utf16_offset)
    if len(units) == 2 * utf16_offset and utf16_offset <= len(text):
        return utf16_offset
    return len(units[: 2 * utf16_offset].decode("utf-16-le"))


def to_utf16(text: str, offset: int) -> int:
    """Return the UTF-16 offset of the code point `offset`, from 0 to the length of `text`.

    Raises `DeltaOutOfRange` outside of that.
    """
    if not 0 <= offset <= len(text):
        raise DeltaOutOfRange(f"{offset} is outside of the text, which ends at {len(text)}")
    return _utf16_length(text[:offset])


def delta_from_utf16(ops: Ops, text: str) -> Delta:
    """Return `ops`, whose counts are UTF-16 units of `text`, counted in code points.

    Raises `DeltaOutOfRange` when they reach past the end of `text`, or cut a surrogate pair.
    """
    reach = base_length(ops)
    if text.isascii():
        check(ops, len(text))
        return tuple(ops)
    head = text[:reach]
    units = head.encode("utf-16-le")
    _check_units(units, reach)
    if len(units) == 2 * len(head):
        return tuple(ops)
    out: list[int | str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            out.append(op)
            continue
        end = at + 2 * abs(op)
        if _cuts_pair(units, end):
            raise DeltaOutOfRange(_INSIDE_PAIR)
        count = len(units[at:end].decode("utf-16-le"))
        out.append(count if op > 0 else -count)
        at = end
    return tuple(out)


def delta_to_utf16(ops: Ops, text: str) -> Delta:
    """Return `ops`, whose counts are code points of `text`, counted in UTF-16 units.

    Raises `DeltaOutOfRange` when they reach past the end of `text`.
    """
    check(ops, len(text))
    if text.isascii():
        return tuple(ops)
    out: list[int | str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            out.append(op)
            continue
        end = at + abs(op)
        count = _utf16_length(text[at:end])
        out.append(count if op > 0 else -count)
        at = end
    return tuple(out)


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _check_units(units: bytes, offset: int) -> None:
    """Raise unless `offset`, in units, is within `units` and at a border of code points."""
    if 2 * offset > len(units):
        raise DeltaOutOfRange(f"{offset} is beyond the text, which ends at {len(units) // 2}")
    if _cuts_pair(units, 2 * offset):
        raise DeltaOutOfRange(_INSIDE_PAIR)


def _cuts_pair(units: bytes, at: int) -> bool:
    """Return whether the unit before byte `at` is the first half of a surrogate pair."""
    return at > 0 and 0xD8 <= units[at - 1] <= 0xDB
