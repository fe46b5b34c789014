"""sync.room.phase: the phases that a room goes through, and what they mean for submissions."""

from sync.document.document import Lookup
from sync.effect import Dismiss
from sync.error import ErrorCode, refusal
from sync.fact import Broken, CommitFailed, Committed, Deleted, Leave, StoreFound, StoreLost
from sync.port import Followed
from sync.room.phase import Lifecycle, Phase
from sync.wire.message import Ack, ErrorMessage
from tests.unit.sync.room.driven_room import (
    NOW_MS,
    DrivenRoom,
    edit,
    error,
    parked,
    room_with,
    sent,
    settled,
)


def phase_of(driven: DrivenRoom) -> Phase:
    return driven.room.phase


def is_clean(driven: DrivenRoom) -> bool:
    return driven.room.is_clean


def test_document_may_be_shown_in_two_phases() -> None:
    assert [phase for phase in Phase if phase.is_settled] == [Phase.SETTLED, Phase.TAKEN]


def test_batch_goes_through_taken_and_merging() -> None:
    driven = DrivenRoom()
    driven.submit(edit("http", "a", 0, "x"))
    assert phase_of(driven) is Phase.SETTLED
    driven.room.take_batch(512, 1 << 20)
    assert phase_of(driven) is Phase.TAKEN
    driven.log.append_draft(driven.begin())
    assert phase_of(driven) is Phase.MERGING
    driven.tell(Committed())
    assert phase_of(driven) is Phase.SETTLED


def test_failed_commit_loses_the_document_until_it_is_reopened() -> None:
    driven = DrivenRoom()
    driven.submit(edit("http", "a", 0, "x"))
    driven.fail(committed=False)
    assert phase_of(driven) is Phase.LOST
    assert driven.tell(CommitFailed()) == [], "one reopening is enough"
    driven.reopen()
    assert phase_of(driven) is Phase.SETTLED


def test_end_is_final() -> None:
    for fact, is_deleted in ((Deleted(), True), (Broken(), False)):
        driven = DrivenRoom()
        driven.tell(fact)
        assert phase_of(driven) is Phase.ENDED
        assert (driven.room.deleted, driven.room.broken) == (is_deleted, not is_deleted)
        driven.tell(CommitFailed(), StoreLost(), StoreFound())
        assert phase_of(driven) is Phase.ENDED
        assert driven.room.is_clean


def test_document_deleted_under_a_batch_appends_nothing() -> None:
    driven = DrivenRoom()
    driven.submit(edit("http", "a", 0, "x"))
    driven.room.take_batch(512, 1 << 20)
    driven.tell(Deleted())
    found = Followed(driven.log.document(), [], {})
    assert driven.room.merge(found, Lookup(), NOW_MS).events == []
    assert phase_of(driven) is Phase.ENDED
    assert driven.tell(Committed()) == []


def test_objection_is_the_end_or_that_the_store_is_away() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.objection() is None
    lifecycle.is_read_only = True
    found = lifecycle.objection()
    assert found is not None
    assert (found.code, found.retryable) == (ErrorCode.READ_ONLY, True)
    why = refusal(ErrorCode.UNKNOWN_DOCUMENT, "The document is deleted.")
    lifecycle.finish(why)
    assert lifecycle.objection() is why


def test_join_to_an_ended_room_is_told_the_reason_and_let_go() -> None:
    for fact, code in (
        (Deleted(), ErrorCode.UNKNOWN_DOCUMENT),
        (Broken(), ErrorCode.STORE_UNAVAILABLE),
    ):
        driven = room_with("before")
        driven.tell(fact)
        effects = driven.join("late")
        assert error(effects, "late").code is code
        assert Dismiss("late") in effects
        assert driven.room.members == {}


def test_deletion_waits_for_a_batch_that_may_be_committed() -> None:
    driven = room_with("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    draft = driven.begin()
    assert driven.tell(Deleted()) == [], "the log may have it: it is not refused"
    driven.log.append_draft(draft)
    effects = driven.tell(Committed())
    (ack,) = sent(effects, "s1", Ack)
    assert ack.version == 1
    assert error(effects, "s1").code is ErrorCode.UNKNOWN_DOCUMENT
    assert phase_of(driven) is Phase.ENDED


def test_batch_is_taken_only_while_the_document_is_what_the_log_has() -> None:
    driven = DrivenRoom()
    driven.submit(edit("http", "a", 0, "x"))
    driven.begin()
    driven.submit(edit("http", "b", 0, "y"))
    assert not driven.room.take_batch(512, 1 << 20)
    assert phase_of(driven) is Phase.MERGING
    driven.tell(CommitFailed())
    assert not driven.room.take_batch(512, 1 << 20)
    assert phase_of(driven) is Phase.LOST


def test_room_is_not_clean_while_a_batch_or_a_reopening_is_under_way() -> None:
    driven = room_with("s1")
    assert is_clean(driven)
    driven.submit(edit("s1", "a", 0, "x"))
    driven.room.take_batch(512, 1 << 20)
    driven.tell(Leave("s1", is_expelled=True))
    assert (driven.room.unsettled, phase_of(driven)) == ([], Phase.TAKEN)
    assert not is_clean(driven), "a merge follows"
    driven.tell(CommitFailed(), StoreLost())
    assert (driven.room.unsettled, phase_of(driven)) == ([], Phase.LOST)
    assert not is_clean(driven), "the document is not loaded"
    driven.reopen()
    assert is_clean(driven)
    driven.join("ahead", since=4, epoch="e1")
    assert phase_of(driven) is Phase.SETTLED
    assert not is_clean(driven), "a join waits for a look at the log"


def test_member_that_joins_anew_in_another_mode_is_judged_by_its_new_one() -> None:
    driven = room_with("s1")
    driven.submit(edit("http", "a", 0, "x"))
    draft = driven.begin()
    assert driven.join("s1", mode="yjs") == []
    assert driven.submit(edit("s1", "b", 0, "y")) == []
    driven.log.append_draft(draft)
    effects = driven.tell(Committed())
    assert error(effects, "s1").code is ErrorCode.INVALID_MESSAGE
    assert not driven.room.has_pending


def test_member_that_is_expelled_while_its_batch_is_committed_is_not_refused_it() -> None:
    driven = room_with("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    draft = driven.begin()
    assert settled(driven.tell(Leave("s1", is_expelled=True)), "s1") == 0
    driven.log.append_draft(draft)
    assert settled(driven.tell(Committed()), "s1") == 1


def test_parked_update_is_refused_once_the_log_was_rewound() -> None:
    driven, _, _ = parked()
    driven.submit(edit("http", "a", 0, "x"))
    driven.fail(committed=False)
    driven.log.epoch = "e2"
    effects = driven.reopen()
    assert [each.code for each in sent(effects, "s1", ErrorMessage)] == [ErrorCode.BASE_UNKNOWN]
    assert driven.room.unsettled == []
