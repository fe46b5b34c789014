"""Segments: whatever the log holds comes back exactly, and a damaged byte never as data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from storage.segments.container import SegmentDamaged
from storage.segments.event_segment import encode_segment, open_segment
from sync.port import EventRecord
from sync.text.composition import chain_all
from sync.text.delta import canonical, growth
from tests.property.segment_events import histories

SMALL = EventRecord(3, "id", (12, "hello", -3), b"u", "a", "A", "s", 5, b"d" * 16)


@settings(max_examples=60)
@given(histories())
def test_events_come_back_exactly(events: list[EventRecord]) -> None:
    segment = open_segment(encode_segment(events))
    assert (segment.first, segment.last) == (events[0].version, events[-1].version)
    assert segment.events(0, segment.last) == events
    assert segment.ops(0, segment.last) == [event.ops for event in events]
    assert segment.net() == canonical(chain_all([event.ops for event in events]))


@settings(max_examples=60)
@given(histories(max_events=20), st.data())
def test_part_is_what_the_whole_has_there(events: list[EventRecord], data: st.DataObject) -> None:
    after = data.draw(st.integers(events[0].version - 3, events[-1].version + 2))
    upto = data.draw(st.integers(events[0].version - 3, events[-1].version + 2))
    part = [event for event in events if after < event.version <= upto]
    segment = open_segment(encode_segment(events))
    assert segment.events(after, upto) == part
    assert segment.ops(after, upto) == [event.ops for event in part]
    runs = list(segment.runs(after, upto))
    assert [v for run in runs for v in range(run.first_version, run.last_version + 1)] == [
        event.version for event in part
    ]
    assert [time for run in runs for time in run.times] == [event.at_ms for event in part]
    for run in runs:
        own = [
            event.ops for event in part if run.first_version <= event.version <= run.last_version
        ]
        assert len(run.lengths) == len(own)
        assert sum(run.lengths) == sum(map(growth, own))
        assert run.ops == (own[0] if len(own) == 1 else canonical(chain_all(own)))


@settings(max_examples=60)
@given(histories(max_events=20), st.data())
def test_ids_and_authors_are_found(events: list[EventRecord], data: st.DataObject) -> None:
    segment = open_segment(encode_segment(events))
    wanted = data.draw(st.sampled_from(events))
    found = segment.find_id(wanted.id)
    assert found == next(event.version for event in events if event.id == wanted.id)
    absent = wanted.id + "0"
    if all(event.id != absent for event in events):
        assert segment.find_id(absent) is None
    assert segment.versions_by_actor(wanted.actor_id) == [
        event.version for event in events if event.actor_id == wanted.actor_id
    ]
    assert segment.versions_by_actor("nobody") == []


@pytest.mark.p8
@settings(max_examples=60)
@given(histories(max_events=12), st.data())
def test_flipped_byte_is_told(events: list[EventRecord], data: st.DataObject) -> None:
    whole = encode_segment(events)
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SegmentDamaged):
        open_segment(bytes(damaged))


@pytest.mark.p8
@settings(max_examples=60)
@given(histories(max_events=6))
def test_truncated_segment_is_told(events: list[EventRecord]) -> None:
    whole = encode_segment(events)
    for length in range(len(whole)):
        with pytest.raises(SegmentDamaged):
            open_segment(whole[:length])


@settings(max_examples=60)
@given(histories(max_events=8))
def test_same_events_give_the_same_bytes(events: list[EventRecord]) -> None:
    assert encode_segment(events) == encode_segment(list(events))


def test_huge_update_comes_back() -> None:
    event = replace(SMALL, update=bytes(range(256)) * 8192)
    assert open_segment(encode_segment([event])).events(0, 3) == [event]


@pytest.mark.parametrize("versions", [[], [1, 3], [2, 1], [1, 1]])
def test_versions_are_consecutive(versions: list[int]) -> None:
    with pytest.raises(ValueError, match="segment"):
        encode_segment([replace(SMALL, version=version) for version in versions])
