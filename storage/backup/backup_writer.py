"""A backup is written: one snapshot of the database as one file, and the bytes of images behind it.

    FILE.part: header ─▶ rows of each table ─▶ images ─▶ end ─▶ flushed to the disk ─▶ FILE

A server may be at work meanwhile: SQLite's log of writes grows until the rows are read, and nobody
waits. What was acknowledged before the backup began is in it. The database comes first, so that an
image is there for every row. Killed at any moment, it leaves no FILE that is not whole.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.util import greenlet_spawn

from storage.backup.backup_content import (
    BACKED_UP,
    BackupBlob,
    BackupEnd,
    BackupHeader,
    BackupRows,
    encode_content,
    listed_columns,
    listed_rows,
)
from storage.backup.backup_frame import BLOB, END, HEADER, ROWS, FrameWriter
from storage.blob_check import is_whole, read_blob
from storage.blobs.blob_store import BlobStore
from storage.copy import Report, batches, database_connection
from storage.engine import read_url, store_errors
from storage.migrate import SCHEMA_REVISION, require_current
from storage.sqlite import database_path
from storage.table import images
from sync.port import StoreError

_OWNER_ONLY = 0o600


async def write_backup(
    database_url: str, path: Path, blobs: BlobStore | None, made_at_ms: int, report: Report
) -> BackupEnd:
    """Write a backup; returns when it is on the disk, with how much it has.

    Args:
        path: of the file, which is not there yet.
        blobs: the place of images; None: they are left out.

    Raises:
        StoreError: the database or the place of images cannot be used, or the file is there.
        OSError: the file cannot be written. There is none then.
    """
    url = read_url(database_url)
    _require_places(url, path)
    await require_current(database_url)
    part = path.with_name(f"{path.name}.part")
    try:
        with _opened(part) as file:
            frames = FrameWriter(file)
            header = BackupHeader(SCHEMA_REVISION, made_at_ms, listed_columns(), blobs is not None)
            frames.write(HEADER, encode_content(header))
            with store_errors():
                async with database_connection(url, write=False) as connection:
                    written, named = await greenlet_spawn(_write_rows, connection, frames, report)
            kept = missing = 0
            async for content in _contents(blobs, named):
                if content is None:
                    missing += 1
                else:
                    frames.write(BLOB, encode_content(content))
                    kept += 1
                report("images", kept)
            end = BackupEnd(written, kept, missing)
            frames.write(END, encode_content(end))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _flush_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return end


def _require_places(url: URL, path: Path) -> None:
    if os.path.lexists(path):
        raise StoreError(f"there is a file {path} already")
    if url.get_backend_name() == "sqlite" and not database_path(url).exists():
        raise StoreError(f"there is no file {database_path(url)}")


def _opened(part: Path) -> IO[bytes]:
    """Open a new file that only its owner can read: it has hashes of secrets, and keys."""
    part.unlink(missing_ok=True)
    return open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb")


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_rows(
    source: Connection, frames: FrameWriter, report: Report
) -> tuple[dict[str, int], list[str]]:
    """Write all rows; return how many each table has, and the names of blobs, each once."""
    written: dict[str, int] = {}
    named: dict[str, None] = {}
    for table in BACKED_UP:
        name, columns = str(table.name), [column.name for column in table.columns]
        count = 0
        for batch in batches(source, table):
            rows = BackupRows(name, listed_rows(batch, columns))
            frames.write(ROWS, encode_content(rows))
            count += len(batch)
            report(name, count)
            if table is images:
                named |= dict.fromkeys(row["blob"] for row in batch if row["blob"])
        written[name] = count
    return written, list(named)


async def _contents(blobs: BlobStore | None, named: list[str]) -> AsyncIterator[BackupBlob | None]:
    """Yield the images of a list; None for one that has not its bytes."""
    for name in named if blobs is not None else ():
        assert blobs is not None, "there is a place"
        content = await read_blob(blobs, name)
        is_there = content is not None and is_whole(name, content)
        yield BackupBlob(name, content) if content is not None and is_there else None
