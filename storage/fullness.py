"""The bounds of what is added, kept in the transaction that adds: others wait until it ends."""

from sqlalchemy import Connection, bindparam, select, text

from storage.table import documents

# The same that appending takes. SQLite has none, and needs none: BEGIN IMMEDIATE has locked all.
_lock_document = (
    select(documents.c.key)
    .where(documents.c.key == bindparam("of_document"))
    .with_for_update(key_share=True)
)
# Any number that other users of advisory locks in this database are unlikely to take.
_INVITATIONS = 0x5175697265_02
_lock_user = text("SELECT pg_advisory_xact_lock(hashtextextended(:user_id, 1366649202))")
_lock_invitations = text("SELECT pg_advisory_xact_lock(:lock)")


class FullError(Exception):
    """As many as there may be are there already; nothing was written."""


def lock_document(connection: Connection, key: int) -> None:
    """Have others who count what belongs to a document wait until the commit."""
    connection.execute(_lock_document, {"of_document": key})


def lock_user(connection: Connection, user_id: str) -> None:
    """Have others who count what a user keeps wait until the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(_lock_user, {"user_id": user_id})


def lock_invitations(connection: Connection) -> None:
    """Have others who count invitations wait until the commit."""
    if connection.dialect.name == "postgresql":
        connection.execute(_lock_invitations, {"lock": _INVITATIONS})
