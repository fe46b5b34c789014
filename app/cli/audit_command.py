"""`quire audit`: the audit trail of a database, newest first."""

import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from app.audit.audit_trail import AuditRows
from app.cli.failure import CommandFailed
from app.logs.safe_text import safe_text
from storage.audit_rows import AuditRecord
from storage.migrate import require_current
from storage.store import open_store
from sync.wire.event import timestamp

_PAGE: Final = 500
_MAX_CHARS: Final = 2_000
_DISORDER_MS: Final = 3_600_000
"""The most by which a record may be written after one that is younger: the store was away."""
_AGO: Final = re.compile(r"(\d{1,6})([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_since(text: str, now: datetime | None = None) -> int:
    """Return a time in milliseconds since the epoch.

    Args:
        text: `2026-11-29`, `2026-11-29T08:00`, with or without an offset (without: UTC), or how
            long ago: `30m`, `24h`, `7d`, `2w`.

    Raises:
        ValueError: it is none of these.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            moment = (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        raise ValueError(f"{text!r} is neither a time nor an age such as 24h") from None


async def print_audit(
    database_url: str,
    *,
    document: str | None = None,
    kind: str | None = None,
    since_ms: int | None = None,
    limit: int | None = None,
    as_json: bool = False,
) -> None:
    """Print a line for each record, newest first: tabs between its fields, or JSON.

    Raises `CommandFailed` if there is no document of that name.
    """
    await require_current(database_url)
    store = open_store(database_url)
    try:
        key = None
        if document is not None:
            found = await store.log.find(document)
            if found is None:
                raise CommandFailed(f"there is no document {document!r}")
            key = found.key
        count = 0
        async for record in _records(store.audit, key, kind, since_ms):
            if limit is not None and count >= limit:
                break
            print(_json_line(record) if as_json else _text_line(record))
            count += 1
    finally:
        await store.aclose()
    if count == 0:
        print("There are no such records.", file=sys.stderr)


async def _records(
    rows: AuditRows, key: int | None, kind: str | None, since_ms: int | None
) -> AsyncIterator[AuditRecord]:
    before: int | None = None
    while page := await rows.page(key, before=before, limit=_PAGE, kind=kind):
        for record in page:
            # The order is that of writing, which follows that of time but for some seconds.
            if since_ms is None or record.at_ms >= since_ms:
                yield record
        if since_ms is not None and page[-1].at_ms < since_ms - _DISORDER_MS:
            return
        before = page[-1].key


def _json_line(record: AuditRecord) -> str:
    fields: dict[str, Any] = {
        "id": record.key,
        "at": timestamp(record.at_ms),
        "kind": record.kind,
        "user": record.user_id,
        "name": record.user_name,
        "address": record.address,
        "document": record.document,
        "detail": record.detail,
    }
    return msgspec.json.encode(fields).decode()


def _text_line(record: AuditRecord) -> str:
    detail = " ".join(f"{name}={_value(value)}" for name, value in record.detail.items())
    user = record.user_id
    if record.user_name and record.user_name != user:
        user = f"{user} ({record.user_name})"
    fields = (record.kind, user or "-", record.address or "-", record.document or "-", detail)
    shown = (safe_text(field, _MAX_CHARS) for field in fields)
    return "\t".join((timestamp(record.at_ms), *shown)).rstrip()


def _value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
