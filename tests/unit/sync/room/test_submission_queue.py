"""sync.room.submission_queue: from arrival to settlement, and what a failure leaves."""

import pytest

from sync.document.document import Document, Lookup
from sync.limit import Limits
from sync.port import Followed
from sync.room.submission_queue import SubmissionQueue
from sync.submission import Submission
from sync.yjs.replica import ReplicaBrokenError
from tests.unit.sync.room.driven_room import BOB, NOW_MS, Editor, MemoryLog, edit, yjs


class Queue:
    """A queue over an empty document."""

    def __init__(self, *submissions: Submission, limits: Limits | None = None) -> None:
        self.log = MemoryLog()
        self.document = Document(self.log.opened(), limits or Limits())
        self.queue = SubmissionQueue(limits or Limits())
        self.queue.pending.extend(submissions)

    def take(self, max_events: int = 512) -> list[Submission]:
        return self.queue.take(self.document, max_events, 1 << 20)

    def merge(self) -> list[str]:
        """Merge what was taken; returns the ids of the events."""
        found = Followed(self.log.document(), [], {})
        draft = self.queue.merge(self.document, found, Lookup(), NOW_MS)
        return [event.id for event in draft.events]


def test_batch_is_what_was_submitted_first() -> None:
    a, b, c = (edit("s", name, 0, name) for name in "abc")
    held = Queue(a, b, c)
    assert held.take(2) == [a, b]
    assert held.merge() == ["a", "b"]
    assert [submission for submission, _ in held.queue.merged] == [a, b]
    held.queue.settle()
    assert held.queue.unsettled() == [c]


def test_failed_merge_leaves_the_batch_to_be_tried_again() -> None:
    a, b = (edit("s", name, 0, name) for name in "ab")
    held = Queue(a, b)
    held.take()
    held.merge()
    held.queue.forget_merge()
    assert held.queue.unsettled() == [a, b]
    assert held.take() == [a, b]


@pytest.mark.parametrize("batch", ["b", "abc"])
def test_submission_on_which_merging_has_a_defect_stays_unsettled(
    batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Queue(*[edit("s", name, 0, name) for name in batch])
    merge = held.document.merge

    def fail_at_b(submission: Submission, lookup: Lookup, now_ms: int) -> object:
        if submission.id == "b":
            raise KeyError("a defect")
        return merge(submission, lookup, now_ms)

    monkeypatch.setattr(held.document, "merge", fail_at_b)
    held.take()
    with pytest.raises(KeyError):
        held.merge()
    assert [submission.id for submission in held.queue.unsettled()] == list(batch)


def test_submission_that_breaks_the_replica_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, bad, c = (edit("s", name, 0, name) for name in "abc")
    held = Queue(a, bad, c)
    merge = held.document.merge

    def fail_at_bad(submission: Submission, lookup: Lookup, now_ms: int) -> object:
        if submission is bad:
            raise ReplicaBrokenError("it failed")
        return merge(submission, lookup, now_ms)

    monkeypatch.setattr(held.document, "merge", fail_at_bad)
    held.take()
    with pytest.raises(ReplicaBrokenError):
        held.merge()
    assert held.queue.refused == [bad]
    assert held.queue.taken == [a, c]


def test_parked_update_is_merged_behind_what_it_waited_for() -> None:
    editor = Editor(5)
    first, second = editor.edit(("a",)), editor.edit((1, "b"))
    late, early = yjs("y", "late", second), yjs("y", "early", first)
    held = Queue(late)
    held.take()
    assert held.merge() == []
    held.queue.settle()
    assert held.queue.unsettled() == [late]
    held.queue.pending.append(early)
    held.take()
    assert held.merge() == ["early", "late"]
    assert held.queue.taken == [early, late]


def test_withdrawal_takes_a_session_out_of_everything_that_is_not_merged() -> None:
    editor = Editor(5)
    editor.edit(("a",))
    parked = yjs("y", "parked", editor.edit((1, "b")))
    held = Queue(parked)
    held.take()
    held.merge()
    held.queue.settle()
    taken, pending = yjs("y", "taken", b"\0\0"), yjs("y", "pending", b"\0\0")
    other = edit("s", "other", 0, "x", user=BOB)
    held.queue.pending.extend((taken, other))
    held.take()
    held.queue.pending.append(pending)
    assert held.queue.has_of("y")
    assert held.queue.withdraw("y", "viewer") == [taken, pending, parked]
    assert not held.queue.has_of("y")
    assert held.queue.unsettled() == [other]
