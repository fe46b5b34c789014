"""sync.room.feed: the states of a feed, and the socket's account of it; see tests/property too."""

from itertools import count

import pytest

from sync.document.updates import REPAIR_SESSION
from sync.effect import CatchUp, Deliver, Effect
from sync.fact import Drained, Fact, Lagging
from sync.names import Mode, PositionEncoding
from sync.port import EventRecord
from sync.room.feed import (
    MAX_MERGED_UPDATES,
    Feed,
    FeedState,
    Progress,
    acks_of_earlier_join,
    merged_messages,
    updates_to,
)
from sync.wire.message import Ack, Events, Updates
from tests.unit.sync.room.driven_room import DrivenRoom, Editor, edit

DOC = "notes"


def log(number: int) -> list[EventRecord]:
    driven = DrivenRoom()
    driven.write(*(edit("http", f"e{n}", None, "x") for n in range(number)))
    return driven.log.events


def feed(mode: Mode = "text", encoding: PositionEncoding = "codepoint") -> Feed:
    return Feed(DOC, "s1", mode, encoding, count(5), turned=lambda: None)


def sent(effects: list[Effect]) -> list[object]:
    assert all(isinstance(effect, Deliver) and effect.droppable for effect in effects)
    return [effect.message for effect in effects if isinstance(effect, Deliver)]


def ack(version: int, *, changed: bool = True) -> Ack:
    return Ack(DOC, f"a{version}", version, changed)


# --- the room's half ----------------------------------------------------------------------------


def test_new_feed_is_live_and_acknowledges_at_once() -> None:
    one = feed()
    assert one.state is FeedState.LIVE
    assert sent(one.acknowledge(ack(1, changed=False))) == [ack(1, changed=False)]


@pytest.mark.parametrize("mode", ["text", "yjs"])
def test_feed_behind_is_brought_up_from_memory_then_told_what_waited(mode: Mode) -> None:
    records, one = log(3), feed(mode)
    one.lag()
    assert one.acknowledge(ack(3, changed=False)) == []
    one.fall_behind(1)
    (brought, last) = sent(list(one.bring_up(records[1:], 3, is_wide=False)))
    if isinstance(brought, Events):
        assert [each.version for each in brought.events] == [2, 3]
    else:
        assert isinstance(brought, Updates)
        assert (brought.from_, brought.to) == (2, 3)
    assert last == ack(3, changed=False)
    assert one.is_live


def test_feed_that_lacks_nothing_is_live_at_once() -> None:
    one = feed()
    one.fall_behind(3, [ack(3)])
    assert sent(list(one.bring_up([], 3, is_wide=False))) == [ack(3)]
    assert one.state is FeedState.LIVE


def test_ack_of_a_version_that_is_replayed_is_not_kept() -> None:
    one = feed()
    one.fall_behind(2, [ack(2), ack(3), ack(3, changed=False)])
    assert one.withheld == [ack(2), ack(3, changed=False)]


def test_what_is_not_in_memory_is_ordered_from_the_log_and_read_to_its_end() -> None:
    records, one = log(4), feed()
    one.fall_behind(1)
    assert list(one.bring_up(None, 4, is_wide=False)) == [CatchUp("s1", 5, 1, 4)]
    assert one.awaits(5)
    assert len(sent(list(one.take_page(5, records[1:3], None)))) == 1
    assert one.state is FeedState.READING
    assert len(sent(list(one.take_page(5, records[3:], None)))) == 1
    assert (one.state, one.version) == (FeedState.BEHIND, 4)


def test_text_is_asked_for_where_units_may_differ() -> None:
    one = feed("text", "utf-16")
    one.fall_behind(1)
    (order,) = one.bring_up(log(3)[1:], 3, is_wide=True)
    assert order == CatchUp("s1", 5, 1, 3, needs_text=True)
    other = feed("yjs", "utf-16")
    other.fall_behind(1)
    assert sent(list(other.bring_up(log(3)[1:], 3, is_wide=True)))


def test_utf16_positions_of_an_order_do_not_count_from_the_text_of_a_void_one() -> None:
    driven = DrivenRoom()
    for number, ops in enumerate([("ab",), ("😀",), (2, "x")]):
        driven.write(edit("http", f"e{number}", None, *ops))
    records, one = driven.log.events, feed("text", "utf-16")
    for order in (5, 6):
        one.fall_behind(1)
        list(one.bring_up(None, 3, is_wide=True))
        assert len(sent(list(one.take_page(order, records[1:2], "ab")))) == 1
        if order == 5:
            one.lag()
    (shown,) = sent(list(one.take_page(6, records[2:], None)))
    assert isinstance(shown, Events)
    assert shown.events[0].pos == 3


@pytest.mark.parametrize("end", ["lag", "fall behind"])
def test_page_of_a_void_order_is_ignored(end: str) -> None:
    records, one = log(3), feed()
    one.fall_behind(1)
    list(one.bring_up(None, 3, is_wide=False))
    if end == "lag":
        one.lag()
    else:
        one.fall_behind(1)
    assert not one.awaits(5)
    assert list(one.take_page(5, records[1:], None)) == []


def test_page_that_does_not_follow_is_ignored() -> None:
    records, one = log(3), feed()
    one.fall_behind(0)
    list(one.bring_up(None, 3, is_wide=False))
    assert list(one.take_page(5, records[1:], None)) == []
    assert one.version == 0


def test_updates_are_merged_in_bounded_pieces() -> None:
    editor, driven = Editor(1), DrivenRoom()
    driven.join("y", mode="yjs")
    records = []
    for number in range(MAX_MERGED_UPDATES + 1):
        update = editor.edit((number, "x") if number else ("x",))
        records.append(EventRecord(number + 1, f"u{number}", (), update, "u", "U", "y", 0, b""))
    told = [
        effect.message for effect in updates_to(("y",), DOC, records) if isinstance(effect, Deliver)
    ]
    assert [(m.from_, m.to) for m in told if isinstance(m, Updates)] == [
        (1, MAX_MERGED_UPDATES),
        (MAX_MERGED_UPDATES + 1, MAX_MERGED_UPDATES + 1),
    ]
    reader = Editor(2)
    for message in told:
        assert isinstance(message, Updates)
        reader.apply(message.update)
    assert str(reader) == str(editor)


@pytest.mark.parametrize("repairs", [(), (1,), (2,), (3,), (1, 2), (1, 3)])
def test_piece_of_merged_updates_ends_with_a_repair(repairs: tuple[int, ...]) -> None:
    """Merged with what builds on it, the deletion would be applied after that."""
    editor, records = Editor(1), []
    for version in (1, 2, 3):
        update = editor.edit((version - 1, "x") if version > 1 else ("x",))
        session = REPAIR_SESSION if version in repairs else "y"
        record = EventRecord(version, f"u{version}", (), update, "u", "U", session, 0, b"")
        records.append(record)
    starts = [1, *(version + 1 for version in repairs if version < 3)]
    told = merged_messages(DOC, records)
    assert [message.from_ for message in told] == starts
    assert [message.to for message in told] == [*(start - 1 for start in starts[1:]), 3]


def test_acks_of_an_earlier_join_count_as_no_event_and_none_is_replayed_as_well() -> None:
    acks = [ack(2), ack(4), ack(4, changed=False)]
    assert acks_of_earlier_join(acks, 3) == [ack(2, changed=False), ack(4, changed=False)]


# --- the socket's half --------------------------------------------------------------------------


def progress() -> tuple[Progress, list[Fact]]:
    facts: list[Fact] = []
    return Progress("s1", facts.append).answered("e1", 3), facts


def test_drop_is_reported_once_and_the_drain_says_what_is_missing() -> None:
    one, facts = progress()
    one.wrote(5)
    one.dropped([ack(6)])
    one.dropped([ack(7)])
    assert facts == [Lagging("s1")]
    assert not one.admits(ack(8))
    one.drained()
    assert facts[1:] == [Drained("s1", 5, (ack(6), ack(7), ack(8)))]
    assert one.admits()
    one.drained()
    assert len(facts) == 2


def test_what_is_written_of_an_earlier_join_does_not_count() -> None:
    one, facts = progress()
    two = one.answered("e1", 2)
    one.wrote(9)
    two.dropped([])
    two.drained()
    assert facts == [Lagging("s1"), Drained("s1", 2)]


def test_acks_dropped_of_an_earlier_join_are_handed_on() -> None:
    one, facts = progress()
    one.dropped([ack(2)])
    two = one.answered("e1", 3)
    three = two.answered("e1", 3)
    one.dropped([ack(3)])
    three.drained()
    expected = (ack(2, changed=False), ack(3, changed=False))
    assert facts == [Lagging("s1"), Drained("s1", 3, expected)]


def test_lag_outlives_a_second_answer() -> None:
    """Symptom it prevents: a room that waits for a drain of which nobody tells it."""
    one, facts = progress()
    one.dropped([])
    two = one.answered("e1", 4)
    assert not two.admits()
    two.drained()
    assert facts == [Lagging("s1"), Drained("s1", 4)]


def test_nothing_of_a_rewound_history_is_handed_on() -> None:
    one, facts = progress()
    one.dropped([ack(3)])
    two = one.answered("e2", 1)
    one.dropped([ack(4)])
    two.drained()
    assert facts == [Lagging("s1"), Drained("s1", 1)]


def test_closed_progress_reports_nothing() -> None:
    one, facts = progress()
    one.close()
    one.dropped([])
    one.drained()
    assert facts == []
