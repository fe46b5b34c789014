"""`sync.client.pending`: one edit in flight, the rest composed into batches."""

import pytest

from sync.client.pending import MAX_BATCH_OPS, Pending, text_message
from sync.text.delta import Ops, apply
from sync.wire.message import TextDelete, TextEdit, TextInsert


def test_edits_are_composed_into_one_batch_with_all_their_tickets() -> None:
    pending = Pending()
    pending.add(1, ("ab",))
    pending.add(2, (1, "X"))
    assert pending.steps() == [("aXb",)]
    assert pending.tickets() == [1, 2]
    assert pending.count == 2


def test_batch_is_closed_at_its_largest_size() -> None:
    pending = Pending()
    pending.add(1, ("abc",), 5)
    pending.add(2, ("de",), 5)
    pending.add(3, ("f",), 5)
    assert [batch.tickets for batch in pending.batches] == [[1, 2], [3]]
    pending.add(4, (-1, 1) * MAX_BATCH_OPS)
    assert [batch.tickets for batch in pending.batches] == [[1, 2], [3], [4]]


def test_edit_in_flight_keeps_its_message_while_others_edits_are_committed() -> None:
    pending = Pending()
    pending.add(1, (1, "M"))
    edit = pending.launch("notes", "e1", 7)
    assert pending.cross(("LL",)) == ("LL",)
    assert edit.message == TextInsert("notes", "e1", 7, 1, "M")
    assert edit.ops == (3, "M")


def test_acknowledgement_as_expected_leaves_the_text_shown() -> None:
    pending = Pending()
    pending.add(1, (1, "M"))
    pending.launch("notes", "e1", 7)
    assert pending.acknowledge((1, "M"), "ab") == ([1], ())
    assert (pending.count, bool(pending)) == (0, False)


def test_acknowledgement_in_another_form_corrects_the_text_shown() -> None:
    pending = Pending()
    pending.add(1, (1, "M"))
    pending.launch("notes", "e1", 7)
    pending.add(2, ("q",))
    tickets, shown = pending.acknowledge((2, "M"), "ab")
    assert tickets == [1]
    # The text shown was "qaMb".
    assert apply("qaMb", shown) == "qabM"


def test_withdrawn_edit_is_taken_out_from_under_the_batches() -> None:
    pending = Pending()
    pending.add(1, ("M",))
    pending.launch("notes", "e1", 7)
    pending.add(2, (2, "q"))
    assert pending.withdraw("a") == ([1], (-1,))
    assert pending.steps() == [(1, "q")]


def test_relaunched_edit_has_a_new_id_and_its_ops_at_the_new_base() -> None:
    pending = Pending()
    pending.add(1, (1, -1))
    pending.launch("notes", "e1", 7)
    pending.cross(("LL",))
    assert pending.relaunch("e2", 8).message == TextDelete("notes", "e2", 8, 3, 1)
    assert pending.in_flight is not None
    assert pending.in_flight.rebased == 1


def test_dropped_and_cleared_edits_are_no_longer_counted() -> None:
    pending = Pending()
    pending.add(1, ("a",))
    assert pending.drop_first() == [1]
    pending.add(2, ("b",))
    pending.launch("notes", "e1", 7)
    pending.add(3, ("c",))
    assert pending.clear() == [2, 3]
    assert (pending.count, bool(pending)) == (0, False)


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        ((3, "x"), TextInsert("notes", "e", 7, 3, "x")),
        ((-2,), TextDelete("notes", "e", 7, 0, 2)),
        ((-2, "x"), TextEdit("notes", "e", 7, [{"delete": 2}, {"insert": "x"}])),
        (
            ("x", 1, "y"),
            TextEdit("notes", "e", 7, [{"insert": "x"}, {"retain": 1}, {"insert": "y"}]),
        ),
    ],
)
def test_edit_is_sent_in_its_plainest_form(
    ops: Ops, message: TextInsert | TextDelete | TextEdit
) -> None:
    assert text_message("notes", "e", 7, ops) == message
