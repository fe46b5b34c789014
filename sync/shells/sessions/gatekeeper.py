"""The gatekeeper of a socket: who its peer is, and which role it has in a document."""

from typing import Protocol

from msgspec import Struct

from sync.names import Role
from sync.user import User


class Identity(Protocol):
    """The identity that a peer has proven; hashable, and equal to the same proof of it."""

    @property
    def user(self) -> User:
        """The user that it acts for."""
        ...

    @property
    def expires_at_ms(self) -> int | None:
        """The end of the proof: UTC, milliseconds since the epoch; None: it does not."""
        ...


class Admission(Struct, frozen=True):
    """A role in a document."""

    role: Role
    until_ms: int | None = None
    """The time at which it has to be asked for again: UTC, milliseconds since the epoch; None: as
    soon as something was changed."""


class Gatekeeper(Protocol):
    """Says who the peer of one socket is, and what it may do; `app` supplies one for each."""

    @property
    def revision(self) -> int:
        """The number of times that this process has learned of changed permissions."""
        ...

    async def identify(
        self, token: str | None, name: str | None, document: str | None = None
    ) -> Identity:
        """Return the identity of a token, else of what came with the handshake, else of a name.

        Args:
            document: the document that the token was sent for, where it was sent for one.

        Raises:
            QuireError: `auth_failed`, `auth_required`.
            StoreError: what is stored about it cannot be read.
        """
        ...

    async def renew(self, identity: Identity) -> Identity | None:
        """Return an identity as it is proven now; None: it is not, or not any more.

        Raises:
            StoreError: what is stored about it cannot be read.
        """
        ...

    async def admit(
        self, identity: Identity, document: str, text_root: str, *, create: bool = True
    ) -> Admission:
        """Return the role in a document, which is created if there is none and that is allowed.

        Args:
            create: False: a document that does not exist is refused as `not_created`.

        Raises:
            QuireError: `unknown_document`, `not_created`, `auth_required`, `invalid_message` (not a
                name), `store_unavailable`.
        """
        ...

    def note_refusal(self, identity: Identity | None, document: str | None, code: str) -> None:
        """Note, for the audit trail, that something was refused with an error code.

        The gatekeeper notes itself what it refuses in `identify` and `admit`.
        """
        ...

    async def review(self, identity: Identity, document: str) -> Admission | None:
        """Return the role that an identity has in a document now; None: none.

        Raises:
            StoreError: the store does not answer.
        """
        ...
