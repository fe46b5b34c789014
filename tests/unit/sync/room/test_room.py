"""sync.room.room: each fact, each effect, each refusal, and the order in which things are said."""

from hashlib import sha256

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from sync.document.document import Lookup, Questions
from sync.effect import CatchUp, Dismiss, Effect, Look, Reopen, Settled, WantBatch
from sync.error import ErrorCode
from sync.fact import (
    Announced,
    AskAwareness,
    Broken,
    CheckText,
    CommitFailed,
    Committed,
    Deleted,
    Drained,
    Found,
    Lagging,
    Leave,
    MoveCursor,
    SetAwareness,
    SetRole,
    StoreFound,
    StoreLost,
    Tick,
)
from sync.limit import Limits
from sync.names import Role
from sync.port import Followed
from sync.room.deferred import MAX_KEPT_ASKS
from sync.wire.message import (
    Ack,
    AwarenessOut,
    Checked,
    Cursor,
    Diverged,
    ErrorMessage,
    Events,
    Joined,
    MemberJoined,
    MemberLeft,
    Resync,
    RoleChanged,
    Updates,
)
from sync.yjs.replica import Replica, ReplicaBrokenError
from sync.yjs.verdict import Ready
from tests.unit.sync.presence.test_presence import awareness
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    NAME,
    NOW_MS,
    DrivenRoom,
    Editor,
    MemoryLog,
    edit,
    from_session,
    messages,
    sent,
    settled,
    yjs,
)


def room_with(*sessions: str, text: str = "", limits: Limits | None = None) -> DrivenRoom:
    """A room that these sessions have joined in text mode; version 1 holds `text`, if any."""
    driven = DrivenRoom(limits)
    if text:
        driven.write(edit("http", "first", None, text))
    for session in sessions:
        driven.join(session)
    return driven


def orders(effects: list[Effect]) -> list[CatchUp]:
    """What is to be read from the log."""
    return [effect for effect in effects if isinstance(effect, CatchUp)]


def versions(effects: list[Effect], session: str) -> list[int]:
    """Every version that a session is told of, acks and events alike, in order."""
    told: list[int] = []
    for message in messages(effects, session):
        if isinstance(message, Ack) and message.changed:
            told.append(message.version)
        elif isinstance(message, Events):
            told += [event.version for event in message.events]
        elif isinstance(message, Updates):
            told += range(message.from_, message.to + 1)
    return told


def error(effects: list[Effect], session: str) -> ErrorMessage:
    (found,) = sent(effects, session, ErrorMessage)
    return found


# --- join ---------------------------------------------------------------------------------------


def test_join_without_since_gives_the_full_text() -> None:
    driven = room_with(text="hello")
    (joined,) = sent(driven.join("s1"), "s1", Joined)
    assert (joined.recovered, joined.version, joined.text) == (False, 1, "hello")
    assert joined.epoch == "e1"
    assert joined.state is UNSET


def test_join_in_yjs_mode_gives_the_full_state() -> None:
    driven = room_with(text="hello")
    (joined,) = sent(driven.join("s1", mode="yjs"), "s1", Joined)
    editor = Editor(1)
    assert isinstance(joined.state, bytes)
    editor.apply(joined.state)
    assert str(editor) == "hello"
    assert joined.text is UNSET


@pytest.mark.parametrize(
    ("since", "epoch"), [(1, None), (1, "e2"), (4, "e1"), (None, "e1"), (None, None)]
)
def test_join_is_not_recovered_from_what_is_no_place_in_this_log(
    since: int | None, epoch: str | None
) -> None:
    driven = room_with(text="hello")
    effects = driven.join("s1", since=since, epoch=epoch)
    if Look(1) in effects:
        # Another process may have appended what it has seen: none has.
        effects = driven.tell(Found(Followed(driven.log.document(), [], {})))
    (joined,) = sent(effects, "s1", Joined)
    assert not joined.recovered
    assert joined.text == "hello"
    assert versions(effects, "s1") == []


@pytest.mark.parametrize("since", [0, 1, 2, 3])
def test_join_is_recovered_with_exactly_what_was_missed(since: int) -> None:
    driven = room_with(text="a")
    driven.write(edit("http", "b", None, "b"), edit("http", "c", None, "c"))
    effects = driven.join("s1", since=since, epoch="e1")
    (joined,) = sent(effects, "s1", Joined)
    assert joined.recovered
    assert joined.text is UNSET
    assert versions(effects, "s1") == list(range(since + 1, 4))


def test_join_in_yjs_mode_is_recovered_with_the_missed_updates_merged() -> None:
    driven = room_with(text="a")
    driven.write(edit("http", "b", None, 1, "b"), edit("http", "c", None, 2, "c"))
    editor = Editor(1)
    editor.apply(driven.log.events[0].update)
    effects = driven.join("s1", mode="yjs", since=1, epoch="e1")
    (updates,) = sent(effects, "s1", Updates)
    editor.apply(updates.update)
    assert (updates.from_, updates.to, str(editor)) == (2, 3, "abc")


def test_join_in_yjs_mode_is_recovered_with_acks_for_its_own_updates() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.write(yjs("s1", "u1", Editor(5).edit(("a",))))
    effects = driven.join("s1", BOB, "yjs", since=0, epoch="e1")
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["u1"]


def test_join_far_behind_is_caught_up_from_the_log() -> None:
    driven = room_with(text="a", limits=Limits(window_events=2))
    for number in range(4):
        driven.write(edit("http", f"n{number}", None, "x"))
    effects = driven.join("s1", since=1, epoch="e1")
    (order,) = orders(effects)
    assert (order.session, order.after, order.upto) == ("s1", 1, 5)
    assert versions(effects, "s1") == []
    assert versions(driven.write(edit("http", "more", None, "y")), "s1") == []
    effects = driven.read(order)
    assert versions(effects, "s1") == [2, 3, 4, 5, 6]
    assert versions(driven.write(edit("http", "live", None, "z")), "s1") == [7]


def test_join_while_merging_is_answered_only_after_the_commit() -> None:
    driven = room_with(text="a")
    driven.submit(edit("http", "b", None, "b"))
    draft = driven.begin()
    assert driven.join("s1") == []
    driven.log.append(draft.events)
    (joined,) = sent(driven.tell(Committed()), "s1", Joined)
    assert (joined.version, joined.text) == (2, "ba")


def test_join_lists_the_members_and_tells_them() -> None:
    driven = room_with("s1")
    effects = driven.join("s2", BOB, "yjs")
    (joined,) = sent(effects, "s2", Joined)
    assert [(member.session, member.mode) for member in joined.members] == [
        ("s1", "text"),
        ("s2", "yjs"),
    ]
    (told,) = sent(effects, "s1", MemberJoined)
    assert (told.session, told.user.name, told.mode) == ("s2", "Bob", "yjs")
    assert sent(effects, "s2", MemberJoined) == []


def test_join_again_takes_the_new_fields_and_is_not_announced() -> None:
    driven = room_with("s1", "s2", text="a")
    effects = driven.join("s1", mode="yjs")
    assert sent(effects, "s2", MemberJoined) == []
    assert driven.room.members["s1"].mode == "yjs"


def test_join_of_a_full_room_is_refused() -> None:
    driven = room_with("s1", limits=Limits(max_members=1))
    effects = driven.join("s2")
    assert error(effects, "s2").code == ErrorCode.RATE_LIMITED
    assert Dismiss("s2") in effects
    assert sent(driven.join("s1"), "s1", Joined)


def test_leave_tells_the_others() -> None:
    driven = room_with("s1", "s2")
    (left,) = sent(driven.tell(Leave("s2")), "s1", MemberLeft)
    assert left.session == "s2"
    assert driven.tell(Leave("s2")) == []


def test_leave_while_merging_withdraws_the_join() -> None:
    driven = room_with(text="a")
    driven.submit(edit("http", "b", None, "b"))
    draft = driven.begin()
    driven.join("s1")
    driven.tell(Leave("s1"))
    driven.log.append(draft.events)
    assert messages(driven.tell(Committed()), "s1") == []


# --- acks, events, order ------------------------------------------------------------------------


def test_room_withholds_ack_and_event_until_committed() -> None:
    driven = room_with("s1", "s2")
    assert driven.submit(edit("s1", "a", 0, "x")) == [WantBatch()]
    draft = driven.begin()
    assert [event.version for event in draft.events] == [1]
    assert driven.room.version == 0
    assert driven.room.text == ""
    driven.log.append(draft.events)
    effects = driven.tell(Committed())
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 1, True, [{"insert": "x"}])]
    assert versions(effects, "s2") == [1]
    assert Settled("s1", 10) in effects


def test_submission_is_asked_to_be_merged_once() -> None:
    driven = room_with("s1")
    assert driven.submit(edit("s1", "a", 0, "x"), edit("s1", "b", 0, "y")) == [WantBatch()]


def test_what_does_not_fit_into_a_batch_waits_for_the_next() -> None:
    driven = room_with("s1")
    driven.submit(*(edit("s1", f"e{n}", 0, "x") for n in range(3)))
    draft = driven.begin(max_events=2)
    assert len(draft.events) == 2
    driven.log.append(draft.events)
    assert WantBatch() in driven.tell(Committed())
    assert len(driven.begin().events) == 1


def test_sender_gets_acks_where_its_events_stand_and_the_others_events() -> None:
    driven = room_with("s1", "s2", "s3")
    effects = driven.write(
        edit("s1", "a", 0, "x"),
        edit("s2", "b", 0, "y"),
        edit("s1", "c", 0, "z"),
    )
    assert versions(effects, "s1") == [1, 2, 3]
    assert [ack.version for ack in sent(effects, "s1", Ack)] == [1, 3]
    assert versions(effects, "s2") == [1, 2, 3]
    assert [ack.version for ack in sent(effects, "s2", Ack)] == [2]
    assert versions(effects, "s3") == [1, 2, 3]
    assert len(sent(effects, "s3", Events)) == 1, "encoded once"


def test_ack_carries_the_ops_as_rebased() -> None:
    driven = room_with("s1", "s2", text="ab")
    effects = driven.write(edit("s2", "p", 1, "xx"), edit("s1", "q", 1, 2, "y"))
    (ack,) = sent(effects, "s1", Ack)
    assert ack.ops == [{"retain": 4}, {"insert": "y"}]
    assert driven.room.text == "xxaby"


def test_ack_of_an_unchanged_edit_comes_after_everything_up_to_its_version() -> None:
    driven = room_with("s1", "s2", text="ab")
    effects = driven.write(edit("s2", "p", 1, "x"), edit("s1", "q", 1, 2), edit("s2", "r", 1, "y"))
    told = messages(effects, "s1")
    assert [type(message) for message in told] == [Events, Ack, Events]
    assert told[1] == Ack(NAME, "q", 2, False, [])
    assert versions(effects, "s1") == [2, 3]


def test_yjs_sessions_get_one_merged_update_then_their_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN, "yjs")
    first, second = Editor(1), Editor(2)
    effects = driven.write(
        yjs("s1", "a", first.edit(("a",)), BOB), yjs("s2", "b", second.edit(("b",)), ANN)
    )
    assert [type(message) for message in messages(effects, "s1")] == [Updates, Ack]
    for editor, session in ((first, "s1"), (second, "s2")):
        (updates,) = sent(effects, session, Updates)
        editor.apply(updates.update)
    assert str(first) == str(second) == driven.room.text
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 1)]


def test_yjs_session_that_wrote_all_of_a_batch_gets_only_its_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN, "yjs")
    effects = driven.write(yjs("s1", "a", Editor(1).edit(("a",))))
    assert [type(message) for message in messages(effects, "s1")] == [Ack]
    assert versions(effects, "s2") == [1]


def test_yjs_session_that_joined_anew_gets_its_own_earlier_update_too() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.submit(yjs("s1", "a", Editor(1).edit(("a",))))
    driven.tell(Leave("s1"))
    driven.join("s1", BOB, "yjs")
    assert versions(driven.commit(), "s1") == [1, 1], "as an update, and as an ack"


def test_text_and_yjs_sessions_see_each_other() -> None:
    driven = room_with("s1", text="ab")
    driven.join("s2", BOB, "yjs")
    editor = Editor(3)
    editor.apply(driven.log.events[0].update)
    effects = driven.write(yjs("s2", "u", editor.edit((1, "é"))), edit("s1", "t", 1, 2, "!"))
    (event,) = sent(effects, "s1", Events)[0].events
    assert (event.type, event.pos, event.text, event.actor.id) == ("text_insert", 1, "é", BOB.id)
    (updates,) = sent(effects, "s2", Updates)
    editor.apply(updates.update)
    assert str(editor) == driven.room.text == "aéb!"


def test_submission_of_a_session_that_is_no_member_is_answered() -> None:
    driven = room_with()
    assert [ack.version for ack in sent(driven.write(edit("http", "a", 0, "x")), "http", Ack)] == [
        1
    ]


def test_other_processes_events_are_followed_before_the_own_ones() -> None:
    driven, other = room_with("s1", "s2", text="ab"), DrivenRoom()
    other = DrivenRoom(log=driven.log)
    other.write(edit("elsewhere", "e", 1, "x", role="editor"))
    effects = driven.write(edit("s1", "a", 1, 2, "y"))
    assert versions(effects, "s1") == [2, 3]
    assert versions(effects, "s2") == [2, 3]
    assert driven.room.text == "xaby" == driven.log.text_at(3)


# --- exactly once -------------------------------------------------------------------------------


def test_known_id_is_answered_with_the_ack_it_had() -> None:
    driven = room_with("s1", text="ab")
    first = edit("s1", "a", 1, 1, "x")
    driven.write(first)
    driven.write(edit("s1", "b", None, "y"))
    effects = driven.write(first)
    assert sent(effects, "s1", Ack) == [Ack(NAME, "a", 2, False, [{"retain": 1}, {"insert": "x"}])]
    assert driven.log.version == 3
    assert settled(effects, "s1") == 1


def test_known_id_is_found_in_the_log_when_it_is_old() -> None:
    driven = room_with("s1", limits=Limits(window_events=1))
    first = edit("s1", "a", 0, "x")
    driven.write(first, edit("s1", "b", 0, "y"))
    (ack,) = sent(driven.write(first), "s1", Ack)
    assert (ack.version, ack.changed) == (1, False)


def test_id_sent_twice_in_one_batch_is_logged_once() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    effects = driven.write(first, first)
    assert [(ack.version, ack.changed) for ack in sent(effects, "s1", Ack)] == [
        (1, True),
        (1, False),
    ]
    assert driven.room.text == "x"


def test_id_with_other_content_or_from_another_user_is_refused() -> None:
    driven = room_with("s1", "s2")
    driven.write(edit("s1", "a", 0, "x"))
    assert error(driven.write(edit("s1", "a", 0, "y")), "s1").code == ErrorCode.DUPLICATE_ID
    again = edit("s2", "a", 0, "x", user=BOB)
    assert error(driven.write(again), "s2").code == ErrorCode.DUPLICATE_ID
    assert driven.log.version == 1


def test_ack_of_a_known_id_waits_for_the_events_before_it() -> None:
    driven = room_with("s1", "s2")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Lagging("s1"))
    effects = driven.write(first)
    assert messages(effects, "s1") == []
    assert settled(effects, "s1") == 1
    told = messages(driven.tell(Drained("s1", 0)), "s1")
    assert [type(message) for message in told] == [Events, Ack]


def test_ack_that_an_outbox_dropped_comes_again_behind_the_events() -> None:
    driven = room_with("s1", "s2")
    effects = driven.write(edit("s2", "p", 0, "x"), edit("s1", "q", 0))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    told = messages(driven.tell(Drained("s1", 0, (ack,))), "s1")
    assert [type(message) for message in told] == [Events, Ack]


def test_ack_that_an_outbox_dropped_behind_its_updates_comes_again() -> None:
    """Symptom: an editor had its updates back, and said `Saving…` for ever."""
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2")
    effects = driven.write(yjs("s1", "u", Editor(1).edit(("a",))), edit("s2", "t", None, "b"))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    assert messages(driven.tell(Drained("s1", 2, (ack,))), "s1") == [ack]


def test_ack_that_an_outbox_dropped_with_its_updates_comes_once() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2")
    effects = driven.write(yjs("s1", "u", Editor(1).edit(("a",))), edit("s2", "t", None, "b"))
    (ack,) = sent(effects, "s1", Ack)
    driven.tell(Lagging("s1"))
    told = messages(driven.tell(Drained("s1", 0, (ack,))), "s1")
    assert [type(message) for message in told] == [Updates, Ack]


def test_ack_that_waits_survives_a_second_join() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Lagging("s1"))
    driven.write(first)
    told = messages(driven.join("s1"), "s1")
    assert [type(message) for message in told] == [Joined, Ack]


# --- lagging members ----------------------------------------------------------------------------


def test_lagging_member_is_sent_nothing_until_caught_up_then_all_it_lacks() -> None:
    driven = room_with("s1", "s2")
    driven.write(edit("s2", "a", 0, "x"))
    driven.tell(Lagging("s1"))
    effects = driven.write(edit("s2", "b", 0, "y"), edit("s1", "c", 0, "z"))
    assert versions(effects, "s1") == []
    assert settled(effects, "s1") == 1
    assert versions(driven.tell(Drained("s1", 0)), "s1") == [1, 2, 3]
    assert versions(driven.write(edit("s2", "d", 0, "!")), "s1") == [4]


def test_lagging_yjs_member_is_caught_up_with_its_acks() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.tell(Lagging("s1"))
    assert messages(driven.write(yjs("s1", "u", Editor(1).edit(("a",)))), "s1") == []
    effects = driven.tell(Drained("s1", 0))
    assert [type(message) for message in messages(effects, "s1")] == [Updates, Ack]


def test_caught_up_while_merging_counts_after_the_commit() -> None:
    driven = room_with("s1", "s2")
    driven.tell(Lagging("s1"))
    driven.submit(edit("s2", "a", 0, "x"))
    draft = driven.begin()
    assert driven.tell(Drained("s1", 0)) == []
    driven.log.append(draft.events)
    assert versions(driven.tell(Committed()), "s1") == [1]


def test_lagging_again_while_merging_undoes_being_caught_up() -> None:
    """Symptom: a slow reader was shown version 9 with 1 to 8 missing."""
    driven = room_with("s1", "s2")
    driven.write(edit("s2", "a", 0, "x"))
    driven.tell(Lagging("s1"))
    driven.submit(edit("s2", "b", 0, "y"))
    draft = driven.begin()
    driven.tell(Drained("s1", 1))
    driven.tell(Lagging("s1"))
    driven.log.append(draft.events)
    assert versions(driven.tell(Committed()), "s1") == []
    assert versions(driven.write(edit("s2", "c", 0, "z")), "s1") == []
    assert versions(driven.tell(Drained("s1", 0)), "s1") == [1, 2, 3]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_submission_of_who_may_not_write_is_forbidden(role: Role) -> None:
    driven = DrivenRoom()
    driven.join("s1", role=role)
    effects = driven.submit(edit("s1", "a", 0, "x"))
    assert error(effects, "s1").code == ErrorCode.FORBIDDEN
    assert settled(effects, "s1") == 1
    assert not driven.room.has_pending


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_submission_right_behind_a_join_that_waits_is_judged_by_its_role(role: Role) -> None:
    driven = room_with(text="a")
    driven.submit(edit("http", "b", None, "b"))
    draft = driven.begin()
    driven.join("s1", role=role)
    driven.submit(edit("s1", "c", 1, "c"))
    driven.log.append(draft.events)
    effects = driven.tell(Committed())
    assert [type(message) for message in messages(effects, "s1")] == [Joined, ErrorMessage]
    assert error(effects, "s1").code == ErrorCode.FORBIDDEN
    assert not driven.room.has_pending


def test_submission_right_behind_a_join_that_waits_is_merged_after_it() -> None:
    driven = room_with(text="a")
    driven.submit(edit("http", "b", None, "b"))
    draft = driven.begin()
    driven.join("s1")
    driven.submit(edit("s1", "c", 1, "c"))
    driven.log.append(draft.events)
    assert WantBatch() in driven.tell(Committed())
    assert versions(driven.commit(), "s1") == [3]


def test_submission_behind_a_join_that_is_withdrawn_is_refused() -> None:
    driven = room_with(text="a")
    driven.submit(edit("http", "b", None, "b"))
    driven.begin()
    driven.join("s1")
    driven.submit(edit("s1", "c", 1, "c"))
    effects = driven.tell(Leave("s1"))
    assert error(effects, "s1").code == ErrorCode.NOT_JOINED
    assert settled(effects, "s1") == 1


def test_submission_of_the_other_mode_is_refused() -> None:
    driven = room_with("s1")
    driven.join("s2", BOB, "yjs")
    effects = driven.submit(yjs("s1", "a", b"\0\0"), edit("s2", "b", 0, "x"))
    assert error(effects, "s1").code == ErrorCode.INVALID_MESSAGE
    assert error(effects, "s2").code == ErrorCode.INVALID_MESSAGE
    assert (settled(effects, "s1"), settled(effects, "s2")) == (1, 1)


def test_refusal_in_a_batch_leaves_the_others_alone() -> None:
    driven = room_with("s1", "s2", text="ab")
    effects = driven.write(
        edit("s1", "a", 1, 5, "x"), edit("s2", "b", 1, 2, "y"), edit("s1", "c", 9, "x")
    )
    codes = [message.code for message in sent(effects, "s1", ErrorMessage)]
    assert codes == [ErrorCode.OUT_OF_RANGE, ErrorCode.BASE_UNKNOWN]
    assert [message.id for message in sent(effects, "s1", ErrorMessage)] == ["a", "c"]
    assert versions(effects, "s2") == [2]
    assert settled(effects, "s1") == 2


def test_role_change_is_told_and_holds_from_then_on() -> None:
    driven = room_with("s1")
    assert sent(driven.tell(SetRole("s1", "viewer")), "s1", RoleChanged) == [
        RoleChanged(NAME, "viewer")
    ]
    assert error(driven.submit(edit("s1", "a", 0, "x")), "s1").code == ErrorCode.FORBIDDEN
    assert driven.tell(SetRole("s1", "viewer")) == []
    assert driven.tell(SetRole("s9", "viewer")) == []


# --- parked updates -----------------------------------------------------------------------------


def parked() -> tuple[DrivenRoom, bytes, bytes]:
    """A room in which s1 sent an update that needs another; both updates."""
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.join("s2", ANN)
    editor = Editor(1)
    first, second = editor.edit(("a",)), editor.edit((1, "b"))
    assert messages(driven.write(yjs("s1", "u2", second)), "s1") == []
    return driven, first, second


def test_early_update_is_parked_and_acknowledged_when_what_was_missing_comes() -> None:
    driven, first, _ = parked()
    assert driven.log.version == 0
    effects = driven.write(yjs("s1", "u1", first))
    assert [(ack.id, ack.version) for ack in sent(effects, "s1", Ack)] == [("u1", 1), ("u2", 2)]
    assert settled(effects, "s1") == 2
    assert driven.room.text == "ab"
    assert not driven.room.wants_ticks


def test_early_updates_merged_by_a_resync_are_each_acknowledged() -> None:
    driven, first, second = parked()
    both = Editor(1)
    both.apply(first)
    both.apply(second)
    effects = driven.write(yjs("s1", "u3", both.doc.get_update()))
    acks = [(ack.id, ack.version, ack.changed) for ack in sent(effects, "s1", Ack)]
    assert acks == [("u3", 1, True), ("u2", 1, False)]


def test_early_update_is_released_by_another_process_s_event() -> None:
    driven, first, _ = parked()
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    effects = driven.write(edit("s2", "t", None, "!"))
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["u2"]


def test_early_update_is_released_by_what_a_reopening_finds() -> None:
    driven, first, _ = parked()
    driven.submit(edit("s2", "t", None, "!"))
    driven.fail(committed=False)
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    driven.reopen()
    assert [ack.id for ack in sent(driven.commit(), "s1", Ack)] == ["u2"]


def test_sender_of_a_parked_update_is_asked_to_resync_once_after_half_a_second() -> None:
    driven, _, _ = parked()
    assert driven.room.wants_ticks
    driven.now_ms = NOW_MS + 499
    assert driven.tell(Tick()) == []
    driven.now_ms = NOW_MS + 500
    assert sent(driven.tell(Tick()), "s1", Resync) == [Resync(NAME, b"\0")]
    driven.now_ms = NOW_MS + 29_999
    assert sent(driven.tell(Tick()), "s1", Resync) == []


def test_parked_update_is_dropped_after_thirty_seconds_and_may_come_again() -> None:
    driven, first, second = parked()
    driven.now_ms = NOW_MS + 30_000
    effects = driven.tell(Tick())
    refused = error(effects, "s1")
    assert (refused.code, refused.retryable, refused.id) == (
        ErrorCode.MALFORMED_UPDATE,
        True,
        "u2",
    )
    assert settled(effects, "s1") == 1
    assert not driven.room.wants_ticks
    effects = driven.write(yjs("s1", "u1", first), yjs("s1", "u2", second))
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["u1", "u2"]


def test_too_many_parked_updates_are_refused_retryable() -> None:
    driven = DrivenRoom(Limits(max_parked=1))
    driven.join("s1", BOB, "yjs")
    editor = Editor(1)
    _, second, third = editor.edit(("a",)), editor.edit((1, "b")), editor.edit((2, "c"))
    effects = driven.write(yjs("s1", "u2", second), yjs("s1", "u3", third))
    refused = error(effects, "s1")
    assert (refused.id, refused.code, refused.retryable) == (
        "u3",
        ErrorCode.MALFORMED_UPDATE,
        True,
    )


def test_leaving_settles_what_is_parked() -> None:
    driven, _, _ = parked()
    effects = driven.tell(Leave("s1"))
    assert settled(effects, "s1") == 1
    assert not driven.room.wants_ticks


# --- utf-16 members -----------------------------------------------------------------------------


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


# --- the store fails ----------------------------------------------------------------------------


def test_failed_commit_tells_nobody_and_is_tried_again() -> None:
    driven = room_with("s1", "s2", text="a")
    driven.submit(edit("s1", "b", 1, "x"))
    assert driven.fail(committed=False) == [Reopen()]
    assert not driven.room.may_merge
    assert driven.reopen() == [WantBatch()]
    effects = driven.commit()
    assert versions(effects, "s1") == versions(effects, "s2") == [2]
    assert driven.room.text == driven.log.text_at(2) == "xa"


def test_failed_commit_that_was_carried_out_is_shown_once_and_acknowledged() -> None:
    driven = room_with("s1", "s2", text="a")
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=True)
    effects = driven.reopen() + driven.commit()
    assert versions(effects, "s2") == [2]
    assert versions(effects, "s1") == [2], "as an event with its own id"
    assert sent(effects, "s1", Ack) == [Ack(NAME, "b", 2, False, [{"insert": "x"}])]
    assert driven.log.version == 2
    assert settled(effects, "s1") == 1


def test_failed_commit_keeps_joins_and_submissions_for_later() -> None:
    driven = room_with("s1", text="a")
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=False)
    assert driven.join("s2") == []
    assert driven.submit(edit("s1", "c", 1, "y")) == []
    effects = driven.reopen()
    assert sent(effects, "s2", Joined)[0].version == 1
    assert versions(driven.commit(), "s2") == [2, 3]


def test_reopening_shows_far_behind_members_the_log() -> None:
    driven = room_with("s1", text="a", limits=Limits(window_events=1))
    driven.submit(*(edit("s1", f"n{n}", 1, "x") for n in range(3)))
    driven.fail(committed=True)
    (order,) = orders(driven.reopen())
    assert (order.session, order.after, order.upto) == ("s1", 1, 4)


def test_lost_store_refuses_what_waits_and_all_that_comes() -> None:
    driven = room_with("s1", text="a")
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=False)
    refused = error(driven.tell(StoreLost()), "s1")
    assert (refused.code, refused.retryable, refused.id) == (ErrorCode.READ_ONLY, True, "b")
    effects = driven.submit(edit("s1", "c", 1, "y"))
    assert error(effects, "s1").code == ErrorCode.READ_ONLY
    assert settled(effects, "s1") == 1
    assert driven.reopen() == []
    driven.tell(StoreFound())
    assert versions(driven.write(edit("s1", "b", 1, "x")), "s1") == [2]


def test_changed_epoch_begins_anew_for_every_member() -> None:
    driven = room_with("s1", "s2", text="abc")
    driven.tell(MoveCursor("s1", 1, 3, 3))
    driven.submit(edit("s1", "b", 1, 3, "x"))
    driven.fail(committed=False)
    driven.log.events.clear()
    driven.log.epoch = "e2"
    DrivenRoom(log=driven.log).write(edit("http", "other", 0, "?"))
    effects = driven.reopen()
    for session in ("s1", "s2"):
        (joined,) = sent(effects, session, Joined)
        assert (joined.recovered, joined.epoch, joined.text) == (False, "e2", "?")
    assert error(effects, "s1").code == ErrorCode.BASE_UNKNOWN
    assert settled(effects, "s1") == 1
    assert sent(effects, "s2", Cursor) == [], "it stood in another history"
    assert not driven.room.may_merge


def test_hash_of_another_epoch_is_not_remembered() -> None:
    driven = room_with("s1", text="abc")
    driven.join("s2", BOB, "yjs")
    driven.tell(CheckText("s2", 1, sha256(b"abc").hexdigest()))
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=False)
    driven.log.events.clear()
    driven.log.epoch = "e2"
    DrivenRoom(log=driven.log).write(edit("http", "other", 0, "?"))
    driven.reopen()
    effects = driven.tell(CheckText("s2", 1, sha256(b"?").hexdigest()))
    assert len(sent(effects, "s2", Checked)) == 1


def test_poisoned_submission_is_refused_and_the_rest_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driven = room_with("s1", text="a")
    driven.join("s2", BOB, "yjs")
    poison = Editor(66).edit(("boom",))
    apply = Replica.apply

    def fails(self: Replica, update: bytes, ready: Ready) -> object:
        if update == poison:
            raise ReplicaBrokenError("it panicked")
        return apply(self, update, ready)

    monkeypatch.setattr(Replica, "apply", fails)
    driven.submit(edit("s1", "b", 1, "x"), yjs("s2", "p", poison), edit("s1", "c", 1, "y"))
    with pytest.raises(ReplicaBrokenError):
        driven.begin()
    effects = driven.tell(CommitFailed())
    refused = error(effects, "s2")
    assert (refused.code, refused.id, refused.retryable) == (
        ErrorCode.MALFORMED_UPDATE,
        "p",
        False,
    )
    assert Reopen() in effects
    driven.reopen()
    assert versions(driven.commit(), "s1") == [2, 3]


def test_poisoned_submissions_do_not_count_as_commits_that_the_store_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After five failures of the store everybody's edits are refused; one sender must not do it."""
    driven = room_with("s1", text="a")
    driven.join("s2", BOB, "yjs")
    poison = Editor(66).edit(("boom",))
    apply = Replica.apply

    def fails(self: Replica, update: bytes, ready: Ready) -> object:
        if update == poison:
            raise ReplicaBrokenError("it panicked")
        return apply(self, update, ready)

    monkeypatch.setattr(Replica, "apply", fails)
    poisoned = [yjs("s2", f"p{number}", poison) for number in range(6)]
    driven.submit(*poisoned, edit("s1", "c", 1, "y"))
    for submission in poisoned:
        with pytest.raises(ReplicaBrokenError):
            driven.begin()
        effects = driven.tell(CommitFailed())
        assert error(effects, "s2").id == submission.id
        assert not sent(effects, "s1", ErrorMessage)
        driven.reopen()
    assert versions(driven.commit(), "s1") == [2]


# --- the document ends --------------------------------------------------------------------------


def test_deleted_document_refuses_everybody_and_everything() -> None:
    driven, _, _ = parked()
    driven.submit(edit("s2", "b", 0, "x"))
    effects = driven.tell(Deleted())
    codes = [message.code for message in sent(effects, "s2", ErrorMessage)]
    assert codes == [ErrorCode.UNKNOWN_DOCUMENT] * 2
    assert settled(effects, "s2") == 1
    assert settled(effects, "s1") == 1, "what was parked"
    assert [e.session for e in effects if isinstance(e, Dismiss)] == ["s1", "s2"]
    assert not driven.room.members
    effects = driven.join("s3") + driven.submit(edit("s3", "c", 0, "x"))
    assert {message.code for message in sent(effects, "s3", ErrorMessage)} == {
        ErrorCode.UNKNOWN_DOCUMENT
    }
    assert driven.room.is_clean


def test_broken_document_dismisses_members_and_those_about_to_join() -> None:
    driven = room_with("s1", text="a")
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=False)
    driven.join("s2")
    driven.submit(edit("s2", "c", 1, "y"))
    effects = driven.tell(Broken())
    assert [e.session for e in effects if isinstance(e, Dismiss)] == ["s1", "s2"]
    assert {message.code for message in sent(effects, "s2", ErrorMessage)} == {
        ErrorCode.STORE_UNAVAILABLE
    }
    assert (settled(effects, "s1"), settled(effects, "s2")) == (1, 1)


# --- presence and checks ------------------------------------------------------------------------


def test_cursor_is_carried_to_the_head_and_told_to_text_members() -> None:
    driven = room_with("s1", "s2", text="abc")
    driven.join("s3", BOB, "yjs")
    driven.write(edit("s2", "x", 1, "xx"))
    effects = driven.tell(MoveCursor("s1", 1, 1, 3))
    (cursor,) = sent(effects, "s2", Cursor)
    assert (cursor.session, cursor.version, cursor.anchor, cursor.head) == ("s1", 2, 3, 5)
    assert messages(effects, "s1") == []
    (cursor,) = sent(driven.join("s4"), "s4", Cursor)
    assert (cursor.anchor, cursor.head) == (3, 5)
    (cursor,) = sent(driven.tell(MoveCursor("s1", None, None, None)), "s2", Cursor)
    assert (cursor.anchor, cursor.head) == (None, None)


def test_cursor_is_converted_for_utf16_members() -> None:
    driven = room_with("s1", text="😀bc")
    driven.join("s2", encoding="utf-16")
    (cursor,) = sent(driven.tell(MoveCursor("s1", 1, 1, 3)), "s2", Cursor)
    assert (cursor.anchor, cursor.head) == (2, 4)
    (cursor,) = sent(driven.tell(MoveCursor("s2", 1, 2, 4)), "s1", Cursor)
    assert (cursor.anchor, cursor.head) == (1, 3)
    effects = driven.tell(MoveCursor("s2", 1, 1, 1))
    assert error(effects, "s2").code == ErrorCode.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("base", "anchor", "head", "code"),
    [
        (1, 4, 4, ErrorCode.OUT_OF_RANGE),
        (2, 0, 0, ErrorCode.BASE_UNKNOWN),
        (1, None, 2, ErrorCode.INVALID_MESSAGE),
        (1, 2, None, ErrorCode.INVALID_MESSAGE),
    ],
)
def test_cursor_that_cannot_be_meant_is_refused(
    base: int, anchor: int | None, head: int | None, code: ErrorCode
) -> None:
    driven = room_with("s1", text="abc")
    assert error(driven.tell(MoveCursor("s1", base, anchor, head)), "s1").code == code


def test_awareness_goes_to_the_other_yjs_members_and_ends_with_its_session() -> None:
    driven = room_with("s1")
    driven.join("s2", BOB, "yjs")
    driven.join("s3", ANN, "yjs")
    effects = driven.tell(SetAwareness("s2", awareness((9, 0, '{"x":1}'))))
    assert len(sent(effects, "s3", AwarenessOut)) == 1
    assert messages(effects, "s1") == messages(effects, "s2") == []
    assert len(sent(driven.join("s4", ANN, "yjs"), "s4", AwarenessOut)) == 1
    assert len(sent(driven.tell(Leave("s2")), "s3", AwarenessOut)) == 1


def test_awareness_for_a_client_id_of_somebody_else_is_forbidden() -> None:
    driven = DrivenRoom()
    driven.join("s1", ANN, "yjs")
    driven.join("s2", BOB, "yjs")
    driven.write(yjs("s1", "u", Editor(5).edit(("a",)), ANN))
    effects = driven.tell(SetAwareness("s2", awareness((5, 0, "{}"))))
    assert error(effects, "s2").code == ErrorCode.FORBIDDEN


def test_check_tells_the_same_text_from_another() -> None:
    driven = room_with(text="abc")
    driven.join("s1", BOB, "yjs")
    right = sha256(b"abc").hexdigest()
    assert sent(driven.tell(CheckText("s1", 1, right)), "s1", Checked) == [Checked(NAME, 1, right)]
    assert sent(driven.tell(CheckText("s1", 0, right)), "s1", Checked) == [Checked(NAME, 0, None)]
    (diverged,) = sent(driven.tell(CheckText("s1", 1, "0" * 64)), "s1", Diverged)
    editor = Editor(1)
    editor.apply(diverged.state)
    assert str(editor) == "abc"


def test_check_while_merging_promises_nothing() -> None:
    driven = room_with(text="abc")
    driven.join("s1", BOB, "yjs")
    driven.submit(edit("http", "b", None, "x"))
    driven.begin()
    effects = driven.tell(CheckText("s1", 1, "0" * 64))
    assert sent(effects, "s1", Checked) == [Checked(NAME, 1, None)]


# --- housekeeping -------------------------------------------------------------------------------


def test_room_is_clean_only_when_nothing_would_be_lost() -> None:
    driven = room_with("s1")
    clean = [driven.room.is_clean]
    driven.submit(edit("s1", "a", 0, "x"))
    clean.append(driven.room.is_clean)
    driven.log.append(driven.begin().events)
    clean.append(driven.room.is_clean)
    driven.tell(Committed())
    clean.append(driven.room.is_clean)
    assert clean == [True, False, False, True]


def test_checkpoint_is_drafted_every_so_many_events() -> None:
    driven = room_with("s1", limits=Limits(checkpoint_events=3))
    for number in range(7):
        driven.write(edit("s1", f"n{number}", None, "x"))
    assert [each.version for each in driven.log.checkpoints] == [3, 6]
    again = DrivenRoom(log=driven.log)
    assert (again.room.version, again.room.text) == (7, "xxxxxxx")


def test_same_submission_from_a_new_session_is_known() -> None:
    driven = room_with("s1")
    first = edit("s1", "a", 0, "x")
    driven.write(first)
    driven.tell(Leave("s1"))
    driven.join("s2", since=0, epoch="e1")
    (ack,) = sent(driven.write(from_session(first, "s2")), "s2", Ack)
    assert (ack.version, ack.changed) == (1, False)


def test_effects_are_the_same_for_the_same_facts() -> None:
    def play() -> list[Effect]:
        driven = room_with("s1", "s2", text="ab")
        driven.join("s3", BOB, "yjs")
        driven.write(edit("s1", "a", 1, "x"), edit("s2", "b", 1, 2, "y"))
        driven.tell(edit("s1", "c", 9, "z"), Leave("s2"))
        driven.commit()
        return driven.effects

    assert play() == play()


def test_after_a_failed_commit_the_log_is_asked_for_made_up_ids_too() -> None:
    driven = DrivenRoom()
    driven.join("ann", mode="yjs")
    driven.submit(yjs("ann", "made-up", Editor(9).edit(("x",)), is_anonymous=True))
    driven.room.take_batch(9, 1 << 20)
    assert driven.room.prepare() is None
    driven.room.merge(Followed(driven.log.document(), [], {}), Lookup(), NOW_MS)
    driven.tell(CommitFailed())
    driven.reopen()
    driven.room.take_batch(9, 1 << 20)
    assert driven.room.prepare() == Questions(["made-up"])
    driven.commit()
    assert driven.log.find("made-up") is not None


# The text root


def test_draft_says_the_text_root_that_its_events_decided() -> None:
    driven = DrivenRoom(log=MemoryLog(text_root=""))
    driven.join("s1", mode="yjs")
    driven.submit(yjs("s1", "d", Editor(5, "").edit(("not a root for a text",))))
    assert driven.begin().text_root == ""
    driven.tell(CommitFailed())
    driven.reopen()
    driven.submit(yjs("s1", "u", Editor(6, "body").edit(("x",))))
    assert driven.begin().text_root == "body"


@pytest.mark.parametrize("committed", [True, False])
def test_text_root_is_decided_again_after_a_failed_commit(committed: bool) -> None:
    driven = DrivenRoom(log=MemoryLog(text_root=""))
    driven.join("s1", mode="yjs")
    driven.join("s2")
    driven.submit(yjs("s1", "u", Editor(5, "body").edit(("x",))))
    driven.fail(committed=committed)
    assert driven.log.text_root == ("body" if committed else "")
    driven.reopen()
    effects = driven.commit()
    assert driven.log.text_root == "body"
    assert driven.room.text == "x"
    assert [ack.version for ack in sent(effects, "s1", Ack)] == [1]
    (ack,) = sent(driven.write(edit("s2", "a", 1, 1, "y")), "s2", Ack)
    assert (ack.version, driven.log.text_root, driven.room.text) == (2, "body", "xy")


def test_room_follows_the_text_root_that_another_process_saved() -> None:
    log = MemoryLog(text_root="")
    here, there = DrivenRoom(log=log), DrivenRoom(log=log)
    here.join("s1")
    there.write(yjs("s9", "u", Editor(5, "body").edit(("x",)), role="editor"))
    effects = here.write(edit("s1", "a", 0, "> "))
    assert (log.text_root, here.room.text, log.text_at(2)) == ("body", "x> ", "x> ")
    assert [e.version for told in sent(effects, "s1", Events) for e in told.events] == [1]


def test_room_takes_over_the_text_root_that_was_set_meanwhile() -> None:
    log = MemoryLog(text_root="")
    driven = DrivenRoom(log=log)
    log.text_root = "body"
    driven.write(yjs("s1", "u", Editor(5, "other").edit(("x",)), role="editor"))
    assert (log.text_root, driven.room.text) == ("body", "")
    driven.write(edit("http", "a", None, "y"))
    assert (log.text_root, driven.room.text) == ("body", "y")


# --- what waits for the room is bounded ---------------------------------------------------------


def test_joins_and_questions_that_wait_for_a_commit_are_few() -> None:
    """Each would be answered with the whole text, or the whole presence."""
    driven = room_with("s1", text="abc")
    driven.join("s3", BOB, "yjs")
    driven.submit(edit("s1", "b", 1, "x"))
    draft = driven.begin()
    effects: list[Effect] = []
    for _ in range(50):
        effects += driven.join("s2")
        effects += driven.tell(AskAwareness("s3"))
    refusals = sent(effects, "s2", ErrorMessage)
    assert {(each.code, each.retryable) for each in refusals} == {(ErrorCode.RATE_LIMITED, True)}
    assert len(refusals) == 50 - MAX_KEPT_ASKS
    assert sent(driven.join("s4"), "s4", ErrorMessage) == [], "others may join"
    driven.log.append_draft(draft)
    effects = driven.tell(Committed())
    assert len(sent(effects, "s2", Joined)) == MAX_KEPT_ASKS
    assert len(sent(effects, "s4", Joined)) == 1


def test_edits_that_cost_much_to_rebase_are_merged_in_several_transactions() -> None:
    driven = room_with("s1", text="ab" * 50, limits=Limits(max_batch_work=100))
    for number in range(10):
        driven.write(edit("s1", f"a{number}", None, "x"))
    many = tuple(part for _ in range(20) for part in (1, "y"))
    driven.submit(*(edit("s1", f"b{number}", 1, *many) for number in range(3)))
    driven.submit(edit("s1", "c", None, "z"))
    merged = []
    while driven.room.has_pending:
        draft = driven.begin()
        merged.append([event.id for event in draft.events])
        driven.log.append_draft(draft)
        driven.tell(Committed())
    assert merged == [["b0"], ["b1"], ["b2"], ["c"]]


def test_edit_that_costs_too_much_to_rebase_is_refused() -> None:
    driven = room_with("s1", text="ab", limits=Limits(max_rebase_work=10))
    for number in range(5):
        driven.write(edit("s1", f"a{number}", None, "x"))
    assert sent(driven.write(edit("s1", "b", 1, 1, "y")), "s1", Ack)
    effects = driven.write(edit("s1", "c", 1, 1, "y"))
    assert error(effects, "s1").code == ErrorCode.BASE_UNKNOWN


def test_cursor_that_moves_too_often_is_shown_now_and_then_and_where_it_ended() -> None:
    driven = room_with("s1", "s2", text="x" * 100)
    effects: list[Effect] = []
    for place in range(100):
        effects += driven.tell(MoveCursor("s1", 1, place, place))
    shown = sent(effects, "s2", Cursor)
    assert [cursor.head for cursor in shown] == list(range(driven.limits.awareness_per_s))
    assert driven.room.wants_ticks
    (cursor,) = sent(driven.tell(Tick()), "s2", Cursor)
    assert cursor.head == 99
    assert sent(driven.tell(Tick()), "s2", Cursor) == []
    driven.now_ms += 1_000
    assert len(sent(driven.tell(MoveCursor("s1", 1, 5, 5)), "s2", Cursor)) == 1
    for place in range(100):
        driven.tell(MoveCursor("s1", 1, place, place))
    driven.tell(Leave("s1"))
    assert sent(driven.tell(Tick()), "s2", Cursor) == [], "it has left"


# --- joining again while something is under way -------------------------------------------------


def test_update_is_told_with_its_ops_if_its_sender_turned_to_text_mode() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.submit(yjs("s1", "u", Editor(1).edit(("abc",))))
    driven.join("s1", BOB, "text")
    (ack,) = sent(driven.commit(), "s1", Ack)
    assert (ack.version, ack.ops) == (1, [{"insert": "abc"}])


def test_parked_update_comes_back_to_a_sender_that_has_joined_again_since() -> None:
    driven, first, _ = parked()
    driven.join("s1", BOB, "yjs")
    other = DrivenRoom(log=driven.log)
    other.join("s9", BOB, "yjs")
    other.write(yjs("s9", "u1", first))
    driven.tell(Announced(1))
    found = Followed(driven.log.document(), list(driven.log.events), dict(driven.log.authors))
    effects = driven.tell(Found(found)) + driven.commit()
    replica = Editor(9)
    for message in sent(effects, "s1", Updates):
        replica.apply(message.update)
    assert str(replica) == driven.room.text


# --- a document that loads no more --------------------------------------------------------------


def test_document_that_does_not_load_after_a_failed_commit_ends_all_that_waits() -> None:
    driven = room_with("s1", text="abc")
    driven.submit(edit("s1", "b", 1, "x"))
    driven.fail(committed=False)
    driven.join("s2")
    driven.submit(edit("s2", "c", 1, "y"))
    (event,) = driven.log.events
    driven.log.events = [replace(event, update=b"\xff")]
    effects = driven.reopen()
    assert driven.room.broken
    assert [e.session for e in effects if isinstance(e, Dismiss)] == ["s1", "s2"]
    assert (settled(effects, "s1"), settled(effects, "s2")) == (1, 1)
    for session in ("s1", "s2"):
        codes = {message.code for message in sent(effects, session, ErrorMessage)}
        assert codes == {ErrorCode.STORE_UNAVAILABLE}
