"""sync.room.room: submissions that are refused, by role, mode and number."""

import pytest

from sync.effect import Effect, WantBatch
from sync.error import ErrorCode
from sync.fact import AskAwareness, Committed, Leave, SetRole
from sync.limit import Limits
from sync.names import Role
from sync.room.deferred import MAX_KEPT_ASKS
from sync.wire.message import Ack, ErrorMessage, Joined, RoleChanged
from tests.unit.sync.room.driven_room import (
    BOB,
    NAME,
    DrivenRoom,
    edit,
    error,
    messages,
    room_with,
    sent,
    settled,
    versions,
    yjs,
)


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
