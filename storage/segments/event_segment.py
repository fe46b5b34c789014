"""Segments: consecutive events of one document, whole, as one value of bytes, and read back."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import accumulate, chain, repeat
from operator import attrgetter, sub
from typing import TypeVar

import msgspec

from storage.segments.container import Container, SegmentDamaged, pack
from storage.segments.digest_columns import Digests, encode_digests
from storage.segments.edit_columns import decode_edits, decode_others, encode_edits
from storage.segments.id_columns import decode_ids, encode_ids
from storage.segments.net_columns import decode_net, encode_net
from storage.segments.numbers import pack_numbers, unpack_numbers, unzigzag, zigzag
from storage.segments.run import Edit, Run, SegmentWriter, edits_of
from storage.segments.update_columns import decode_updates, encode_updates
from sync.port import EventRecord
from sync.text.composition import chain_all
from sync.text.delta import Delta, canonical

_encode = msgspec.msgpack.Encoder().encode
_decode_writers = msgspec.msgpack.Decoder(list[SegmentWriter]).decode
_fields = attrgetter(*EventRecord.__struct_fields__)
_Read = TypeVar("_Read")


def encode_segment(events: Sequence[EventRecord], *, nonce_secret: bytes | None = None) -> bytes:
    """Return a segment of at least one event; their versions are consecutive.

    The same events give the same bytes. `open_segment` gives the events back exactly.

    Args:
        nonce_secret: the installation's secret of `sync.yjs.nonce`. With it a nonce of a made-up id
            takes no room; without it 6 bytes.

    Raises:
        ValueError: there is no event, or their versions are not consecutive.
    """
    if not events:
        raise ValueError("a segment has at least one event")
    versions, ids, ops, updates, actors, names, sessions, times, digests = zip(
        *map(_fields, events), strict=True
    )
    first, count = versions[0], len(versions)
    if versions != tuple(range(first, first + count)):
        raise ValueError("the versions of a segment are consecutive")
    writers: dict[tuple[str, str, str], int] = {}
    writing = [
        writers.setdefault(writer, len(writers))
        for writer in zip(actors, names, sessions, strict=True)
    ]
    edits = edits_of(ops, writing)
    columns = {
        "writers": _encode(list(writers)),
        "times": pack_numbers(zigzag([times[0], *map(sub, times[1:], times)])),
        **encode_edits(edits, len(writers)),
        **encode_net(edits),
        **encode_ids(ids, writing, [session for _, _, session in writers], nonce_secret),
        **encode_updates(edits, updates, len(writers)),
        **encode_digests(first, ops, updates, digests),
    }
    return pack(first, count, columns)


def open_segment(data: bytes) -> "Segment":
    """Return the segment that `encode_segment` has made.

    Raises:
        SegmentDamaged: not a byte of it may differ.
    """
    return Segment(Container(data))


class Segment:
    """The events of a segment. Ranges may reach beyond it; its columns are read as needed.

    Any method may raise `SegmentDamaged`; after `open_segment` that means a fault of the encoder.
    """

    def __init__(self, container: Container) -> None:
        self._columns = container
        self.first = container.header.first
        self.count = container.header.count
        self.last = self.first + self.count - 1

    @cached_property
    def writers(self) -> list[SegmentWriter]:
        """All who wrote in it, in the order of their first event."""
        return self._read(_decode_writers, "writers")

    @cached_property
    def _edits(self) -> list[Edit]:
        count = len(self.writers)
        return self._read(partial(decode_edits, count), "edits", "text", "others")

    @cached_property
    def _starts(self) -> list[int]:
        """The place of each run's first event in the segment, and the number of all events."""
        return list(accumulate((edit.size for edit in self._edits), initial=0))

    @cached_property
    def _writing(self) -> list[int]:
        """The number of each event's writer."""
        repeated = [repeat(edit.writer, edit.size) for edit in self._edits]
        return self._whole("edits", list(chain.from_iterable(repeated)))

    @cached_property
    def _times(self) -> list[int]:
        distances = self._read(unpack_numbers, "times")
        return self._whole("times", list(accumulate(unzigzag(distances))))

    @cached_property
    def _ids(self) -> list[str]:
        writing = self._writing
        return self._whole(
            "ids", self._read(partial(decode_ids, writing), "ids", "nonces", "other_ids")
        )

    @cached_property
    def _ops(self) -> list[Delta]:
        return self._whole("edits", [delta for edit in self._edits for delta in edit.deltas()])

    @cached_property
    def _updates(self) -> list[bytes]:
        edits, count = self._edits, len(self.writers)
        decode = partial(decode_updates, edits, count)
        updates = self._read(decode, "spans", "clients", "raw")
        return self._whole("spans", updates)

    @cached_property
    def _digests(self) -> Digests:
        decode = partial(Digests, self.first, self.count)
        return self._read(decode, "digests", "odd_digests")

    def events(self, after: int, upto: int) -> list[EventRecord]:
        """Return the events with `after < version <= upto`, ascending."""
        span = self._span(after, upto)
        part = slice(span.start, span.stop)
        ops, updates = self._ops[part], self._updates[part]
        digests = self._digests.part(span.start, ops, updates)
        by = [self.writers[number] for number in self._writing[part]]
        return [
            EventRecord(
                version,
                event_id,
                delta,
                update,
                writer.actor_id,
                writer.actor_name,
                writer.session,
                at_ms,
                digest,
            )
            for version, event_id, delta, update, writer, at_ms, digest in zip(
                range(self.first + span.start, self.first + span.stop),
                self._ids[part],
                ops,
                updates,
                by,
                self._times[part],
                digests,
                strict=True,
            )
        ]

    def ops(self, after: int, upto: int) -> list[Delta]:
        """Return the deltas of the events with `after < version <= upto`, ascending."""
        span = self._span(after, upto)
        return self._ops[span.start : span.stop]

    def times(self, after: int, upto: int) -> list[int]:
        """Return the times of the events with `after < version <= upto`, in milliseconds."""
        span = self._span(after, upto)
        return self._times[span.start : span.stop]

    def writing(self, after: int, upto: int) -> list[int]:
        """Return the number in `writers` of each event with `after < version <= upto`."""
        span = self._span(after, upto)
        return self._writing[span.start : span.stop]

    def net(self) -> Delta:
        """Return the one canonical delta of all its events: for a text far quicker than runs."""
        if not self._columns.has("net"):
            return canonical(chain_all([edit.composed() for edit in self._edits]))

        def decode(net: bytes, text: bytes, others: bytes) -> Delta:
            return decode_net(net, text, decode_others(others))

        return self._read(decode, "net", "text", "others")

    def run_ops(self, after: int, upto: int) -> list[Delta]:
        """Return the canonical delta of each of `runs`: all that a text takes."""
        return [edit.composed() for _, _, edit in self._cut(after, upto)]

    def runs(self, after: int, upto: int) -> Iterator[Run]:
        """Yield the runs of the events with `after < version <= upto`; cut at these bounds."""
        times, writers = self._times, self.writers
        for start, stop, edit in self._cut(after, upto):
            yield Run(
                self.first + start,
                self.first + stop - 1,
                writers[edit.writer],
                edit.composed(),
                edit.lengths(),
                tuple(times[start:stop]),
            )

    def _cut(self, after: int, upto: int) -> Iterator[tuple[int, int, Edit]]:
        """Yield the places of the runs between two versions, and each run, cut at these bounds."""
        span = self._span(after, upto)
        if not span:
            return
        starts = self._starts
        nearest = bisect_right(starts, span.start) - 1
        for number in range(nearest, len(self._edits)):
            begin = starts[number]
            if begin >= span.stop:
                return
            start, stop = max(begin, span.start), min(starts[number + 1], span.stop)
            yield start, stop, self._edits[number].part(start - begin, stop - begin)

    def versions_by_actor(self, actor_id: str) -> list[int]:
        """Return the versions that one user wrote, ascending."""
        own = {number for number, by in enumerate(self.writers) if by.actor_id == actor_id}
        if not own:
            return []
        return [self.first + index for index, by in enumerate(self._writing) if by in own]

    def find_id(self, event_id: str) -> int | None:
        """Return the first version that has this id."""
        try:
            return self.first + self._ids.index(event_id)
        except ValueError:
            return None

    def _span(self, after: int, upto: int) -> range:
        start = min(max(after + 1 - self.first, 0), self.count)
        return range(start, max(min(upto + 1 - self.first, self.count), start))

    def _read(self, decode: Callable[..., _Read], *names: str) -> _Read:
        """Decode columns; what does not fit together is told as damage."""
        columns = [self._columns.column(name) for name in names]
        try:
            return decode(*columns)
        except (ValueError, IndexError, StopIteration) as error:
            raise SegmentDamaged(f"columns {', '.join(names)}: {error}") from error

    def _whole(self, name: str, values: list[_Read]) -> list[_Read]:
        if len(values) != self.count:
            raise SegmentDamaged(f"column {name} has {len(values)} events, not {self.count}")
        return values
