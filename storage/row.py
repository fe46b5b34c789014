"""Rows to records and back: the one place that knows how a field of a record is stored."""

import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from sync.port import Checkpoint, DocumentRecord, EventRecord
from sync.text.delta import Delta

Row: TypeAlias = Sequence[Any]

_encode_json = msgspec.json.Encoder().encode
_decode_ops = msgspec.json.Decoder(tuple[int | str, ...]).decode

# The writer's thread compresses while others wait for their commit; 6 would take four times as
# long to save a fifth of the space.
_COMPRESSION = 1


def encode_ops(ops: Delta) -> str:
    """Compact JSON: `[12,"hello",-3]`."""
    return _encode_json(ops).decode()


def document_record(row: Row) -> DocumentRecord:
    """A record from a row of all columns of `documents`, in their order."""
    return DocumentRecord(*row)


def event_record(row: Row) -> EventRecord:
    """A record from a row of all columns of `events` but the first, in their order."""
    version, event_id, kind, ops, *rest = row
    return EventRecord(version, event_id, kind, _decode_ops(ops), *rest)


def event_row(key: int, event: EventRecord) -> tuple[Any, ...]:
    """All columns of `events`, in their order."""
    return (
        key,
        event.version,
        event.id,
        event.type,
        encode_ops(event.ops),
        event.update,
        event.actor_id,
        event.actor_name,
        event.session,
        event.at_ms,
        event.digest,
    )


def checkpoint_record(row: Row) -> Checkpoint:
    """A record from version, text, state and pairs."""
    version, text, state, pairs = row
    return Checkpoint(version, zlib.decompress(text).decode(), state, pairs)


def checkpoint_row(key: int, checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "document_key": key,
        "version": checkpoint.version,
        "text": zlib.compress(checkpoint.text.encode(), _COMPRESSION),
        "state": checkpoint.state,
        "pairs": checkpoint.pairs if checkpoint.state is not None else b"",
    }
