"""Segments: consecutive events of one document, whole, as one value of bytes, and read back."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, groupby, repeat
from operator import attrgetter
from typing import Any

import msgspec

from storage.segments.container import Container, pack, require
from storage.segments.run import Run, SegmentWriter, merged_runs
from sync.port import EventRecord
from sync.submission import update_digest
from sync.text.delta import Delta

_encode = msgspec.msgpack.Encoder().encode
_decode_writers = msgspec.msgpack.Decoder(list[SegmentWriter]).decode
_decode_pairs = msgspec.msgpack.Decoder(list[tuple[int, int]]).decode
_decode_numbers = msgspec.msgpack.Decoder(list[int]).decode
_decode_texts = msgspec.msgpack.Decoder(list[str]).decode
_decode_ops = msgspec.msgpack.Decoder(list[tuple[int | str, ...]]).decode
_decode_bytes = msgspec.msgpack.Decoder(list[bytes]).decode
_decode_digests = msgspec.msgpack.Decoder(dict[int, bytes]).decode
_writer_of = attrgetter("actor_id", "actor_name", "session")


def encode_segment(events: Sequence[EventRecord]) -> bytes:
    """Return a segment of at least one event; their versions are consecutive.

    The same events give the same bytes. `open_segment` gives the events back exactly.

    Raises:
        ValueError: there is no event, or their versions are not consecutive.
    """
    if not events:
        raise ValueError("a segment has at least one event")
    first = events[0].version
    if [event.version for event in events] != list(range(first, first + len(events))):
        raise ValueError("the versions of a segment are consecutive")
    writers: dict[SegmentWriter, int] = {}
    numbers = [writers.setdefault(SegmentWriter(*_writer_of(e)), len(writers)) for e in events]
    digests = {
        index: event.digest
        for index, event in enumerate(events)
        if event.digest != update_digest(event.update)
    }
    columns = {
        "writers": _encode(list(writers)),
        "writing": _encode([(number, len(list(same))) for number, same in groupby(numbers)]),
        "times": _encode([event.at_ms for event in events]),
        "ids": _encode([event.id for event in events]),
        "ops": _encode([event.ops for event in events]),
        "updates": _encode([event.update for event in events]),
        "digests": _encode(digests),
    }
    return pack(first, len(events), columns)


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
        return _decode_writers(self._columns.column("writers"))

    @cached_property
    def _writing(self) -> list[int]:
        """The number of each event's writer."""
        pairs = _decode_pairs(self._columns.column("writing"))
        return self._whole("writing", list(chain.from_iterable(repeat(*pair) for pair in pairs)))

    @cached_property
    def _times(self) -> list[int]:
        return self._whole("times", _decode_numbers(self._columns.column("times")))

    @cached_property
    def _ids(self) -> list[str]:
        return self._whole("ids", _decode_texts(self._columns.column("ids")))

    @cached_property
    def _ops(self) -> list[Delta]:
        return self._whole("ops", _decode_ops(self._columns.column("ops")))

    @cached_property
    def _updates(self) -> list[bytes]:
        return self._whole("updates", _decode_bytes(self._columns.column("updates")))

    @cached_property
    def _digests(self) -> dict[int, bytes]:
        """Those that are not their update's."""
        return _decode_digests(self._columns.column("digests"))

    def events(self, after: int, upto: int) -> list[EventRecord]:
        """Return the events with `after < version <= upto`, ascending."""
        span = self._span(after, upto)
        authors = self.writers
        return [
            EventRecord(
                self.first + index,
                self._ids[index],
                self._ops[index],
                update,
                writer.actor_id,
                writer.actor_name,
                writer.session,
                self._times[index],
                update_digest(update) if digest is None else digest,
            )
            for index in span
            for writer in (authors[self._writing[index]],)
            for update, digest in ((self._updates[index], self._digests.get(index)),)
        ]

    def ops(self, after: int, upto: int) -> list[Delta]:
        """Return the deltas of the events with `after < version <= upto`, ascending."""
        span = self._span(after, upto)
        return self._ops[span.start : span.stop]

    def runs(self, after: int, upto: int) -> Iterator[Run]:
        """Yield the runs of the events with `after < version <= upto`; cut at these bounds."""
        span = self._span(after, upto)
        part = slice(span.start, span.stop)
        written = map(self.writers.__getitem__, self._writing[part])
        return merged_runs(self.first + span.start, self._ops[part], written, self._times[part])

    def versions_by_actor(self, actor_id: str) -> list[int]:
        """Return the versions that one user wrote, ascending."""
        own = {number for number, by in enumerate(self.writers) if by.actor_id == actor_id}
        if not own:
            return []
        return [self.first + index for index, by in enumerate(self._writing) if by in own]

    def find_id(self, event_id: str) -> int | None:
        """Return the version that has this id."""
        try:
            return self.first + self._ids.index(event_id)
        except ValueError:
            return None

    def _span(self, after: int, upto: int) -> range:
        start = min(max(after + 1 - self.first, 0), self.count)
        return range(start, max(min(upto + 1 - self.first, self.count), start))

    def _whole(self, name: str, values: list[Any]) -> list[Any]:
        require(len(values) == self.count, f"column {name} has {len(values)} events")
        return values
