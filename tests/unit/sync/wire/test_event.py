"""sync.wire.event: events as peers see them."""

import pytest
from msgspec import UNSET

from sync.port import EventRecord
from sync.text.delta import Delta, DeltaError
from sync.wire.event import EventWriter, event_ops, timestamp, wire_event
from sync.wire.message import Actor, Event


def record(ops: Delta, version: int = 1) -> EventRecord:
    return EventRecord(version, "e", ops, b"\1\2", "u1", "Ann", "s1", 1_763_631_000_125, b"")


def test_timestamp_is_utc_with_milliseconds() -> None:
    assert timestamp(1_763_631_000_125) == "2025-11-20T09:30:00.125Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


def test_insert_and_delete_name_their_place() -> None:
    insert = wire_event(record((3, "né")))
    assert (insert.type, insert.pos, insert.text, insert.len, insert.ops) == (
        "text_insert",
        3,
        "né",
        UNSET,
        UNSET,
    )
    delete = wire_event(record((-2,)))
    assert (delete.type, delete.pos, delete.len, delete.text) == ("text_delete", 0, 2, UNSET)
    assert delete.actor == Actor("u1", "Ann")
    assert (delete.version, delete.id, delete.session) == (1, "e", "s1")


def test_edit_of_several_spans_names_its_ops_and_update_nothing() -> None:
    several = wire_event(record(("a", 1, -1)))
    assert several.type == "text_edit"
    assert several.ops == [{"insert": "a"}, {"retain": 1}, {"delete": 1}]
    nothing = wire_event(record(()))
    assert (nothing.type, nothing.pos, nothing.ops, nothing.update) == (
        "update",
        UNSET,
        UNSET,
        UNSET,
    )


@pytest.mark.parametrize("ops", [("a",), (2, -1), ("a", 1, "b"), ()])
def test_ops_and_update_are_added_when_asked_for(ops: Delta) -> None:
    event = wire_event(record(ops), with_ops=True, with_update=True)
    assert isinstance(event.ops, list)
    assert event.update == b"\1\2"


def test_writer_carries_the_text_along_for_utf16() -> None:
    writer = EventWriter("utf-16", "a😀b")
    assert writer.event(record((2, "😀"))).pos == 3
    assert writer.event(record((3, "!"), 2)).pos == 5
    assert writer.event(record((1, -2), 3)).len == 4
    assert writer.event(record((2, "x"), 4)).pos == 2


def test_writer_leaves_code_points_alone() -> None:
    assert EventWriter("codepoint").event(record((3, "x"))).pos == 3


def test_events_are_read_by_type() -> None:
    by = (Actor("u", "U"), "s", "2026-01-01")
    assert event_ops(Event(1, "i", "text_insert", *by, pos=2, text="x")) == (2, "x")
    assert event_ops(Event(1, "i", "text_delete", *by, pos=0, len=3)) == (-3,)
    assert event_ops(Event(1, "i", "update", *by)) == ()
    with pytest.raises(DeltaError):
        event_ops(Event(1, "i", "text_insert", *by))
