"""A principal: a user, and how it was proven who that is. Every door works for one."""

from typing import Literal

from msgspec import Struct

from sync.permission import Claim, Reader
from sync.user import User

Kind = Literal["named", "guest", "account", "oidc", "jwt", "token", "visitor"]
"""`named`: open mode, by a name alone; `guest`: by a signed cookie; `token`: by an API token;
`visitor`: nothing is proven, outside open mode."""


class Principal(Struct, frozen=True):
    """A user with the proof of its identity. It is stored in tickets as JSON."""

    user: User
    kind: Kind
    is_signed_in: bool
    """True if the grant to `signed-in` concerns it. In open mode it concerns everybody."""
    may_create: bool = False
    """True if it may create documents; a scoped one those that its claims let it write in."""
    claims: tuple[Claim, ...] = ()
    expires_at_ms: int | None = None
    """The end of the proof: UTC, milliseconds since the epoch; None: it does not."""
    session_id: str | None = None
    """The stored session that a cookie stands for."""
    token_id: str | None = None
    """The API token that was shown."""
    is_operator: bool = False
    document: str | None = None
    """The one document that its ticket is good for; None: any."""

    @property
    def is_proven(self) -> bool:
        """True unless nothing is known about it."""
        return self.kind != "visitor"

    @property
    def reader(self) -> Reader:
        """The principal, as far as that decides about access to documents."""
        return Reader(
            self.user.id,
            self.is_signed_in,
            self.claims,
            is_scoped=self.kind == "token",
            is_unproven=not self.is_proven,
        )
