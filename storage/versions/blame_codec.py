"""The codec of a blame that is kept beside the log: columns, compressed."""

import zlib
from itertools import accumulate, chain, groupby, pairwise, repeat
from typing import Final

import msgspec

from sync.text.blame import Blame, Contribution, Person
from sync.text.span import Span, versions_of

FORMAT: Final = 1


class _Columns(msgspec.Struct, array_like=True):
    format: int
    version: int
    lengths: list[int]
    first_versions: list[int]
    """As differences."""
    steps: list[int]
    people: list[Person]
    writers: list[tuple[int, int]]
    """Of the versions that the spans name, in order: runs of indexes of `people`."""
    times: list[int]
    """Of the same versions: differences."""
    contributions: list[Contribution]


_decode = msgspec.msgpack.Decoder(_Columns).decode


def encode_blame(blame: Blame) -> bytes:
    """Return a blame as bytes."""
    live = sorted(versions_of(blame.spans))
    written = [blame.written[version] for version in live]
    columns = _Columns(
        FORMAT,
        blame.version,
        [span.length for span in blame.spans],
        _differences([span.version for span in blame.spans]),
        [span.step for span in blame.spans],
        blame.people,
        [(who, sum(1 for _ in run)) for who, run in groupby(who for who, _ in written)],
        _differences([at_ms for _, at_ms in written]),
        blame.contributions,
    )
    return zlib.compress(msgspec.msgpack.encode(columns), 6)


def decode_blame(data: bytes) -> Blame | None:
    """Return a blame from its bytes; None: another Quire has written them, or they are damaged."""
    try:
        columns = _decode(zlib.decompress(data))
    except (msgspec.MsgspecError, zlib.error):
        return None
    if columns.format != FORMAT:
        return None
    firsts = accumulate(columns.first_versions)
    spans = list(map(Span, columns.lengths, firsts, columns.steps))
    live = sorted(versions_of(spans))
    who = list(chain.from_iterable(repeat(index, count) for index, count in columns.writers))
    times = list(accumulate(columns.times))
    if not len(live) == len(who) == len(times):
        return None
    written = dict(zip(live, zip(who, times, strict=True), strict=True))
    return Blame(columns.version, spans, columns.people, written, columns.contributions)


def _differences(numbers: list[int]) -> list[int]:
    return [*numbers[:1], *(now - before for before, now in pairwise(numbers))]
