"""sync.room.recovery: the document is loaded anew, and nothing that was submitted is lost."""

import pytest

from sync.document.document import Lookup
from sync.effect import Reopen
from sync.error import ErrorCode
from sync.fact import CommitFailed
from sync.port import Checkpoint, Followed
from sync.room.phase import Phase
from sync.wire.message import Ack, ErrorMessage
from sync.yjs.replica import ReplicaBrokenError
from tests.unit.sync.room.driven_room import NOW_MS, DrivenRoom, edit, sent


def test_batch_that_keeps_failing_is_refused_as_retryable() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    refused: list[ErrorMessage] = []
    for _ in range(5):
        assert driven.room.may_merge
        refused += sent(driven.fail(committed=False), "s1", ErrorMessage)
        driven.reopen()
    assert [(each.code, each.retryable) for each in refused] == [
        (ErrorCode.STORE_UNAVAILABLE, True)
    ]
    assert not driven.room.may_merge


def test_batch_taken_before_the_document_was_loaded_anew_is_not_merged() -> None:
    """What the log was asked for it counts from where the document was."""
    driven = DrivenRoom()
    driven.join("s1")
    driven.submit(edit("s1", "a", 0, "x"))
    driven.room.take_batch(512, 1 << 20)
    assert Reopen() in driven.tell(CommitFailed())
    driven.reopen()
    assert driven.room.phase is Phase.SETTLED
    with pytest.raises(ReplicaBrokenError):
        driven.room.merge(Followed(driven.log.document(), [], {}), Lookup(), NOW_MS)
    assert Reopen() in driven.tell(CommitFailed())
    driven.reopen()
    assert [ack.version for ack in sent(driven.commit(), "s1", Ack)] == [1]


def test_room_is_loaded_from_the_events_if_its_checkpoint_does_not_load() -> None:
    driven = DrivenRoom()
    driven.join("s1")
    driven.write(edit("s1", "a", 0, "x"))
    driven.log.checkpoints.append(Checkpoint(1, "x", b"\xff"))
    driven.submit(edit("s1", "b", 1, 1, "y"))
    assert Reopen() in driven.fail(committed=False)
    assert driven.reopen() == [Reopen(before=1)]
    assert driven.room.phase is Phase.LOST
    driven.log.checkpoints.clear()
    driven.reopen()
    assert [ack.version for ack in sent(driven.commit(), "s1", Ack)] == [2]
    assert driven.room.text == "xy"
