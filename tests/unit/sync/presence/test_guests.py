"""sync.presence.guests: who is in the rooms of other processes, and what costs one question."""

import json

from sync.effect import Effect
from sync.fact import (
    Announced,
    Join,
    Leave,
    MoveCursor,
    RelayReceived,
    SendStateless,
    SetAwareness,
)
from sync.limit import Limits
from sync.presence.guests import ALIVE_MS, LIFETIME_MS, PAUSE_MS
from sync.user import User
from sync.wire.message import (
    AwarenessOut,
    Cursor,
    Joined,
    MemberInfo,
    MemberJoined,
    MemberLeft,
    StatelessOut,
    UserInfo,
)
from sync.wire.relay import Alive, Ask, Begin, Came, End, Gone, Pointed, Spoke
from sync.yjs.awareness import decode_awareness, encode_awareness
from tests.unit.sync.room.connected_rooms import ConnectedRooms
from tests.unit.sync.room.driven_room import ANN, BOB, edit, messages, sent

ANN_INFO = UserInfo(ANN.id, ANN.name, ANN.color)
BOB_INFO = UserInfo(BOB.id, BOB.name, BOB.color)


def two(text: str = "") -> ConnectedRooms:
    """Two processes that know each other; version 1 holds `text`, if any."""
    rooms = ConnectedRooms()
    here = rooms.start()
    if text:
        rooms.tell(here, edit("http", "first", None, text))
        rooms.commit(here)
    rooms.start()
    rooms.settle()
    rooms.now_ms += PAUSE_MS
    return rooms


def guests(rooms: ConnectedRooms, number: int) -> dict[str, str]:
    """The sessions of other processes, as one who joins is told of them, and their modes."""
    effects = rooms.tell(number, Join("probe", ANN, "viewer", "text"))
    rooms.tell(number, Leave("probe"))
    (joined,) = sent(effects, "probe", Joined)
    own = rooms.processes[number].driven.room.members
    return {
        each.session: each.mode
        for each in joined.members
        if each.session != "probe" and each.session not in own
    }


def said(effects: list[Effect], session: str) -> dict[int, object]:
    """The awareness that a session was sent: each client's state, parsed."""
    return {
        entry.client: entry.fields
        for message in sent(effects, session, AwarenessOut)
        for entry in decode_awareness(message.update)
    }


def state(**fields: object) -> str:
    return json.dumps(fields)


def test_one_room_alone_tells_nobody() -> None:
    rooms = ConnectedRooms()
    alone = rooms.start(connect=False)
    rooms.tell(alone, Join("a", ANN, "editor", "text"), MoveCursor("a", None, 0, 0), Leave("a"))
    rooms.pass_time(2 * LIFETIME_MS, step_ms=5_000)
    assert rooms.wire == []


def test_who_comes_and_goes_is_shown_in_the_other_process() -> None:
    rooms = two()
    rooms.tell(1, Join("b", BOB, "editor", "text"))
    rooms.tell(0, Join("a", ANN, "editor", "yjs"))
    came = rooms.deliver(rooms.wire[-1], 1)
    assert messages(came, "b") == [MemberJoined("notes", "a", ANN_INFO, "yjs")]
    rooms.settle()
    assert guests(rooms, 0) == {"b": "text"}
    assert guests(rooms, 1) == {"a": "yjs"}
    rooms.settle()
    rooms.tell(0, Leave("a"))
    gone = rooms.deliver(rooms.wire[-1], 1)
    assert MemberLeft("notes", "a", ANN_INFO) in messages(gone, "b")
    rooms.settle()
    assert guests(rooms, 1) == {}


def test_process_that_comes_later_is_told_who_is_there() -> None:
    rooms = two("Hello")
    rooms.tell(0, Join("a", ANN, "editor", "text"), MoveCursor("a", 1, 2, 4))
    rooms.settle()
    rooms.now_ms += PAUSE_MS
    third = rooms.start()
    rooms.settle()
    effects = rooms.tell(third, Join("c", BOB, "editor", "text"))
    (joined,) = sent(effects, "c", Joined)
    assert {each.session for each in joined.members} == {"a", "c"}
    assert sent(effects, "c", Cursor) == [Cursor("notes", "a", ANN_INFO, 1, 2, 4)]


def test_text_cursor_crosses_and_is_carried_over_events_on_both_sides() -> None:
    rooms = two("Hello")
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.tell(1, Join("b", BOB, "editor", "text"))
    rooms.settle()
    # This side is ahead: the cursor is carried to its version.
    rooms.tell(1, edit("b", "e2", 1, "> "))
    rooms.commit(1)
    rooms.tell(0, MoveCursor("a", 1, 2, 4))
    crossed = rooms.deliver(rooms.wire[-1], 1)
    assert sent(crossed, "b", Cursor) == [Cursor("notes", "a", ANN_INFO, 2, 4, 6)]
    # This side is behind: the cursor waits until it is not.
    rooms.settle()
    rooms.tell(1, MoveCursor("b", 2, 7, 7))
    early = rooms.deliver(rooms.wire[-1], 0)
    assert sent(early, "a", Cursor) == []
    shown: list[Cursor] = []
    rooms.show = lambda session, message: (
        shown.append(message) if session == "a" and isinstance(message, Cursor) else None
    )
    rooms.tell(0, Announced(2))
    assert shown == [Cursor("notes", "b", BOB_INFO, 2, 7, 7)]


def test_cursor_that_is_taken_back_is_taken_back_everywhere() -> None:
    rooms = two("Hello")
    rooms.tell(1, Join("b", BOB, "editor", "text"))
    rooms.tell(0, Join("a", ANN, "editor", "text"), MoveCursor("a", 1, 2, 4))
    rooms.settle()
    rooms.tell(0, MoveCursor("a", 1, None, None))
    assert sent(rooms.deliver(rooms.wire[-1], 1), "b", Cursor) == [
        Cursor("notes", "a", ANN_INFO, 1, None, None)
    ]


def test_awareness_crosses_as_it_went_out() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "yjs"))
    rooms.tell(1, Join("b", BOB, "editor", "yjs"))
    rooms.settle()
    rooms.tell(0, SetAwareness("a", encode_awareness([(7, 1, state(mood="fine"))])))
    (fields,) = said(rooms.deliver(rooms.wire[-1], 1), "b").values()
    assert fields is not None
    assert fields["mood"] == "fine"  # type: ignore[index]
    assert fields["user"]["id"] == ANN.id  # type: ignore[index]
    rooms.settle()
    late = rooms.tell(1, Join("c", BOB, "editor", "yjs"))
    assert set(said(late, "c")) == {7}
    # Its client id is hers in every process.
    stolen = SetAwareness("c", encode_awareness([(7, 9, state(mood="evil"))]))
    assert sent(rooms.tell(1, stolen), "b", AwarenessOut) == []
    rooms.settle()
    rooms.tell(0, Leave("a"))
    assert said(rooms.deliver(rooms.wire[-1], 1), "b") == {7: None}


def test_client_that_goes_to_another_process_is_not_taken_away_by_the_first() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "yjs"), Join("x", BOB, "editor", "yjs"))
    rooms.tell(1, Join("b", BOB, "editor", "yjs"))
    rooms.tell(0, SetAwareness("a", encode_awareness([(7, 1, state(n=1))])))
    rooms.settle()
    rooms.tell(1, Join("a2", ANN, "editor", "yjs"))
    rooms.tell(1, SetAwareness("a2", encode_awareness([(7, 1, state(n=2))])))
    shown: list[object] = []
    rooms.show = lambda session, message: (
        shown.extend(entry.fields for entry in decode_awareness(message.update))
        if session == "x" and isinstance(message, AwarenessOut)
        else None
    )
    rooms.settle()
    rooms.tell(0, Leave("a"))
    rooms.settle()
    (fields,) = shown
    assert fields["n"] == 2  # type: ignore[index]
    assert set(said(rooms.tell(1, Join("c", BOB, "editor", "yjs")), "c")) == {7}


def test_modes_see_each_other_across_processes() -> None:
    rooms = two("Hello")
    rooms.tell(0, Join("t", ANN, "editor", "text"), MoveCursor("t", 1, 5, 5))
    rooms.settle()
    rooms.tell(1, Join("y", BOB, "editor", "yjs"))
    shown: list[str] = []
    rooms.show = lambda session, message: (
        shown.append(bytes(message.update).decode(errors="replace"))
        if session == "y" and isinstance(message, AwarenessOut)
        else None
    )
    rooms.settle()
    assert any('"cursor"' in each and ANN.id in each for each in shown), "its room speaks for it"


def test_stateless_messages_cross() -> None:
    rooms = two()
    hocuspocus = Join("h", BOB, "editor", "yjs", dialect="hocuspocus")
    rooms.tell(1, hocuspocus)
    rooms.tell(0, Join("g", ANN, "editor", "yjs", dialect="hocuspocus"))
    rooms.settle()
    rooms.tell(0, SendStateless("g", "ping"))
    assert StatelessOut("notes", "ping") in messages(rooms.deliver(rooms.wire[-1], 1), "h")


def test_dead_process_is_gone_after_its_lifetime() -> None:
    rooms = two()
    rooms.tell(1, Join("b", BOB, "editor", "yjs"))
    rooms.tell(0, Join("a", ANN, "editor", "yjs"))
    rooms.tell(0, SetAwareness("a", encode_awareness([(7, 1, state())])))
    rooms.settle()
    del rooms.processes[0]
    rooms.pass_time(LIFETIME_MS - 250)
    assert guests(rooms, 1) == {"a": "yjs"}
    shown: list[object] = []
    rooms.show = lambda session, message: shown.append(message) if session == "b" else None
    rooms.pass_time(250)
    assert MemberLeft("notes", "a", ANN_INFO) in shown
    (update,) = [message.update for message in shown if isinstance(message, AwarenessOut)]
    assert [(entry.client, entry.fields) for entry in decode_awareness(update)] == [(7, None)]


def test_living_process_stays_however_quiet_it_is() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.pass_time(3 * LIFETIME_MS, step_ms=5_000)
    assert guests(rooms, 1) == {"a": "text"}


def test_room_that_is_closed_says_so() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.settle()
    sender = rooms.processes[0].sender
    rooms.tell(1, RelayReceived(sender, rooms.processes[0].relayed + 1, (Gone(),)))
    assert guests(rooms, 1) == {}


def test_message_that_was_lost_is_asked_for() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.wire.clear()
    assert guests(rooms, 1) == {}
    rooms.settle()
    rooms.pass_time(ALIVE_MS + PAUSE_MS)
    assert guests(rooms, 1) == {"a": "text"}


def test_leaving_that_was_lost_is_found_too() -> None:
    rooms = two("Hello")
    rooms.tell(0, Join("a", ANN, "editor", "text"), MoveCursor("a", 1, 2, 4))
    rooms.tell(0, Join("z", ANN, "editor", "yjs"))
    rooms.tell(0, SetAwareness("z", encode_awareness([(7, 1, state())])))
    rooms.tell(0, Join("a2", ANN, "editor", "text"), MoveCursor("a2", 1, 1, 1))
    rooms.settle()
    rooms.tell(0, Leave("a"), Leave("z"), MoveCursor("a2", 1, None, None))
    rooms.wire.clear()
    rooms.pass_time(ALIVE_MS + PAUSE_MS)
    assert guests(rooms, 1) == {"a2": "text"}
    effects = rooms.tell(1, Join("b", BOB, "editor", "text"), Join("y", BOB, "editor", "yjs"))
    assert sent(effects, "b", Cursor) == []
    assert 7 not in said(effects, "y")


def test_what_comes_again_or_late_is_passed_over() -> None:
    rooms = two()
    rooms.tell(1, Join("b", BOB, "editor", "text"))
    rooms.settle()
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    came = rooms.wire[-1]
    rooms.tell(0, Leave("a"))
    rooms.settle()
    before = len(rooms.processes[1].driven.effects)
    rooms.deliver(came, 1)
    rooms.deliver(came, 1)
    assert rooms.processes[1].driven.effects[before:] == []
    assert guests(rooms, 1) == {}


def test_recording_of_a_dead_process_is_not_believed() -> None:
    rooms = two()
    recorded = []
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.tell(
        1, RelayReceived("voice-9", 1, (Alive(),))
    )  # have it ask, to have an answer recorded
    while rooms.wire:
        recorded.append(rooms.wire.pop(0))
        for number in (0, 1):
            rooms.deliver(recorded[-1], number)
    assert any(isinstance(part, Begin) for each in recorded for part in each.received.parts)
    del rooms.processes[0]
    rooms.pass_time(LIFETIME_MS)
    for message in recorded:
        rooms.deliver(message, 1)
    rooms.pass_time(2 * PAUSE_MS)
    for message in recorded:
        rooms.deliver(message, 1)
    assert guests(rooms, 1) == {}


def test_unknown_voices_cost_a_question_a_second() -> None:
    rooms = two()
    for number in range(50):
        rooms.tell(1, RelayReceived(f"stranger-{number}", 5, (Came((_info("x"),)), Ask("n"))))
    asked = [p for m in rooms.wire for p in m.received.parts if isinstance(p, Ask)]
    answered = [p for m in rooms.wire for p in m.received.parts if isinstance(p, Begin)]
    assert (len(asked), len(answered)) == (1, 1)
    assert guests(rooms, 1) == {}


def test_what_cannot_be_is_passed_over() -> None:
    rooms = two("Hello")
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.tell(1, Join("b", BOB, "editor", "text"), Join("y", BOB, "editor", "yjs"))
    rooms.settle()
    process = rooms.processes[0]
    nonsense = (
        End(),
        Came((_info("b"),)),
        Pointed("e1", "nobody", ANN_INFO, 1, 1, 1),
        Pointed("other", "a", ANN_INFO, 1, 1, 1),
        Pointed("e1", "a", ANN_INFO, 1, 99, 1),
        Pointed("e1", "a", ANN_INFO, 1, None, 1),
        Spoke(b"\xff"),
        Spoke(encode_awareness([(7, 1, "]")]) + b"!"),
    )
    for part in nonsense:
        process.relayed += 1
        effects = rooms.tell(1, RelayReceived(process.sender, process.relayed, (part,)))
        assert messages(effects, "b") == messages(effects, "y") == [], part
    assert guests(rooms, 1) == {"a": "text"}


def test_many_members_are_told_in_parts() -> None:
    rooms = ConnectedRooms(limits=Limits())
    rooms.start()
    for number in range(250):
        user = User(f"u{number}", "U", "#000000")
        rooms.tell(0, Join(f"s{number}", user, "viewer", "text"))
    rooms.wire.clear()
    rooms.start()
    rooms.settle()
    rooms.pass_time(2 * PAUSE_MS)
    assert len(guests(rooms, 1)) == 250


def test_clock_that_is_set_back_stops_nothing() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "text"))
    rooms.settle()
    rooms.now_ms -= 3_600_000
    rooms.tell(0, Join("a2", ANN, "editor", "text"))
    rooms.wire.clear()
    rooms.pass_time(ALIVE_MS + 2 * PAUSE_MS)
    assert guests(rooms, 1) == {"a": "text", "a2": "text"}
    del rooms.processes[0]
    rooms.pass_time(LIFETIME_MS)
    assert guests(rooms, 1) == {}


def test_client_id_that_came_here_meanwhile_is_not_swept_away() -> None:
    rooms = two()
    rooms.tell(0, Join("a", ANN, "editor", "yjs"))
    rooms.tell(0, SetAwareness("a", encode_awareness([(7, 1, state())])))
    rooms.tell(1, Join("b", BOB, "editor", "yjs"), Join("a2", ANN, "editor", "yjs"))
    rooms.settle()
    process = rooms.processes[0]
    rooms.tell(1, RelayReceived(process.sender, process.relayed + 1, (Begin(()),)))
    rooms.tell(1, SetAwareness("a2", encode_awareness([(7, 5, state(here=True))])))
    swept = rooms.tell(1, RelayReceived(process.sender, process.relayed + 2, (End(),)))
    assert said(swept, "b") == {}
    assert set(said(rooms.tell(1, Join("c", BOB, "editor", "yjs")), "c")) == {7}


def _info(session: str) -> MemberInfo:
    return MemberInfo(session, ANN_INFO, "text")
