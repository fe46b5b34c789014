"""Records of the policy of a document, as they cross between SQL and the use cases."""

from msgspec import Struct

from sync.names import Role
from sync.user import User


class GrantRecord(Struct, frozen=True):
    """A role that a document's owner has given to a subject."""

    subject: str
    """`everyone`, `signed-in` or `user:<id>`; see `sync.permission`."""
    role: Role
    user: User | None
    """The user that the subject is, if the store knows one of that id."""


class LinkRecord(Struct, frozen=True):
    """A share link: its secret gives a role to whoever redeems it."""

    id: str
    document_key: int
    secret_hash: bytes
    """SHA-256 of the secret; the secret itself is kept nowhere."""
    role: Role
    created_by: str
    """A user's id."""
    created_at_ms: int
    expires_at_ms: int | None = None
    """UTC, milliseconds since the epoch; None: never."""
    revoked_at_ms: int | None = None


class Redeemed(Struct, frozen=True):
    """The document that a share link leads to, and the role that it gives there."""

    document: str
    """The document's name."""
    role: Role
    document_key: int
    link_id: str
    expires_at_ms: int | None


class AccessChange(Struct, frozen=True):
    """A change of who may do what, in commit order. What is None does not narrow it down."""

    position: int
    """1, 2, 3 … without a gap: where one is missing, old changes have been pruned."""
    document_key: int | None = None
    user_id: str | None = None
    session_id: str | None = None
    token_id: str | None = None
    at_ms: int = 0
