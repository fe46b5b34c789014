"""The models of answers about the audit trail."""

from typing import Any

from pydantic import BaseModel

from storage.audit_rows import AuditRecord
from sync.wire.event import timestamp


class AuditUser(BaseModel):
    """Whoever did it, or tried to."""

    id: str
    name: str


class AuditEntry(BaseModel):
    """One act, or one refused attempt."""

    id: int
    at: str
    kind: str
    user: AuditUser | None
    """None: nobody was known."""
    address: str
    document: str | None
    detail: dict[str, Any]
    """`count`, where there is one, is the number of attempts that the entry stands for."""


class AuditPage(BaseModel):
    """Entries, newest first."""

    entries: list[AuditEntry]
    next: int | None
    """The `before` of the next page; null: this page is the last."""


def audit_page(records: list[AuditRecord], limit: int) -> AuditPage:
    """Return a page as the API shows it.

    Args:
        records: one more than `limit`, where there are more.
    """
    shown = records[:limit]
    following = shown[-1].key if len(records) > limit else None
    return AuditPage(entries=[_entry(record) for record in shown], next=following)


def _entry(record: AuditRecord) -> AuditEntry:
    is_known = record.user_id or record.user_name
    return AuditEntry(
        id=record.key,
        at=timestamp(record.at_ms),
        kind=record.kind,
        user=AuditUser(id=record.user_id, name=record.user_name) if is_known else None,
        address=record.address,
        document=record.document,
        detail=record.detail,
    )
