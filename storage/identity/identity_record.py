"""Records of users and of what proves them. Times are UTC, milliseconds since the epoch.

Of every secret only the SHA-256 is kept: they are random and long, so that suffices. Of passwords,
which are neither, a slow hash is kept.
"""

from typing import Literal

from msgspec import Struct

from sync.permission import Claim

UserKind = Literal["guest", "account", "oidc", "jwt"]
"""The way in which a user first came."""
InvitationKind = Literal["join", "reset"]
"""To become a user, or to choose a new password."""


class TakenError(Exception):
    """A login name, or the subject of an identity provider, belongs to another user."""


class LastOperatorError(Exception):
    """A change was refused that would leave no operator who can sign in."""


class UserRecord(Struct, frozen=True):
    """A user, as the store knows it."""

    id: str
    kind: UserKind
    name: str
    color: str
    login: str | None = None
    """Unique; compared as it is, so who stores it brings it into one form."""
    password_hash: str | None = None
    is_operator: bool = False
    is_disabled: bool = False
    created_at_ms: int = 0
    seen_at_ms: int = 0
    issuer: str | None = None
    """With `subject`, the user's identity at an OpenID Connect provider; unique together."""
    subject: str | None = None


class SessionRecord(Struct, frozen=True):
    """A browser's sign-in, proven by a cookie."""

    secret_hash: bytes
    id: str
    """For lists and for the log of access changes; proves nothing."""
    user_id: str
    created_at_ms: int
    expires_at_ms: int
    seen_at_ms: int
    address: str
    agent: str


class TicketRecord(Struct, frozen=True):
    """A ticket for one socket: used once, soon after it was made."""

    secret_hash: bytes
    principal: str
    """JSON text whose form is the caller's."""
    document: str | None
    """The one document that it is good for; None: any."""
    origin: str | None
    """The origin of the page that it was made for; None: not a browser's."""
    expires_at_ms: int
    used_at_ms: int | None = None
    bound_until_ms: int | None = None
    """Until then it may be used again, by the client that used it; None: never."""
    address: str | None = None
    """The address of the client that used it."""


class TokenRecord(Struct, frozen=True):
    """An API token of a program."""

    id: str
    secret_hash: bytes
    name: str
    claims: tuple[Claim, ...]
    """The roles that it gives; it gives no other."""
    created_by: str
    created_at_ms: int
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    used_at_ms: int | None = None
    may_create: bool = False
    """True if it may create the documents that it may write in."""


class InvitationRecord(Struct, frozen=True):
    """An invitation to become a user, or to choose a new password; used once."""

    secret_hash: bytes
    id: str
    kind: InvitationKind
    is_operator: bool
    """True if it makes an operator of its user."""
    user_id: str | None
    """The user whose password is reset; None for kind `join`."""
    created_by: str
    created_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None = None
