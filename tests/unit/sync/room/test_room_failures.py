"""sync.room.room: a commit that fails, and a document that ends."""

from hashlib import sha256

import pytest
from msgspec.structs import replace

from sync.effect import Dismiss, Reopen, WantBatch
from sync.error import ErrorCode
from sync.fact import Broken, CheckText, CommitFailed, Deleted, MoveCursor, StoreFound, StoreLost
from sync.limit import Limits
from sync.wire.message import Ack, Checked, Cursor, ErrorMessage, Joined
from sync.yjs.replica import Replica, ReplicaBrokenError
from sync.yjs.verdict import Ready
from tests.unit.sync.room.driven_room import (
    BOB,
    NAME,
    DrivenRoom,
    Editor,
    edit,
    error,
    orders,
    parked,
    room_with,
    sent,
    settled,
    versions,
    yjs,
)


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
