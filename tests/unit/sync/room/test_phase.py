"""sync.room.phase: the phases that a room goes through, and what they mean for submissions."""

from sync.document.document import Lookup
from sync.error import ErrorCode, refusal
from sync.fact import Broken, CommitFailed, Committed, Deleted, StoreFound, StoreLost
from sync.port import Followed
from sync.room.phase import Lifecycle, Phase
from tests.unit.sync.room.driven_room import NOW_MS, DrivenRoom, edit


def phase_of(driven: DrivenRoom) -> Phase:
    return driven.room.phase


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
