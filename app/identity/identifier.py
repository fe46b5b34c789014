"""Identification: from the credentials of a request or a socket to a principal.

token:  ticket, API token, JSON Web Token     each checked by a verifier of its own
else    a cookie: of a session, of a guest
else    a name, in open mode
else    a visitor over HTTP, who is known as nobody; a socket is refused
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from app.identity.credential import Credentials
from app.identity.open_mode import named_principal
from app.identity.principal import Principal
from sync.error import CloseCode, ErrorCode, QuireError
from sync.shells.clock import now_ms
from sync.user import User

Verifier = Callable[[str, Credentials], Awaitable[Principal | None]]
"""Checks one secret; None: it proves nothing. Raises `QuireError`, `StoreError`."""

Renewer = Callable[[Principal], Awaitable[Principal | None]]
"""Looks again at what a principal has shown; None: it has ended. Raises `StoreError`."""

VISITOR: Final = Principal(User("", "Visitor", "#6b6b6b", anonymous=True), "visitor", False)


@dataclass(frozen=True, slots=True)
class Verifiers:
    """The checks of an installation, one for each kind of secret; None: it takes none of them."""

    ticket: Verifier | None = None
    api_token: Verifier | None = None
    json_web_token: Verifier | None = None
    session_cookie: Verifier | None = None
    guest_cookie: Verifier | None = None
    session: Renewer | None = None
    """Looks at the stored session that a principal came from, by cookie or by ticket."""
    api_token_again: Renewer | None = None
    json_web_token_again: Renewer | None = None


class Identifier:
    """Identifies whoever asks, at every door.

    Args:
        takes_names: open mode: a name is taken as given, where nothing better is shown.
    """

    def __init__(self, verifiers: Verifiers, *, takes_names: bool) -> None:
        self._verifiers = verifiers
        self._takes_names = takes_names

    async def identify(self, shown: Credentials) -> Principal:
        """Return the principal that credentials prove.

        Raises:
            QuireError: `auth_failed`: a token or a name that is no good; `auth_required`: a socket
                has shown nothing, and names are not taken.
            StoreError: what is stored about it cannot be read.
        """
        if shown.token is not None and not self._is_noise(shown):
            return await self._by_token(shown.token, shown)
        found = await self._by_cookie(shown)
        if found is not None:
            return found
        if self._takes_names:
            return named_principal(shown)
        if shown.door == "http":
            return VISITOR
        raise _refused("Sign in first: this server takes no one by name.", ErrorCode.AUTH_REQUIRED)

    async def renew(self, principal: Principal) -> Principal | None:
        """Return a principal as it is proven now; None: it is not, or not any more.

        Raises:
            StoreError: what is stored about it cannot be read.
        """
        if principal.session_id is not None:
            renewer = self._verifiers.session
        elif principal.token_id is not None:
            renewer = self._verifiers.api_token_again
        elif principal.kind == "jwt" and self._verifiers.json_web_token_again is not None:
            renewer = self._verifiers.json_web_token_again
        else:
            ends = principal.expires_at_ms
            return None if ends is not None and ends <= now_ms() else principal
        renewed = None if renewer is None else await renewer(principal)
        # What bound the ticket that it came by binds it still.
        return None if renewed is None else replace(renewed, document=principal.document)

    async def _by_token(self, token: str, shown: Credentials) -> Principal:
        verifiers = self._verifiers
        if shown.is_ticket:
            verifier = verifiers.ticket
        elif shown.is_api_token:
            verifier = verifiers.api_token
        else:
            verifier = verifiers.json_web_token
        if verifier is None and self._takes_names:
            raise _refused("This server runs in open mode and takes a name, no such token.")
        found = await verifier(token, shown) if verifier is not None else None
        if found is None and shown.is_ticket and shown.door == "y-websocket":
            # It repeats the address of its first connection, with the ticket that is used by now.
            found = await self._by_cookie(shown)
        if found is None:
            raise _refused("The token is not valid, or not any more.")
        return found

    async def _by_cookie(self, shown: Credentials) -> Principal | None:
        for verifier, secret in (
            (self._verifiers.session_cookie, shown.session_cookie),
            (self._verifiers.guest_cookie, shown.guest_cookie),
        ):
            if verifier is not None and secret is not None:
                found = await verifier(secret, shown)
                if found is not None:
                    return found
        return None

    def _is_noise(self, shown: Credentials) -> bool:
        """Return whether a token is one that Yjs clients send unasked to a server without tokens.

        Hocuspocus providers send one whatever the server is; in open mode only tickets and API
        tokens are looked at, whose beginnings say what they are.
        """
        return (
            self._takes_names
            and shown.door in ("y-websocket", "hocuspocus")
            and not (shown.is_ticket or shown.is_api_token)
        )


def _refused(text: str, code: ErrorCode = ErrorCode.AUTH_FAILED) -> QuireError:
    return QuireError(code, text, close_code=CloseCode.NOT_AUTHENTICATED)
