"""sync.room.fanout: the messages of a committed batch, their receivers and their order."""

from sync.document.document import Accepted, Unchanged
from sync.effect import Deliver, Effect, Settled
from sync.fact import Committed, Join, Lagging, Leave
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


def test_sender_of_all_of_a_batch_is_sent_what_was_repaired_in_it() -> None:
    driven = room(y1="yjs")
    effects = driven.write(yjs("y1", "a", Editor(9).edit(("n\0l",))))
    assert kinds(effects, "y1") == [Updates, Ack]
    assert "\0" not in driven.room.text


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


# --- a batch that is one update of a Yjs dialect ------------------------------------------------


def dialects(**sessions: Dialect) -> DrivenRoom:
    """A room with the text `ab`, and these sessions in yjs mode."""
    driven = room()
    for session, dialect in sessions.items():
        driven.tell(Join(session, BOB, "editor", "yjs", dialect=dialect))
    return driven


def outline(effects: list[Effect]) -> list[object]:
    return [
        e.sessions if isinstance(e, Deliver) else (e.session, e.ack is not None)
        for e in effects
        if isinstance(e, Deliver | Settled)
    ]


def test_ack_waits_for_its_update_only_where_that_follows() -> None:
    """Planted bug: the acks of y-websocket, whose update went before, wait as well."""
    driven = dialects(h="hocuspocus", w="y-websocket", late="hocuspocus")
    driven.tell(Lagging("late"))
    hers, his, theirs = Editor(8), Editor(9), Editor(10)
    batches = (
        driven.write(yjs("h", "a", hers.edit(("x",)))),
        driven.write(yjs("w", "b", his.edit(("y",)))),
        driven.write(
            yjs("h", "c", hers.edit(("z",))),
            yjs("late", "d", theirs.edit(("u",))),
            yjs("w", "e", his.edit(("v",))),
            yjs("h", "f", hers.edit(("w",))),
        ),
        driven.write(yjs("h", "g", b"\0\0")),
    )
    for effects in batches:
        for at, effect in enumerate(effects):
            if isinstance(effect, Settled) and effect.ack is not None:
                follows = any(
                    isinstance(later, Deliver)
                    and isinstance(later.message, Updates)
                    and effect.session in later.sessions
                    for later in effects[at:]
                )
                assert effect.is_followed == follows
    acks = [e for effects in batches for e in effects if isinstance(e, Settled) and e.ack]
    assert [(e.session, e.is_followed) for e in acks] == [
        ("h", True),
        ("w", False),
        ("h", True),
        ("h", True),
        ("w", False),
    ]


def test_one_update_is_shown_to_all_and_its_sender_told_before_or_after() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket")
    hers, his = Editor(8), Editor(9)
    first = driven.write(yjs("h", "a", hers.edit(("x",))))
    assert outline(first) == [("h", True), ("h", "w")]
    second = driven.write(yjs("w", "b", his.edit(("y",))))
    assert outline(second) == [("h", "w"), ("w", True)]


def test_one_update_is_not_shown_to_who_lags_or_has_left() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket", gone="y-websocket")
    editor = Editor(8)
    driven.write(yjs("h", "a", editor.edit(("x",))))
    driven.tell(Lagging("w"), Leave("gone"))
    assert outline(driven.write(yjs("h", "b", editor.edit((1, "y"))))) == [("h", True), ("h",)]
    driven.join("new", BOB, "yjs")
    shown = driven.write(yjs("h", "c", editor.edit((2, "z"))))
    assert outline(shown) == [("h", True), ("h", "new")]


def test_one_update_of_who_lags_is_settled_without_an_ack() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket")
    driven.tell(Lagging("h"))
    effects = driven.write(yjs("h", "a", Editor(8).edit(("x",))))
    assert outline(effects) == [("h", False), ("w",)]


def test_one_update_is_shown_to_a_text_session_as_an_event() -> None:
    driven = dialects(h="hocuspocus")
    driven.join("t", ANN)
    effects = driven.write(yjs("h", "a", Editor(8).edit(("x",))))
    assert outline(effects) == [("h", True), ("h",), ("t",)]
    assert kinds(effects, "t") == [Events]


def test_one_update_comes_after_what_others_appended() -> None:
    driven = dialects(h="hocuspocus")
    other = DrivenRoom(log=driven.log)
    other.write(edit("http", "theirs", 1, "> "))
    effects = driven.write(yjs("h", "a", Editor(8).edit(("x",))))
    (shown,) = [m for m in messages(effects, "h") if isinstance(m, Updates)]
    assert (shown.from_, shown.to) == (2, 3)


def test_two_updates_are_shown_and_acknowledged_both() -> None:
    driven = dialects(h="hocuspocus")
    editor = Editor(8)
    effects = driven.write(yjs("h", "a", editor.edit(("x",))), yjs("h", "b", editor.edit((1, "y"))))
    assert kinds(effects, "h") == [Ack, Ack, Updates]


def test_update_that_another_released_is_shown_and_acknowledged_too() -> None:
    driven = dialects(h="hocuspocus")
    editor = Editor(8)
    first, second = editor.edit(("x",)), editor.edit((1, "y"))
    assert outline(driven.write(yjs("h", "late", second))) == []
    effects = driven.write(yjs("h", "early", first))
    assert kinds(effects, "h") == [Ack, Ack, Updates]


def test_one_update_of_a_session_that_joined_again_meanwhile_is_shown_once() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket")
    driven.submit(yjs("h", "a", Editor(8).edit(("x",))))
    driven.tell(Join("h", BOB, "editor", "yjs", dialect="hocuspocus"))
    assert outline(driven.commit()) == [("h", True), ("h", "w")]


def test_one_update_of_a_session_that_left_is_answered_to_it_and_shown_to_the_rest() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket")
    driven.submit(yjs("h", "a", Editor(8).edit(("x",))))
    driven.log.append_draft(driven.begin())
    driven.tell(Leave("h"))
    effects = driven.tell(Committed())
    assert outline(effects) == [("w",), ("h", False), ("h",)]
    assert kinds(effects, "h") == [Ack]


def test_events_of_a_batch_that_settles_one_update_are_all_shown() -> None:
    driven = dialects(h="hocuspocus")
    editor = Editor(8)
    update = yjs("h", "b", editor.edit(("x",)))
    driven.write(edit("http", "a", 1, "!"), update)
    part, whole = driven.log.events[-2:]
    # The event before it is part of an update that waits for the rest.
    effects = FanOut(driven.room).batch((), [part, whole], [(update, Accepted(whole))], "ab")
    assert [(m.from_, m.to) for m in messages(effects, "h") if isinstance(m, Updates)] == [(2, 3)]


def test_event_of_a_batch_that_settles_an_update_without_one_is_shown() -> None:
    driven = dialects(h="hocuspocus", w="y-websocket")
    update = yjs("h", "b", Editor(8).edit(("x",)))
    driven.write(edit("http", "a", 1, "!"))
    (part,) = driven.log.events[-1:]
    effects = FanOut(driven.room).batch((), [part], [(update, Unchanged(1))], "ab")
    assert [kinds(effects, session) for session in ("h", "w")] == [[Ack, Updates], [Updates]]
