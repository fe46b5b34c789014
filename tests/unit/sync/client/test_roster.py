"""`sync.client.roster`: members and cursors of others."""

from sync.client.roster import RemoteCursor, Roster
from sync.wire.message import Cursor, MemberInfo, MemberJoined, MemberLeft, UserInfo

BOB = UserInfo("u2", "Bob", "#123456")


def cursor(anchor: int | None, head: int | None) -> Cursor:
    return Cursor("notes", "s2", BOB, 1, anchor, head)


def test_cursor_is_carried_over_pending_edits_into_the_text_shown() -> None:
    roster = Roster()
    roster.place(cursor(2, 4), [("ab",), (-1,)], 20)
    assert roster.cursors == {"s2": RemoteCursor(BOB, 3, 5)}


def test_cursor_of_another_version_is_kept_inside_the_text() -> None:
    roster = Roster()
    roster.place(cursor(2, 400), [], 5)
    assert roster.cursors == {"s2": RemoteCursor(BOB, 2, 5)}


def test_cursor_stays_before_text_that_is_inserted_at_it() -> None:
    roster = Roster()
    roster.place(cursor(2, 3), [], 5)
    roster.move((2, "new"))
    assert roster.cursors == {"s2": RemoteCursor(BOB, 2, 6)}


def test_cursor_is_gone_when_it_is_cleared_or_its_session_left() -> None:
    roster = Roster()
    roster.place(cursor(1, 1), [], 5)
    roster.place(cursor(None, None), [], 5)
    assert roster.cursors == {}
    roster.enter(MemberJoined("notes", "s2", BOB, "yjs"))
    roster.place(cursor(1, 1), [], 5)
    assert roster.members == {"s2": MemberInfo("s2", BOB, "yjs")}
    roster.leave(MemberLeft("notes", "s2", BOB))
    assert (roster.members, roster.cursors) == ({}, {})


def test_reset_takes_the_named_members_and_forgets_all_cursors() -> None:
    roster = Roster()
    roster.enter(MemberJoined("notes", "s1", BOB))
    roster.place(cursor(1, 1), [], 5)
    roster.reset([MemberInfo("s2", BOB, "text")])
    assert (list(roster.members), roster.cursors) == (["s2"], {})
