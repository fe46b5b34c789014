"""sync.room.room: members whose positions count UTF-16 units."""

from sync.error import ErrorCode
from sync.limit import Limits
from sync.wire.message import Ack, Events
from tests.unit.sync.room.driven_room import (
    DrivenRoom,
    edit,
    error,
    orders,
    room_with,
    sent,
    versions,
)


def test_utf16_member_reads_and_writes_in_its_units() -> None:
    driven = room_with("s1", text="😀a")
    driven.join("s2", encoding="utf-16")
    effects = driven.write(edit("s1", "a", 1, 2, "b"))
    (event,) = sent(effects, "s2", Events)[0].events
    assert (event.pos, event.text) == (3, "b")
    effects = driven.write(edit("s2", "b", 2, 2, "c", encoding="utf-16"))
    (ack,) = sent(effects, "s2", Ack)
    assert ack.ops == [{"retain": 2}, {"insert": "c"}]
    (event,) = sent(effects, "s1", Events)[0].events
    assert (event.pos, event.text) == (1, "c")
    assert driven.room.text == "😀cab"


def test_utf16_position_inside_a_pair_is_out_of_range() -> None:
    driven = room_with(text="😀a")
    driven.join("s2", encoding="utf-16")
    effects = driven.write(edit("s2", "a", 1, 1, "x", encoding="utf-16"))
    assert error(effects, "s2").code == ErrorCode.OUT_OF_RANGE


def test_utf16_edits_of_one_base_in_one_batch_are_all_merged() -> None:
    driven = room_with(text="😀a")
    driven.join("s1", encoding="utf-16")
    driven.join("s2", encoding="utf-16")
    effects = driven.write(
        edit("s1", "a", 1, 2, "x", encoding="utf-16"),
        edit("s2", "b", 1, 3, "y", encoding="utf-16"),
    )
    assert driven.room.text == "😀xay"
    (ack,) = sent(effects, "s2", Ack)
    assert ack.ops == [{"retain": 4}, {"insert": "y"}]


def test_utf16_edit_of_a_base_before_the_first_pair_needs_no_text() -> None:
    driven = room_with("s1", text="ab")
    driven.join("s2", encoding="utf-16")
    effects = driven.write(edit("s1", "a", 1, "😀"), edit("s2", "b", 1, 2, "y", encoding="utf-16"))
    assert driven.room.text == "😀aby"
    (ack,) = sent(effects, "s2", Ack)
    assert ack.ops == [{"retain": 4}, {"insert": "y"}]


def test_utf16_edit_of_another_process_s_version_is_merged() -> None:
    driven = room_with("s1", text="ab")
    driven.join("s2", encoding="utf-16")
    other = DrivenRoom(log=driven.log)
    other.write(edit("http", "p", 1, "😀"), edit("http", "q", 1, 2, "!"))
    driven.write(edit("s2", "b", 2, 2, "y", encoding="utf-16"))
    assert driven.room.text == "😀yab!"


def test_utf16_edit_of_an_old_base_is_merged_with_its_text_from_the_log() -> None:
    driven = room_with("s1", text="😀a", limits=Limits(window_events=1))
    driven.join("s2", encoding="utf-16")
    for number in range(3):
        driven.write(edit("s1", f"n{number}", None, "."))
    driven.write(edit("s2", "late", 1, 2, "x", encoding="utf-16"))
    assert driven.room.text == "...😀xa"


def test_utf16_member_is_replayed_from_the_log_when_units_differ() -> None:
    driven = room_with(text="😀")
    driven.write(edit("http", "b", None, 1, "b"))
    effects = driven.join("s1", encoding="utf-16", since=1, epoch="e1")
    (order,) = orders(effects)
    assert (order.session, order.after, order.upto, order.needs_text) == ("s1", 1, 2, True)
    assert versions(driven.read(order), "s1") == [2]
    assert driven.room.members["s1"].feed.is_live
