"""Share links, and who has redeemed them."""

from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.access.access_record import LinkRecord, Redeemed
from storage.table import documents, link_uses, links

_insert = insert(links)
_of_document = (
    select(*links.c)
    .where(links.c.document_key == bindparam("of_document"), links.c.revoked_at_ms.is_(None))
    .order_by(links.c.created_at_ms, links.c.id)
)
_revoke = (
    update(links)
    .where(
        links.c.id == bindparam("of_link"),
        links.c.document_key == bindparam("of_document"),
        links.c.revoked_at_ms.is_(None),
    )
    .values(revoked_at_ms=bindparam("now_ms"))
)
_live = (
    select(documents.c.name, links.c.role, links.c.document_key, links.c.id, links.c.expires_at_ms)
    .join_from(links, documents, documents.c.key == links.c.document_key)
    .where(
        links.c.secret_hash == bindparam("hash_of_secret"),
        links.c.revoked_at_ms.is_(None),
        or_(links.c.expires_at_ms.is_(None), links.c.expires_at_ms > bindparam("now_ms")),
        documents.c.deleted_at_ms.is_(None),
    )
)
# FOR SHARE: who revokes the link waits until its use is there, or it is revoked before.
_live_and_locked = _live.with_for_update(read=True, of=links)
_use: dict[str, Any] = {
    "sqlite": sqlite.insert(link_uses).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(link_uses).on_conflict_do_nothing(),
}


def add(connection: Connection, link: LinkRecord) -> None:
    connection.execute(_insert, asdict(link))


def of_document(connection: Connection, key: int) -> list[LinkRecord]:
    rows = connection.execute(_of_document, {"of_document": key})
    return [LinkRecord(*row) for row in rows]


def revoke(connection: Connection, key: int, link_id: str, at_ms: int) -> bool:
    """Return whether there was such a link that was not revoked yet."""
    values = {"of_document": key, "of_link": link_id, "now_ms": at_ms}
    return connection.execute(_revoke, values).rowcount == 1


def is_live(connection: Connection, secret_hash: bytes, at_ms: int) -> bool:
    """Return whether a link of that secret is live."""
    values = {"hash_of_secret": secret_hash, "now_ms": at_ms}
    return connection.execute(_live, values).first() is not None


def redeem(
    connection: Connection, secret_hash: bytes, user_id: str, at_ms: int
) -> tuple[Redeemed, bool] | None:
    """Note the use of a live link; return where it leads, and whether this use is the first."""
    values = {"hash_of_secret": secret_hash, "now_ms": at_ms}
    row = connection.execute(_live_and_locked, values).one_or_none()
    if row is None:
        return None
    found = Redeemed(*row)
    use = {
        "user_id": user_id,
        "document_key": found.document_key,
        "link_id": found.link_id,
        "used_at_ms": at_ms,
    }
    is_first = connection.execute(_use[connection.dialect.name], use).rowcount == 1
    return found, is_first
