"""How the fields of a record are stored."""

from storage.row import checkpoint_record, checkpoint_row, encode_ops, event_record, event_row
from storage.table import documents, events
from sync.port import Checkpoint, DocumentRecord, EventRecord

EVENT = EventRecord(3, "id", "text_edit", (12, "hello", -3), b"u", "a", "A", "s", 5, b"d" * 16)


def test_columns_stand_in_the_order_of_the_fields() -> None:
    assert tuple(documents.c.keys()) == DocumentRecord.__struct_fields__
    assert ("document_key", *EventRecord.__struct_fields__) == tuple(events.c.keys())


def test_ops_are_compact_json() -> None:
    assert encode_ops((12, "hellö\n", -3)) == '[12,"hellö\\n",-3]'
    assert encode_ops(()) == "[]"


def test_event_row_gives_the_event_back() -> None:
    row = event_row(7, EVENT)
    assert len(row) == len(events.c)
    assert row[0] == 7
    assert event_record(row[1:]) == EVENT


def test_checkpoint_without_state_keeps_no_pairs() -> None:
    row = checkpoint_row(7, Checkpoint(4, "téxt" * 1000, None, b"pairs"))
    assert len(row["text"]) < 100
    assert (row["state"], row["pairs"]) == (None, b"")
    stored = [row[name] for name in ("version", "text", "state", "pairs")]
    assert checkpoint_record(stored) == Checkpoint(4, "téxt" * 1000, None)
