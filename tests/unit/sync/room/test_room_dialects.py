"""sync.room.room with members that speak y-websocket or Hocuspocus."""

from hashlib import blake2b

from msgspec import UNSET

from sync.effect import Effect
from sync.error import ErrorCode
from sync.fact import (
    AskAwareness,
    AskState,
    Committed,
    Join,
    Leave,
    SendStateless,
    SetAwareness,
    Tick,
)
from sync.limit import Limits
from sync.names import Dialect
from sync.user import User
from sync.wire.message import (
    Ack,
    AwarenessOut,
    ErrorMessage,
    Joined,
    Outgoing,
    Resync,
    StatelessOut,
    SyncReply,
    Updates,
)
from sync.yjs.awareness import AwarenessEntry, decode_awareness, encode_awareness
from sync.yjs.statevector import decode_state_vector, encode_state_vector
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    DrivenRoom,
    Editor,
    document_of,
    edit,
    messages,
    sent,
    yjs,
)

CAT = User("u-cat", "Cat", "#00cc00")


def join(driven: DrivenRoom, session: str, user: User, dialect: Dialect) -> list[Effect]:
    return driven.tell(Join(session, user, "editor", "yjs", dialect=dialect))


def state(entries: list[tuple[int, int, str | None]]) -> bytes:
    return encode_awareness(entries)


def shown(effects: list[Effect], session: str) -> list[AwarenessEntry]:
    return [
        entry
        for message in sent(effects, session, AwarenessOut)
        for entry in decode_awareness(message.update)
    ]


def test_join_says_what_the_log_has_and_sends_no_state() -> None:
    driven = DrivenRoom()
    driven.join("t", ANN)
    driven.write(edit("t", "a", 0, "hi"))
    effects = join(driven, "y", BOB, "y-websocket")
    (joined,) = sent(effects, "y", Joined)
    assert (joined.version, joined.state, joined.text) == (1, UNSET, UNSET)
    (asked,) = sent(effects, "y", Resync)
    assert decode_state_vector(asked.state_vector) == document_of(driven.room).clocks


def test_state_is_what_the_asker_lacks() -> None:
    driven = DrivenRoom()
    driven.join("t", ANN)
    driven.write(edit("t", "a", 0, "hello"), edit("t", "b", 1, 5, " 😀 world"))
    join(driven, "y", BOB, "hocuspocus")
    fresh, half = Editor(1), Editor(2)
    (full,) = sent(driven.tell(AskState("y", b"\0")), "y", SyncReply)
    fresh.apply(full.update)
    assert str(fresh) == "hello 😀 world"
    half.apply(driven.log.events[0].update)
    (rest,) = sent(driven.tell(AskState("y", half.doc.get_state())), "y", SyncReply)
    assert len(rest.update) < len(full.update)
    half.apply(rest.update)
    assert str(half) == "hello 😀 world"


def test_state_vectors_that_lie_are_answered_with_what_is_known() -> None:
    driven = DrivenRoom()
    driven.join("t", ANN)
    driven.write(edit("t", "a", 0, "a😀b"))
    join(driven, "y", BOB, "y-websocket")
    (client,) = document_of(driven.room).clocks
    for claimed in ({client: 2}, {client: 1000}, {99: 5}, {client: 2**31 - 1, 5: 1}):
        vector = encode_state_vector(claimed)
        (reply,) = sent(driven.tell(AskState("y", vector)), "y", SyncReply)
        reader = Editor(1)
        reader.apply(driven.log.events[0].update)
        reader.apply(reply.update)
        assert str(reader) == "a😀b", claimed


def test_state_vectors_that_are_none_are_refused() -> None:
    driven = DrivenRoom()
    join(driven, "y", BOB, "y-websocket")
    for vector in (b"", b"\xff" * 9, b"\x05", b"\0\0", b"\x80\x80\x04" * 30_000):
        (refused,) = sent(driven.tell(AskState("y", vector)), "y", ErrorMessage)
        assert refused.code is ErrorCode.INVALID_MESSAGE
        assert refused.id is UNSET


def test_state_waits_for_the_commit() -> None:
    """P1: what is merged and not committed is shown to nobody, whoever asks for it."""
    driven = DrivenRoom()
    join(driven, "y", BOB, "y-websocket")
    driven.join("t", ANN)
    driven.submit(edit("t", "a", 0, "hi"))
    draft = driven.begin()
    assert messages(driven.tell(AskState("y", b"\0")), "y") == []
    driven.log.append_draft(draft)
    assert len(sent(driven.tell(Committed()), "y", SyncReply)) == 1


def test_own_updates_come_back_after_the_commit() -> None:
    driven = DrivenRoom()
    join(driven, "y", BOB, "y-websocket")
    join(driven, "h", BOB, "hocuspocus")
    update = Editor(1).edit(("hi",))
    assert messages(driven.submit(yjs("y", "y-1", update)), "y") == []
    effects = driven.commit()
    assert [message.update for message in sent(effects, "y", Updates)] == [update]
    assert [message.update for message in sent(effects, "h", Updates)] == [update]


def test_hocuspocus_is_told_of_the_commit_before_it_sees_the_update() -> None:
    driven = DrivenRoom()
    join(driven, "h", BOB, "hocuspocus")
    effects = driven.write(yjs("h", "h-1", Editor(1).edit(("hi",))))
    kinds: list[type[Outgoing]] = [type(message) for message in messages(effects, "h")]
    assert kinds == [Ack, Updates]


def test_stateless_messages_go_to_the_other_hocuspocus_members_alone() -> None:
    driven = DrivenRoom()
    for session in ("h1", "h2"):
        join(driven, session, BOB, "hocuspocus")
    join(driven, "y", ANN, "y-websocket")
    driven.join("q", ANN, "yjs")
    effects = driven.tell(SendStateless("h1", "ahoy"))
    assert sent(effects, "h2", StatelessOut) == [StatelessOut("notes", "ahoy")]
    for session in ("h1", "y", "q"):
        assert messages(effects, session) == []
    driven.tell(Leave("h1"))
    assert driven.tell(SendStateless("h1", "gone")) == []


def test_stateless_messages_that_are_too_many_go_nowhere() -> None:
    driven = DrivenRoom(Limits(stateless_per_s=3))
    for session in ("h1", "h2"):
        join(driven, session, BOB, "hocuspocus")
    effects: list[Effect] = []
    for number in range(9):
        effects += driven.tell(SendStateless("h1", str(number)))
    assert [m.payload for m in sent(effects, "h2", StatelessOut)] == ["0", "1", "2"]
    driven.now_ms += 1_000
    assert sent(driven.tell(SendStateless("h1", "again")), "h2", StatelessOut)


def test_awareness_that_is_repeated_is_passed_over() -> None:
    driven = DrivenRoom()
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", BOB, "hocuspocus")
    effects = driven.tell(SetAwareness("a", state([(1, 3, '{"cursor":{"at":1}}')])))
    (heard,) = sent(effects, "b", AwarenessOut)
    assert driven.tell(SetAwareness("b", heard.update)) == []
    (entry,) = decode_awareness(heard.update)
    # Another JSON writer, an older state, and one that a client's own timeout makes.
    fields = str(entry.state).replace(":", ": ")
    assert driven.tell(SetAwareness("b", state([(1, 3, fields)]))) == []
    assert driven.tell(SetAwareness("b", state([(1, 3, None)]))) == []
    driven.tell(SetAwareness("a", state([(1, 4, "{}")])))
    assert driven.tell(SetAwareness("b", heard.update)) == []


def test_awareness_that_is_forged_is_refused() -> None:
    driven = DrivenRoom()
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", BOB, "y-websocket")
    driven.tell(SetAwareness("a", state([(1, 3, "{}")])))
    for forged in ('{"user":{"name":"Ann"}}', None):
        effects = driven.tell(SetAwareness("b", state([(1, 4, forged)])))
        (refused,) = sent(effects, "b", ErrorMessage)
        assert refused.code is ErrorCode.FORBIDDEN
        assert messages(effects, "a") == []


def test_awareness_of_one_that_left_is_not_brought_back_by_an_echo() -> None:
    driven = DrivenRoom()
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", ANN, "y-websocket")
    join(driven, "c", CAT, "y-websocket")
    (heard,) = sent(driven.tell(SetAwareness("a", state([(1, 3, "{}")]))), "b", AwarenessOut)
    (gone,) = shown(driven.tell(Leave("a")), "c")
    assert gone.state is None
    assert driven.tell(SetAwareness("b", heard.update)) == []
    # Its owner, back on another connection with the clock that it had.
    join(driven, "a2", ANN, "y-websocket")
    (back,) = shown(driven.tell(SetAwareness("a2", state([(1, 3, "{}")]))), "c")
    assert back.clock > gone.clock


def test_awareness_of_one_who_is_silent_expires_by_the_server_s_clock() -> None:
    driven = DrivenRoom()
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", BOB, "y-websocket")
    driven.tell(SetAwareness("a", state([(1, 3, "{}")])))
    driven.now_ms += Limits().awareness_ms
    assert shown(driven.tell(Tick()), "b") == []
    driven.now_ms += 1
    (gone,) = shown(driven.tell(Tick()), "b")
    assert (gone.client, gone.clock, gone.state) == (1, 4, None)
    assert shown(driven.tell(AskAwareness("b")), "b") == []
    (back,) = shown(driven.tell(SetAwareness("a", state([(1, 4, "{}")]))), "b")
    assert back.clock == 5


def test_awareness_that_comes_too_often_goes_out_with_the_next_tick() -> None:
    driven = DrivenRoom(Limits(awareness_per_s=3))
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", BOB, "y-websocket")
    seen = []
    for clock in range(1, 11):
        update = state([(1, clock, f'{{"at":{clock}}}')])
        seen += shown(driven.tell(SetAwareness("a", update)), "b")
    assert [entry.clock for entry in seen] == [1, 2, 3]
    waiting = driven.room.wants_ticks
    assert waiting
    (last,) = shown(driven.tell(Tick()), "b")
    assert (last.clock, (last.fields or {})["at"]) == (10, 10)
    assert not driven.room.wants_ticks
    driven.now_ms += 1_000
    assert len(shown(driven.tell(SetAwareness("a", state([(1, 11, "{}")]))), "b")) == 1


def test_awareness_query_is_answered_with_the_others() -> None:
    driven = DrivenRoom()
    join(driven, "a", ANN, "y-websocket")
    join(driven, "b", BOB, "y-websocket")
    assert driven.tell(AskAwareness("b")) == []
    driven.tell(SetAwareness("a", state([(1, 3, "{}")])))
    assert [entry.client for entry in shown(driven.tell(AskAwareness("b")), "b")] == [1]
    assert driven.tell(AskAwareness("nobody")) == []


def test_anonymous_user_goes_by_the_name_in_its_awareness() -> None:
    driven = DrivenRoom()
    digest = blake2b(b"guest", digest_size=4).hexdigest()
    guest = User(f"open-{digest}", "Guest", "#777777", anonymous=True)
    join(driven, "a", guest, "y-websocket")
    join(driven, "b", BOB, "y-websocket")
    claim = '{"user":{"id":"u-ann","name":"Zoe","color":"#ff0000"}}'
    (entry,) = shown(driven.tell(SetAwareness("a", state([(1, 3, claim)]))), "b")
    assert (entry.fields or {})["user"] == {"id": guest.id, "name": "Zoe", "color": "#ff0000"}
    (entry,) = shown(driven.tell(SetAwareness("b", state([(2, 3, claim)]))), "a")
    assert (entry.fields or {})["user"] == {"id": BOB.id, "name": BOB.name, "color": BOB.color}


def test_kept_facts_of_a_dialect_are_handled_in_order() -> None:
    driven = DrivenRoom()
    join(driven, "y", BOB, "y-websocket")
    driven.tell(yjs("y", "y-1", Editor(1).edit(("hi",))))
    driven.log.append_draft(driven.begin())
    effects = join(driven, "z", ANN, "hocuspocus")
    effects += driven.tell(AskState("z", b"\0"))
    assert messages(effects, "z") == []
    effects = driven.tell(Committed())
    kinds = [type(message) for message in messages(effects, "z")]
    assert kinds == [Joined, Resync, SyncReply]


def test_a_rewound_log_asks_members_of_a_dialect_for_what_it_lacks() -> None:
    driven = DrivenRoom()
    join(driven, "y", BOB, "y-websocket")
    driven.submit(yjs("y", "y-1", Editor(1).edit(("hi",))))
    driven.fail(committed=False)
    driven.log.epoch = "e2"
    effects = driven.reopen()
    kinds = [type(message) for message in messages(effects, "y")]
    assert kinds == [ErrorMessage, Joined, Resync]
    assert sent(effects, "y", Joined)[0].state is UNSET
