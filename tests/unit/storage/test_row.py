"""How the fields of a record are stored."""

import pytest
from msgspec.structs import replace

from storage.event_query import COLUMNS
from storage.row import checkpoint_record, checkpoint_row, encode_ops, event_record, event_rows
from storage.table import documents, events
from sync.port import Checkpoint, DocumentRecord, EventRecord
from sync.submission import update_digest

EVENT = EventRecord(3, "id", (12, "hello", -3), b"u", "a", "A", "s", 5, b"d" * 16)
WRITER = 9


def event_row(key: int, writer: int, event: EventRecord) -> tuple[object, ...]:
    (row,) = event_rows([key], [writer], [event])
    return row


def read_back(row: tuple[object, ...], event: EventRecord) -> EventRecord:
    """The record of a row that is joined with its writer."""
    stored = dict(zip(events.c.keys(), row, strict=True))
    stored |= {name: getattr(event, name) for name in ("actor_id", "actor_name", "session")}
    return event_record([stored[column.name] for column in COLUMNS])


def test_columns_of_documents_stand_in_the_order_of_the_fields() -> None:
    assert tuple(documents.c.keys()) == DocumentRecord.__struct_fields__


def test_ops_are_compact_json() -> None:
    assert encode_ops((12, "hellö\n", -3)) == '[12,"hellö\\n",-3]'
    assert encode_ops(()) == "[]"


def test_event_row_gives_the_event_back() -> None:
    row = event_row(7, WRITER, EVENT)
    assert dict(zip(events.c.keys(), row, strict=True)) == {
        "document_key": 7,
        "version": 3,
        "at_ms": 5,
        "writer": WRITER,
        "number": None,
        "nonce": None,
        "id": "id",
        "digest": b"d" * 16,
        "ops": '[12,"hello",-3]',
        "update": b"u",
    }
    assert read_back(row, EVENT) == EVENT


@pytest.mark.parametrize("session", ["s", "0123456789abcdef", "a-b-1"])
@pytest.mark.parametrize("number", [0, 1, 999_999_999])
def test_made_up_id_is_stored_in_parts(session: str, number: int) -> None:
    event = replace(EVENT, session=session, id=f"{session}-{number}-00ff1f2e3d4c")
    row = event_row(7, WRITER, event)
    assert row[4:7] == (number, bytes.fromhex("00ff1f2e3d4c"), None)
    assert read_back(row, event) == event


@pytest.mark.parametrize(
    "event_id",
    [
        "other-1-00ff1f2e3d4c",
        "s-01-00ff1f2e3d4c",
        "s--1-00ff1f2e3d4c",
        "s-1000000000-00ff1f2e3d4c",
        "s-1-00FF1F2E3D4C",
        "s-1-00ff1f2e3d4",
        "s-1-00ff1f2e3d4c0",
        "s-\u0661-00ff1f2e3d4c",
        "s-1-00ff1f2e3d4c\n",
        "-1-00ff1f2e3d4c",
    ],
)
def test_id_that_looks_made_up_but_is_not_is_stored_whole(event_id: str) -> None:
    event = replace(EVENT, id=event_id)
    row = event_row(7, WRITER, event)
    assert row[4:7] == (None, None, event_id)
    assert read_back(row, event) == event


def test_digest_of_the_update_is_not_stored() -> None:
    event = replace(EVENT, digest=update_digest(EVENT.update))
    row = event_row(7, WRITER, event)
    assert row[7] is None
    assert read_back(row, event) == event


def test_checkpoint_without_state_keeps_no_pairs() -> None:
    row = checkpoint_row(7, Checkpoint(4, "téxt" * 1000, None, b"pairs"))
    assert len(row["text"]) < 100
    assert (row["state"], row["pairs"]) == (None, b"")
    stored = [row[name] for name in ("version", "text", "state", "pairs")]
    assert checkpoint_record(stored) == Checkpoint(4, "téxt" * 1000, None)
