"""Rows to records and back: the one place that knows how a field of a record is stored."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import blake2b
from operator import methodcaller
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import astuple

from storage.checkpoint_bytes import pack_quick, unpack
from sync.port import Checkpoint, DocumentRecord, EventRecord
from sync.submission import update_digest
from sync.text.delta import Delta

Row: TypeAlias = Sequence[Any]

_encode_json = msgspec.json.Encoder().encode
_from_hex = bytes.fromhex
# `sync.submission.update_digest` in two steps, neither of them in Python.
_update_hash = partial(blake2b, digest_size=16, person=b"update")
_digest = methodcaller("digest")
decode_ops = msgspec.json.Decoder(tuple[int | str, ...]).decode

_made_up = re.compile(r"(.+)-(0|[1-9][0-9]{0,8})-([0-9a-f]{12})", re.ASCII).fullmatch


class MadeUpId(NamedTuple):
    """The parts of an id of the form that `sync.shells.sessions.yjs_channel` makes up."""

    session: str
    number: int
    """0 to 999,999,999."""
    nonce: bytes
    """6 bytes."""


def encode_ops(ops: Delta) -> str:
    """Compact JSON: `[12,"hello",-3]`."""
    return _encode_json(ops).decode()


def parse_made_up(event_id: str) -> MadeUpId | None:
    """The parts of an id, if it has the form of one that was made up: `session-12-1f2e3d4c5b6a`."""
    found = _made_up(event_id)
    return found and MadeUpId(found[1], int(found[2]), bytes.fromhex(found[3]))


def document_record(row: Row) -> DocumentRecord:
    """Return a record from a row of all columns of `documents`, in their order."""
    return DocumentRecord(*row)


def event_record(row: Row) -> EventRecord:
    """Return a record from a row of `storage.event_query.COLUMNS`."""
    version, number, nonce, event_id, ops, update, actor_id, actor_name, session, at_ms, digest = (
        row
    )
    delta = decode_ops(ops)
    return EventRecord(
        version,
        f"{session}-{number}-{nonce.hex()}" if event_id is None else event_id,
        delta,
        update,
        actor_id,
        actor_name,
        session,
        at_ms,
        update_digest(update) if digest is None else digest,
    )


def event_rows(
    keys: Iterable[int], writers: Iterable[int], added: Iterable[EventRecord]
) -> list[tuple[Any, ...]]:
    """All columns of `events`, in their order, for at least one event.

    A column at a time: in C, for all that needs no decision.
    """
    versions, ids, ops, updates, _, _, sessions, at_ms, digests = zip(
        *map(astuple, added), strict=True
    )
    # Of another session's, number and nonce would not be all there is to the id.
    parts = [
        (int(found[2]), _from_hex(found[3]), None)
        if found is not None and found[1] == session
        else (None, None, event_id)
        for event_id, session, found in zip(ids, sessions, map(_made_up, ids), strict=True)
    ]
    derived = map(_digest, map(_update_hash, updates))
    kept = [None if digest == own else digest for digest, own in zip(digests, derived, strict=True)]
    texts = map(bytes.decode, map(_encode_json, ops))
    return list(
        zip(
            keys,
            versions,
            at_ms,
            writers,
            *zip(*parts, strict=True),
            kept,
            texts,
            updates,
            strict=True,
        )
    )


def checkpoint_record(row: Row) -> Checkpoint:
    """Return a record from version, text, state and pairs."""
    version, text, state, pairs = row
    full = None if state is None else unpack(state)
    return Checkpoint(version, unpack(text).decode(), full, pairs)


def checkpoint_row(key: int, checkpoint: Checkpoint) -> dict[str, Any]:
    state = checkpoint.state
    return {
        "document_key": key,
        "version": checkpoint.version,
        "text": pack_quick(checkpoint.text.encode()),
        "state": None if state is None else pack_quick(state),
        "pairs": checkpoint.pairs if checkpoint.state is not None else b"",
    }
