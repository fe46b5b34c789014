"""sync.room.room: joining, joining again, and leaving."""

import pytest
from msgspec import UNSET

from sync.effect import Dismiss, Look
from sync.error import ErrorCode
from sync.fact import Committed, Found, Leave
from sync.limit import Limits
from sync.port import Followed
from sync.wire.message import Ack, Joined, MemberJoined, MemberLeft, Updates
from tests.unit.sync.room.driven_room import (
    BOB,
    DrivenRoom,
    Editor,
    edit,
    error,
    messages,
    orders,
    room_with,
    sent,
    versions,
    yjs,
)


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


def test_update_is_told_with_its_ops_if_its_sender_turned_to_text_mode() -> None:
    driven = DrivenRoom()
    driven.join("s1", BOB, "yjs")
    driven.submit(yjs("s1", "u", Editor(1).edit(("abc",))))
    driven.join("s1", BOB, "text")
    (ack,) = sent(driven.commit(), "s1", Ack)
    assert (ack.version, ack.ops) == (1, [{"insert": "abc"}])
