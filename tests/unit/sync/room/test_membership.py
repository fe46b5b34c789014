"""sync.room.membership: who may write, and what becomes of what was not merged."""

import pytest
from msgspec.structs import replace

from sync.effect import CatchUp, Dismiss, Effect, Relay
from sync.error import ErrorCode
from sync.fact import (
    CommitFailed,
    Committed,
    Connected,
    Drained,
    Found,
    Join,
    Lagging,
    Leave,
    PageRead,
    PageUnreadable,
    SetAwareness,
    SetRole,
)
from sync.limit import Limits
from sync.names import Role
from sync.port import Followed
from sync.wire.message import (
    Ack,
    AwarenessOut,
    ErrorMessage,
    Joined,
    MemberLeft,
    Resync,
    RoleChanged,
)
from sync.wire.relay import Left, Spoke
from sync.yjs.awareness import encode_awareness
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    DrivenRoom,
    Editor,
    edit,
    messages,
    sent,
    settled,
    yjs,
)


def codes(effects: list[Effect], session: str) -> list[str]:
    return [message.code for message in sent(effects, session, ErrorMessage)]


def order_numbers(effects: list[Effect]) -> list[int]:
    return [effect.order for effect in effects if isinstance(effect, CatchUp)]


# --- leaving ------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_untold", [False, True])
def test_members_are_told_of_one_who_leaves_unless_all_of_them_do(is_untold: bool) -> None:
    driven = DrivenRoom()
    for session in ("s1", "s2"):
        driven.join(session, mode="yjs")
    driven.tell(Connected("elsewhere"))
    driven.tell(SetAwareness("s1", encode_awareness([(7, 1, '{"cursor":1}')])))
    effects = driven.tell(Leave("s1", is_untold=is_untold))
    told = [] if is_untold else [AwarenessOut, MemberLeft]
    assert [type(each) for each in messages(effects, "s2")] == told
    relayed = [type(effect.part) for effect in effects if isinstance(effect, Relay)]
    assert relayed == [Spoke, Left], "other processes are told"
    assert list(driven.room.members) == ["s2"]


# --- permission ---------------------------------------------------------------------------------


def test_submission_of_a_session_that_has_not_joined_is_refused() -> None:
    driven = DrivenRoom()
    effects = driven.submit(edit("s1", "a", 0, "x"))
    assert codes(effects, "s1") == [ErrorCode.NOT_JOINED]
    assert settled(effects, "s1") == 1
    assert not driven.room.may_merge


def test_submission_of_a_session_that_has_left_is_refused() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.tell(Leave("s1"))
    assert codes(driven.submit(edit("s1", "a", 0, "x")), "s1") == [ErrorCode.NOT_JOINED]


@pytest.mark.parametrize("role", ["owner", "editor"])
def test_request_whose_role_may_write_needs_no_member(role: Role) -> None:
    driven = DrivenRoom()
    effects = driven.write(edit("request", "a", 0, "x", role=role))
    assert [ack.version for ack in sent(effects, "request", Ack)] == [1]


@pytest.mark.parametrize("role", ["commenter", "viewer"])
def test_request_whose_role_may_not_write_is_forbidden(role: Role) -> None:
    driven = DrivenRoom()
    effects = driven.submit(edit("request", "a", 0, "x", role=role))
    assert codes(effects, "request") == [ErrorCode.FORBIDDEN]
    assert settled(effects, "request") == 1


def test_what_was_submitted_before_a_leave_is_merged() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.tell(Leave("s1"))
    driven.commit()
    assert driven.log.find("a") is not None


def test_role_that_is_lowered_takes_back_what_is_pending() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.join("s2", BOB)
    driven.submit(edit("s1", "a", 0, "x"), edit("s2", "b", 0, "y"))
    effects = driven.tell(SetRole("s1", "viewer"))
    assert sent(effects, "s1", RoleChanged)
    assert codes(effects, "s1") == [ErrorCode.FORBIDDEN]
    assert settled(effects, "s1") == 1
    driven.commit()
    assert [event.id for event in driven.log.events] == ["b"]


def test_role_that_is_lowered_takes_back_a_batch_that_was_taken() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.room.take_batch(512, 1 << 20)
    assert codes(driven.tell(SetRole("s1", "viewer")), "s1") == [ErrorCode.FORBIDDEN]
    driven.commit()
    assert driven.log.events == []
    assert driven.room.is_clean


def test_role_that_is_lowered_while_merging_leaves_the_commit_alone() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.log.append_draft(driven.begin())
    assert driven.tell(SetRole("s1", "viewer")) == []
    driven.submit(edit("s1", "b", 1, "y"))
    effects = driven.tell(Committed())
    assert [ack.id for ack in sent(effects, "s1", Ack)] == ["a"]
    assert [(m.id, m.code) for m in sent(effects, "s1", ErrorMessage)] == [
        ("b", ErrorCode.FORBIDDEN)
    ]
    assert not driven.room.may_merge


def test_batch_is_not_tried_again_for_a_role_that_was_lowered_meanwhile() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.begin()
    driven.tell(SetRole("s1", "viewer"), CommitFailed())
    # The commit may have been carried out: only a look at the locked head can tell.
    assert codes(driven.reopen(), "s1") == []
    assert codes(driven.commit(), "s1") == [ErrorCode.FORBIDDEN]
    assert not driven.room.may_merge
    assert driven.log.events == []


def test_batch_that_was_stored_although_its_commit_failed_is_not_refused_for_a_lower_role() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.fail(committed=True)
    driven.tell(SetRole("s1", "viewer"))
    effects = driven.reopen() + driven.commit()
    assert codes(effects, "s1") == []
    assert [(ack.id, ack.version) for ack in sent(effects, "s1", Ack)] == [("a", 1)]
    assert codes(driven.submit(edit("s1", "b", 1, "y")), "s1") == [ErrorCode.FORBIDDEN]


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_reader_may_send_what_changes_nothing_and_nothing_else(role: Role) -> None:
    driven = DrivenRoom()
    editor = Editor(5)
    driven.join("e", BOB, "yjs")
    driven.write(yjs("e", "a", editor.edit(("one two",))), yjs("e", "b", editor.edit((-4,))))
    driven.join("v", ANN, "yjs", role=role)
    everything = editor.doc.get_update()
    no_structs = editor.doc.get_update(editor.doc.get_state())
    for number, update in enumerate((everything, no_structs)):
        effects = driven.write(yjs("v", f"v.{number}", update, ANN, is_past=True))
        assert [ack.version for ack in sent(effects, "v", Ack)] == [2]
    for event_id, ops in (("c", (3, "x")), ("d", (-1,))):
        copy = Editor(6)
        copy.apply(everything)
        effects = driven.write(yjs("v", event_id, copy.edit(ops), ANN))
        assert codes(effects, "v") == [ErrorCode.FORBIDDEN]
        whole = copy.doc.get_update(editor.doc.get_state())
        effects = driven.write(yjs("v", f"{event_id}.past", whole, ANN, is_past=True))
        assert codes(effects, "v") == [ErrorCode.FORBIDDEN]
    assert driven.room.version == 2


def test_reader_is_not_told_of_what_is_not_committed_by_an_answer() -> None:
    driven = DrivenRoom()
    editor = Editor(5)
    driven.join("e", BOB, "yjs")
    driven.join("v", ANN, "yjs", role="viewer")
    update = editor.edit(("one",))
    driven.submit(yjs("e", "a", update))
    driven.begin()
    assert driven.submit(yjs("v", "carried", update, ANN, is_past=True)) == []
    driven.tell(CommitFailed())
    assert codes(driven.reopen(), "v") == [ErrorCode.FORBIDDEN]


def test_role_that_is_raised_asks_for_what_was_refused() -> None:
    driven = DrivenRoom()
    driven.join("y", BOB, "yjs", role="viewer")
    driven.join("t", ANN, "text", role="viewer")
    editor = Editor(5)
    refused = editor.edit(("a",))
    assert codes(driven.write(yjs("y", "first", refused)), "y") == [ErrorCode.FORBIDDEN]
    assert sent(driven.tell(SetRole("y", "commenter")), "y", Resync) == []
    effects = driven.tell(SetRole("y", "editor"), SetRole("t", "editor"))
    assert [resync.state_vector for resync in sent(effects, "y", Resync)] == [b"\0"]
    assert sent(effects, "t", Resync) == []
    driven.write(yjs("y", "all", editor.doc.get_update(), is_past=True))
    assert driven.room.text == "a"
    assert sent(driven.tell(SetRole("y", "owner")), "y", Resync) == []


def test_role_that_is_lowered_takes_back_what_is_parked() -> None:
    driven = DrivenRoom()
    driven.join("y", BOB, "yjs")
    editor = Editor(5)
    first, second = editor.edit(("a",)), editor.edit((1, "b"))
    driven.write(yjs("y", "late", second))
    effects = driven.tell(SetRole("y", "viewer"))
    assert codes(effects, "y") == [ErrorCode.FORBIDDEN]
    driven.write(yjs("request", "early", first, role="editor"))
    assert [event.id for event in driven.log.events] == ["early"]


def test_join_in_a_lower_role_takes_back_what_is_pending() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    assert codes(driven.join("s1", role="viewer"), "s1") == [ErrorCode.FORBIDDEN]
    assert not driven.room.may_merge


def test_role_set_behind_a_join_that_waits_holds_after_it() -> None:
    driven = DrivenRoom()
    driven.write(edit("http", "a", 0, "x"))
    driven.join("s1", since=5, epoch="e1")  # ahead of this process: waits for a look
    assert driven.tell(SetRole("s1", "viewer")) == []
    effects = driven.tell(Found(Followed(driven.log.document(), [], {})))
    assert [type(message) for message in messages(effects, "s1")] == [Joined, RoleChanged]
    assert codes(driven.submit(edit("s1", "b", 1, "y")), "s1") == [ErrorCode.FORBIDDEN]


# --- feeds ----------------------------------------------------------------------------------------


def behind() -> tuple[DrivenRoom, PageRead]:
    """A member for which the log is to be read, and its only page."""
    driven = DrivenRoom(Limits(window_events=1))
    for number in range(3):
        driven.write(edit("http", f"e{number}", None, "x"))
    (number,) = order_numbers(driven.join("s1", since=0, epoch="e1"))
    return driven, PageRead("s1", number, driven.log.events[:3])


def test_page_of_an_earlier_join_is_void() -> None:
    driven, page = behind()
    assert driven.room.awaits_page("s1", page.order)
    driven.tell(Leave("s1"))
    effects = driven.join("s1", since=0, epoch="e1")
    assert order_numbers(effects) != [page.order]
    assert not driven.room.awaits_page("s1", page.order)
    assert driven.tell(page) == []


def test_page_after_a_drop_is_void() -> None:
    driven, page = behind()
    driven.tell(Lagging("s1"))
    assert driven.tell(page) == []
    (number,) = order_numbers(driven.tell(Drained("s1", 0)))
    assert number != page.order


def test_page_is_sent_while_a_batch_is_merged_and_the_rest_after_it() -> None:
    driven, page = behind()
    driven.submit(edit("http", "e3", None, "x"))
    driven.log.append_draft(driven.begin())
    assert len(messages(driven.tell(page), "s1")) == 1
    assert len(messages(driven.tell(Committed()), "s1")) == 1
    assert driven.room.members["s1"].feed.is_live


def test_member_that_cannot_be_given_what_it_lacks_is_dismissed() -> None:
    driven, page = behind()
    driven.join("s2", BOB)
    effects = driven.tell(PageUnreadable("s1", page.order))
    assert codes(effects, "s1") == [ErrorCode.STORE_UNAVAILABLE]
    assert Dismiss("s1") in effects
    assert sent(effects, "s2", MemberLeft)
    assert "s1" not in driven.room.members


def test_member_that_lacks_what_is_gone_gets_the_whole_text_when_it_comes_back() -> None:
    driven, page = behind()
    driven.tell(PageUnreadable("s1", page.order, gone_upto=1))
    (joined,) = sent(driven.join("s1", since=0, epoch="e1"), "s1", Joined)
    assert (joined.recovered, joined.text) == (False, driven.room.text)
    (joined,) = sent(driven.join("s1", since=1, epoch="e1"), "s1", Joined)
    assert joined.recovered


def test_page_that_is_unreadable_after_a_new_join_costs_nothing() -> None:
    driven, page = behind()
    driven.join("s1")
    assert driven.tell(PageUnreadable("s1", page.order)) == []
    assert "s1" in driven.room.members


def test_page_whose_updates_cannot_be_merged_costs_one_membership() -> None:
    driven = DrivenRoom(Limits(window_events=1))
    for number in range(3):
        driven.write(edit("http", f"e{number}", None, "x"))
    effects = driven.tell(Join("y", ANN, "editor", "yjs", 0, "e1"))
    (number,) = order_numbers(effects)
    damaged = [replace(event, update=b"\xff") for event in driven.log.events[:3]]
    effects = driven.tell(PageRead("y", number, damaged))
    assert codes(effects, "y") == [ErrorCode.STORE_UNAVAILABLE]
    assert Dismiss("y") in effects


def test_ack_that_waits_at_a_second_join_counts_as_no_event() -> None:
    driven = DrivenRoom(Limits(window_events=1))
    driven.join("s1")
    (ack,) = sent(driven.write(edit("s1", "a", 0, "x")), "s1", Ack)
    for number in range(3):
        driven.write(edit("http", f"e{number}", None, "x"))
    driven.tell(Lagging("s1"), Drained("s1", 1, (ack,)))
    told = messages(driven.join("s1"), "s1")
    assert [(m.version, m.changed) for m in told if isinstance(m, Ack)] == [(1, False)]
    assert isinstance(told[0], Joined)
