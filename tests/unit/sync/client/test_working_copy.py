"""`sync.client.working_copy`: the committed text, the text shown, and the edits in between."""

import pytest

from sync.client.working_copy import MAX_PENDING_EDITS, EditLimits, WorkingCopy
from sync.error import ErrorCode, QuireError
from sync.text.delta import DeltaError, DeltaOutOfRange, Ops


def copy_of(text: str) -> WorkingCopy:
    copy = WorkingCopy()
    copy.reset(text)
    return copy


def edit(copy: WorkingCopy, ticket: int, ops: Ops) -> None:
    copy.edit(ticket, ops, EditLimits())


def test_own_edit_is_shown_and_not_committed() -> None:
    copy = copy_of("ab")
    edit(copy, 1, (1, "M"))
    assert (copy.text, copy.committed, copy.pending.count) == ("aMb", "ab", 1)


def test_others_change_is_carried_over_own_edits_before_it_is_shown() -> None:
    copy = copy_of("ab")
    edit(copy, 1, ("MM",))
    assert copy.commit((1, "L")) == (3, "L")
    assert (copy.text, copy.committed) == ("MMaLb", "aLb")


def test_acknowledged_edit_is_committed_and_the_text_shown_stays() -> None:
    copy = copy_of("ab")
    edit(copy, 1, (1, "M"))
    copy.pending.launch("notes", "e1", 7)
    assert copy.acknowledge((1, "M")) == ([1], ())
    assert copy.text == copy.committed == "aMb"


def test_withdrawn_edit_leaves_the_text_shown() -> None:
    copy = copy_of("ab")
    edit(copy, 1, (1, "M"))
    copy.pending.launch("notes", "e1", 7)
    edit(copy, 2, (3, "q"))
    assert copy.withdraw() == ([1], (1, -1))
    assert (copy.text, copy.committed) == ("abq", "ab")


def test_full_text_replaces_the_committed_one_and_keeps_own_edits() -> None:
    copy = copy_of("one two")
    edit(copy, 1, (7, "!"))
    copy.replace("zero one two")
    assert (copy.text, copy.committed) == ("zero one two!", "zero one two")


def test_change_that_does_not_fit_changes_nothing() -> None:
    copy = copy_of("ab")
    with pytest.raises(DeltaOutOfRange):
        copy.commit((5, "L"))
    assert copy.text == copy.committed == "ab"


def test_own_selection_moves_with_the_text_and_is_told_in_the_committed_one() -> None:
    copy = copy_of("abcd")
    edit(copy, 1, ("MM",))
    copy.selection = (4, 6)
    assert copy.committed_selection() == (2, 4)
    copy.commit((1, "L"))
    assert copy.selection == (5, 7)
    assert copy.committed_selection() == (3, 5)
    copy.selection = None
    assert copy.committed_selection() is None


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    copy = copy_of("ab")
    with pytest.raises(DeltaError):
        edit(copy, 1, (text,))
    assert (copy.text, copy.pending.count) == ("ab", 0)


def test_edit_that_the_server_would_refuse_is_refused_at_once() -> None:
    copy = copy_of("ab")
    with pytest.raises(QuireError) as full:
        copy.edit(1, ("x" * 9,), EditLimits(max_document_chars=10))
    assert full.value.code is ErrorCode.DOCUMENT_FULL
    with pytest.raises(QuireError) as large:
        copy.edit(1, ("x" * 700,), EditLimits(max_message_bytes=1_000))
    assert large.value.code is ErrorCode.TOO_LARGE
    # Its estimate is too large, its exact size is not.
    copy.edit(1, ("x" * 400,), EditLimits(max_message_bytes=1_000))
    copy.pending.count = MAX_PENDING_EDITS
    with pytest.raises(QuireError) as busy:
        edit(copy, 2, ("x",))
    assert (busy.value.code, busy.value.retryable) == (ErrorCode.RATE_LIMITED, True)
