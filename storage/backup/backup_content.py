"""The contents of the frames of a backup: its tables and their rows, in MessagePack."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from storage.copy import LEFT_OUT
from storage.table import invitations, metadata, web_sessions

_NOT_KEPT: Final = (web_sessions, invitations)
"""Whoever was signed out, or used an invitation, after the backup would be let in again by it."""
BACKED_UP: Final = [
    table for table in metadata.sorted_tables if table not in (*LEFT_OUT, *_NOT_KEPT)
]
"""The tables of a backup, each after those that it refers to."""


class BackupHeader(Struct, frozen=True):
    """The first frame."""

    schema: str
    """The revision of the schema, as `storage.migrate` knows it."""
    made_at_ms: int
    tables: dict[str, list[str]]
    """The columns of each table, in the order in which rows have them."""
    has_blobs: bool


class BackupRows(Struct, frozen=True):
    """Some rows of one table."""

    table: str
    rows: list[list[Any]]


class BackupBlob(Struct, frozen=True):
    """The bytes of one image."""

    name: str
    content: bytes


class BackupEnd(Struct, frozen=True):
    """The last frame: how much there is."""

    rows: dict[str, int]
    blobs: int
    missing_blobs: int
    """Images that had no bytes, or damaged ones."""


_encode = msgspec.msgpack.Encoder().encode
decode_header: Final = msgspec.msgpack.Decoder(BackupHeader).decode
decode_rows: Final = msgspec.msgpack.Decoder(BackupRows).decode
decode_blob: Final = msgspec.msgpack.Decoder(BackupBlob).decode
decode_end: Final = msgspec.msgpack.Decoder(BackupEnd).decode


def encode_content(content: BackupHeader | BackupRows | BackupBlob | BackupEnd) -> bytes:
    """Return the content of a frame."""
    return _encode(content)


def listed_columns() -> dict[str, list[str]]:
    """Return the columns of each table of a backup that is made now."""
    # Plain texts: some names are of a class of SQLAlchemy.
    return {str(table.name): [str(column.name) for column in table.columns] for table in BACKED_UP}


def listed_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[list[Any]]:
    """Return rows as a frame has them."""
    return [[row[name] for name in columns] for row in rows]
