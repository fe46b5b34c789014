"""A backup is brought back: read whole and checked, then put into a database in one transaction.

    every frame fits ─▶ images ─▶ (what is there is removed ─▶) rows ─▶ every log is whole ─▶
    ends that came after the backup ─▶ new epochs ─▶ commit

Whatever fails, at any moment, leaves the database as it was. Images are put before: one that no row
names does no harm, and is removed in time.

Versions that clients saw after the backup are gone, and others will have their numbers: each
document has a new epoch, which tells them. And what had ended after the backup must not begin anew
by it: see `_apply_ends`.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, MetaData, Table, delete, insert, or_, select, update
from sqlalchemy.util import greenlet_spawn

from storage.backup.backup_content import (
    BACKED_UP,
    BackupEnd,
    BackupHeader,
    BackupRows,
    decode_blob,
    decode_end,
    decode_header,
    decode_rows,
)
from storage.backup.backup_frame import (
    BLOB,
    END,
    HEADER,
    ROWS,
    BackupDamagedError,
    read_frames,
)
from storage.blob_check import is_whole
from storage.blobs.blob_store import BlobStore
from storage.copy import Report, continue_keys, database_connection, require_empty, require_whole
from storage.engine import read_url, store_errors
from storage.migrate import SCHEMA_REVISION, has_schema, require_current, revisions, upgrade_in
from storage.rewind import renew
from storage.search.sql_search import index_work
from storage.table import api_tokens, links, metadata, users, webhooks
from sync.port import StoreError

_RESTORED = "it was restored from a backup: resume it if this server is to tell its receiver"


class Restored(Struct, frozen=True):
    """The outcome of a restore."""

    header: BackupHeader
    end: BackupEnd
    documents: int
    revoked_tokens: int
    """API tokens that the backup has as valid, and that are not."""


@dataclass(slots=True)
class _Ends:
    """The ends that a database which is replaced knows of, and the tokens that it has as valid."""

    valid_tokens: set[str] = field(default_factory=set)
    revoked_links: dict[str, int] = field(default_factory=dict)
    disabled_users: set[str] = field(default_factory=set)


async def restore_backup(
    path: Path,
    database_url: str,
    blobs: BlobStore | None,
    report: Report,
    *,
    replace: bool,
    keep_tokens: bool,
    now_ms: int,
) -> Restored:
    """Bring a backup back into a database that nobody works with; returns after the commit.

    A database without tables gets those of the backup, which are then migrated. Blocks the event
    loop when it is SQLite: not for a server.

    Args:
        blobs: the place of images; None: those in the backup are left out.
        replace: remove what the database has; otherwise it must be empty.
        keep_tokens: API tokens are as valid as they were, even if nobody knows whether they still
            are. Otherwise one is only if the database that is replaced has it as valid.
        now_ms: UTC; what is ended now ends then.

    Raises:
        StoreError: the database or the place of images cannot be used, or what it has is in the
            way, or the backup is of a schema that cannot be brought back into it.
        BackupDamagedError: the file is no whole backup.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        header, end = _checked(file)
        url = read_url(database_url)
        is_bare = not await has_schema(database_url)
        if not is_bare:
            await require_current(database_url)
        _require_usable(header, is_bare=is_bare)
        if blobs is not None:
            await _put_blobs(file, blobs, report)
        with store_errors():
            async with database_connection(url, write=True) as target:
                work = _Restoring(target, header, report, replace, keep_tokens, now_ms, is_bare)
                revoked = await greenlet_spawn(work.run, file, end)
    return Restored(header, end, work.documents, revoked)


def _checked(file: IO[bytes]) -> tuple[BackupHeader, BackupEnd]:
    """Read all of a backup; return its first and its last frame."""
    header = end = None
    counted = Counter[str]()
    blobs = 0
    for frame in read_frames(file):
        try:
            if frame.kind == HEADER:
                header = decode_header(frame.content)
            elif frame.kind == ROWS:
                rows = decode_rows(frame.content)
                counted[rows.table] += len(rows.rows)
            elif frame.kind == BLOB:
                blob = decode_blob(frame.content)
                blobs += is_whole(blob.name, blob.content)
            elif frame.kind == END:
                end = decode_end(frame.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BackupDamagedError(f"it cannot be read at byte {frame.place:,}") from None
    if header is None or end is None:
        raise BackupDamagedError("it has no header")
    if blobs != end.blobs or any(counted[name] != n for name, n in end.rows.items()):
        raise BackupDamagedError("it has not as much as its end says")
    return header, end


def _require_usable(header: BackupHeader, *, is_bare: bool) -> None:
    if header.schema not in revisions():
        raise StoreError(
            f"the backup has schema {header.schema}, which this Quire does not know: a newer one "
            f"made it. This one knows schemas up to {SCHEMA_REVISION}"
        )
    if header.schema != SCHEMA_REVISION and not is_bare:
        raise StoreError(
            f"the backup has schema {header.schema}, the database {SCHEMA_REVISION}: restore it "
            "into a database without tables, which then are migrated"
        )


async def _put_blobs(file: IO[bytes], blobs: BlobStore, report: Report) -> None:
    file.seek(0)
    count = 0
    for frame in read_frames(file):
        if frame.kind == BLOB:
            blob = decode_blob(frame.content)
            await blobs.put(blob.name, blob.content)
            count += 1
            report("images", count)


@dataclass(slots=True)
class _Restoring:
    """The transaction of a restore."""

    target: Connection
    header: BackupHeader
    report: Report
    replace: bool
    keep_tokens: bool
    now_ms: int
    is_bare: bool
    documents: int = 0

    def run(self, file: IO[bytes], end: BackupEnd) -> int:
        """Do all of it; return how many API tokens are not valid any more."""
        ends = _Ends()
        if self.is_bare:
            upgrade_in(self.target, self.header.schema)
        elif self.replace:
            ends = _read_ends(self.target)
            self._remove_all()
        else:
            require_empty(self.target)
            self._remove_all()
        self._insert(file)
        if self.is_bare and self.header.schema != SCHEMA_REVISION:
            upgrade_in(self.target)
        require_whole(self.target, end.rows)
        continue_keys(self.target)
        revoked = self._apply_ends(ends)
        self.documents = renew(self.target)
        return revoked

    def _remove_all(self) -> None:
        """Remove every row, and what search has indexed."""
        index_work((), (), (), is_first=True)(self.target)
        for table in reversed(metadata.sorted_tables):
            self.target.execute(delete(table))

    def _insert(self, file: IO[bytes]) -> None:
        file.seek(0)
        tables = self._tables()
        counts = Counter[str]()
        for frame in read_frames(file):
            if frame.kind != ROWS:
                continue
            rows: BackupRows = decode_rows(frame.content)
            names = self.header.tables[rows.table]
            values = [dict(zip(names, row, strict=True)) for row in rows.rows]
            self.target.execute(insert(tables[rows.table]), values)
            counts[rows.table] += len(values)
            self.report(rows.table, counts[rows.table])

    def _tables(self) -> dict[str, Table]:
        """Return the tables as they were when the backup was made."""
        if self.header.schema == SCHEMA_REVISION:
            return {table.name: table for table in BACKED_UP}
        found = MetaData()
        found.reflect(self.target, only=list(self.header.tables))
        return dict(found.tables)

    def _apply_ends(self, ends: _Ends) -> int:
        """Have nothing begin anew that has ended since the backup was made, as far as is known.

        Sessions, tickets and invitations are in no backup. Links, disabled users and API tokens are
        ended as the replaced database has them. A token that it does not have as valid is revoked.
        Webhooks wait for an operator: this may be a copy, whose receivers are another's.
        """
        revoked = 0
        if not self.keep_tokens:
            may_be_valid = or_(
                api_tokens.c.expires_at_ms.is_(None), api_tokens.c.expires_at_ms > self.now_ms
            )
            for token_id in self.target.scalars(
                select(api_tokens.c.id).where(api_tokens.c.revoked_at_ms.is_(None), may_be_valid)
            ).all():
                if token_id not in ends.valid_tokens:
                    revoking = update(api_tokens).where(api_tokens.c.id == token_id)
                    self.target.execute(revoking.values(revoked_at_ms=self.now_ms))
                    revoked += 1
        for link_id, at_ms in ends.revoked_links.items():
            ending = update(links).where(links.c.id == link_id, links.c.revoked_at_ms.is_(None))
            self.target.execute(ending.values(revoked_at_ms=at_ms))
        for user_id in ends.disabled_users:
            shutting = update(users).where(users.c.id == user_id)
            self.target.execute(shutting.values(is_disabled=True))
        pausing = update(webhooks).where(webhooks.c.paused_at_ms.is_(None))
        self.target.execute(pausing.values(paused_at_ms=self.now_ms, paused_because=_RESTORED))
        return revoked


def _read_ends(target: Connection) -> _Ends:
    return _Ends(
        set(target.scalars(select(api_tokens.c.id).where(api_tokens.c.revoked_at_ms.is_(None)))),
        {
            row.id: row.revoked_at_ms
            for row in target.execute(
                select(links.c.id, links.c.revoked_at_ms).where(links.c.revoked_at_ms.is_not(None))
            )
        },
        set(target.scalars(select(users.c.id).where(users.c.is_disabled))),
    )
