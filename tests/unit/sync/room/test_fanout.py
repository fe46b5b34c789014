"""sync.room.fanout: the messages of a committed batch, their receivers and their order."""

from sync.effect import Deliver, Effect, Settled
from sync.fact import Join, Lagging
from sync.names import Dialect, Mode
from sync.port import EventRecord
from sync.room.fanout import FanOut
from sync.wire.message import Ack, Events, Outgoing, Updates
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    DrivenRoom,
    Editor,
    edit,
    messages,
    settled,
    yjs,
)


def room(**members: Mode) -> DrivenRoom:
    """A room with the text `ab`, and these sessions in these modes."""
    driven = DrivenRoom()
    driven.write(edit("http", "first", None, "ab"))
    for session, mode in members.items():
        driven.join(session, ANN if mode == "text" else BOB, mode)
    return driven


def kinds(effects: list[Effect], session: str) -> list[type[Outgoing]]:
    return [type(message) for message in messages(effects, session)]


def test_all_sessions_of_a_kind_are_sent_one_message() -> None:
    driven = room(t1="text", t2="text", y1="yjs", y2="yjs")
    effects = driven.write(edit("http", "a", 1, "x"))
    delivered = [(e.sessions, type(e.message)) for e in effects if isinstance(e, Deliver)]
    assert delivered[:2] == [(("y1", "y2"), Updates), (("t1", "t2"), Events)]


def test_foreign_events_come_before_the_own_ones() -> None:
    driven = room(t1="text")
    other = DrivenRoom(log=driven.log)
    other.write(edit("http", "theirs", 1, "> "))
    effects = driven.write(edit("t1", "mine", 1, 2, "!"))
    assert kinds(effects, "t1") == [Events, Ack]


def test_sender_of_all_of_a_batch_is_not_sent_its_update_back() -> None:
    driven = room(y1="yjs", y2="yjs")
    effects = driven.write(yjs("y1", "a", Editor(9).edit(("z",))))
    assert kinds(effects, "y1") == [Ack]
    assert kinds(effects, "y2") == [Updates]


def test_sender_of_some_of_a_batch_is_sent_all_of_it() -> None:
    driven = room(y1="yjs", t1="text")
    effects = driven.write(yjs("y1", "a", Editor(9).edit(("z",))), edit("t1", "b", 1, "x"))
    assert kinds(effects, "y1") == [Updates, Ack]


def test_hocuspocus_is_told_before_it_is_shown_and_others_after() -> None:
    driven = room()
    dialects: dict[str, Dialect] = {"h": "hocuspocus", "w": "y-websocket"}
    for session, dialect in dialects.items():
        driven.tell(Join(session, BOB, "editor", "yjs", dialect=dialect))
    effects = driven.write(
        yjs("h", "a", Editor(8).edit(("x",))), yjs("w", "b", Editor(9).edit(("z",)))
    )
    assert kinds(effects, "h") == [Ack, Updates]
    assert kinds(effects, "w") == [Updates, Ack]
    (early,) = [e for e in effects if isinstance(e, Settled) and e.session == "h"]
    assert early.ack == Ack("notes", "a", 2), "it does not bring the version: it has no `upto`"


def test_hocuspocus_whose_feed_is_not_live_is_settled_without_an_ack() -> None:
    driven = room()
    driven.tell(Join("h", BOB, "editor", "yjs", dialect="hocuspocus"), Lagging("h"))
    effects = driven.write(yjs("h", "a", Editor(8).edit(("x",))))
    assert (messages(effects, "h"), settled(effects, "h")) == ([], 1)


def test_member_whose_feed_is_not_live_is_sent_nothing_and_settled() -> None:
    driven = room(t1="text", y1="yjs")
    driven.tell(Lagging("t1"), Lagging("y1"))
    effects = driven.write(edit("t1", "a", 1, "x"), yjs("y1", "b", Editor(9).edit(("z",))))
    assert messages(effects, "t1") == messages(effects, "y1") == []
    assert (settled(effects, "t1"), settled(effects, "y1")) == (1, 1)


def test_positions_are_those_of_each_text_session() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "first", None, "😀"))
    driven.join("points", ANN)
    driven.join("units", BOB, encoding="utf-16")
    effects = driven.write(edit("http", "a", 1, 1, "x"))
    for session, position in (("points", 1), ("units", 2)):
        (told,) = messages(effects, session)
        assert isinstance(told, Events)
        assert told.events[0].pos == position


def test_settlement_precedes_every_answer() -> None:
    driven = room(t1="text")
    effects = driven.write(edit("t1", "a", 1, "x"))
    assert isinstance(effects[-2], Settled)
    assert isinstance(effects[-1], Deliver)


def test_batch_without_members_sends_nothing() -> None:
    driven = room()
    records: list[EventRecord] = driven.log.events
    assert FanOut(driven.room).batch(records, (), (), "") == []
