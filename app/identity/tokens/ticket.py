"""Tickets: the proof of identity that a page gives to a socket, and that does not last.

A ticket is good for 30 s and for one use, by the page that asked for it (its origin), and if it
names a document, for that one alone. It stands for the principal that asked, whose own end it does
not move: where that was a session that has ended, or a token that was revoked, it proves nothing.

A stock y-websocket client can only put it into the address of its socket, and repeats that address
when it reconnects. So a ticket that was used there is bound to its return: the same address and
origin may use it again for the same document, while the socket is open and for `return_s` after.

       issued ──use, once, at any door──► used
                     │ at y-websocket
                     ▼
                   bound ◄──renewed while the socket is open
                     │ `return_s` after the socket is closed
                     ▼
                   ended
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from app.identity.attempts import Windows
from app.identity.credential import TICKET_PREFIX, Credentials
from app.identity.identifier import Renewer
from app.identity.principal import Principal
from app.identity.secret_hash import secret_hash
from app.identity.tokens.token_secret import MAX_SECRET_CHARS, new_secret
from app.server.peer_address import address_key
from storage.identity.identity_record import TicketRecord
from sync.error import ErrorCode, QuireError
from sync.port import StoreError

_log = logging.getLogger(__name__)

TICKET_S: Final = 30
_MINUTE_S: Final = 60.0

Clock = Callable[[], float]


class TicketStore(Protocol):
    """The part of `SqlIdentity` that tickets need."""

    async def put_ticket(self, ticket: TicketRecord) -> None: ...

    async def use_ticket(self, secret_hash: bytes, now_ms: int) -> TicketRecord | None: ...

    async def reuse_ticket(self, secret_hash: bytes, now_ms: int) -> TicketRecord | None: ...

    async def bind_ticket(
        self, secret_hash: bytes, until_ms: int, address: str, document: str | None
    ) -> bool: ...

    async def renew_tickets(
        self, secret_hashes: Sequence[bytes], until_ms: int, now_ms: int
    ) -> None: ...


class IssuedTicket(Struct, frozen=True):
    """A new ticket, the only time that its secret is known."""

    secret: str
    expires_at_ms: int


class Tickets:
    """Gives out tickets, and takes them.

    Args:
        clock: UTC, seconds since the epoch.
        renew: looks whether what a principal had shown still stands.
        return_s: how long after its socket a bound ticket lasts; 0: none is bound.
        per_minute: the tickets of one user, at most.
    """

    def __init__(
        self,
        store: TicketStore,
        clock: Clock,
        renew: Renewer,
        *,
        return_s: float,
        per_minute: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._renew = renew
        self._return_s = return_s
        self._held: dict[bytes, int] = {}
        self._issued = Windows(per_minute, window_s=_MINUTE_S)

    async def issue(
        self, principal: Principal, *, document: str | None, origin: str | None, address: str = ""
    ) -> IssuedTicket:
        """Return a ticket that stands for a principal.

        Args:
            address: of whoever asks; it counts the tickets of those whom anybody can become.

        Raises:
            QuireError: `rate_limited`: too many in a minute.
            StoreError: it cannot be stored.
        """
        is_anybody = principal.kind in ("named", "guest")
        self._count(address_key(address) if is_anybody else principal.user.id)
        secret = new_secret(TICKET_PREFIX)
        expires_at_ms = self._now_ms() + TICKET_S * 1000
        record = TicketRecord(
            secret_hash(secret),
            msgspec.json.encode(principal).decode(),
            document,
            None if origin is None else origin.lower(),
            expires_at_ms,
        )
        await self._store.put_ticket(record)
        return IssuedTicket(secret, expires_at_ms)

    async def identify(self, ticket: str, shown: Credentials) -> Principal | None:
        """Return the principal that a ticket stands for, and use the ticket up.

        None: there is no such ticket, it is over or used, or not for this page, document or
        address. Over HTTP, where a request can carry what lasts, no ticket is taken.

        Raises:
            StoreError: it cannot be looked up.
        """
        if shown.door == "http" or len(ticket) > MAX_SECRET_CHARS:
            return None
        hashed, now_ms = secret_hash(ticket), self._now_ms()
        # Used up even if it is then refused: one guess at what it is bound to is all there is.
        record = await self._store.use_ticket(hashed, now_ms)
        if record is not None:
            principal = await self._accepted(record, shown, now_ms)
            if principal is not None and self._binds(shown):
                until_ms = self._bound_until_ms(principal)
                # To this document: it stands in an address, and those are logged.
                await self._store.bind_ticket(hashed, until_ms, shown.address, shown.document)
                principal = replace(principal, document=shown.document)
            return principal
        if not self._binds(shown):
            return None
        record = await self._store.reuse_ticket(hashed, now_ms)
        if record is None or not _is_same(record.address, shown.address):
            return None
        return await self._accepted(record, shown, now_ms)

    def hold(self, ticket: str) -> None:
        """Keep a bound ticket from ending until `release`: the socket that it was used for is open.

        It ends all the same with what it stands for.
        """
        if self._return_s > 0:
            hashed = secret_hash(ticket)
            self._held[hashed] = self._held.get(hashed, 0) + 1

    async def release(self, ticket: str, *, was_used: bool = True) -> None:
        """Let go of a ticket whose socket is closed: from now on it lasts `return_s`.

        Args:
            was_used: False: it has not let the socket in, and lasts as long as it did.
        """
        hashed = secret_hash(ticket)
        if self._drop(hashed) and was_used:
            await self._extend([hashed])

    async def run(self) -> None:
        """Renew what is held until cancelled, often enough that a killed process leaves half."""
        while self._return_s > 0:
            await asyncio.sleep(self._return_s / 2)
            await self.renew_held()

    async def renew_held(self) -> None:
        """Have every ticket that is held last `return_s` from now on."""
        if self._held:
            await self._extend(list(self._held))

    # --- how ------------------------------------------------------------------------------------

    def _drop(self, hashed: bytes) -> bool:
        """Hold a ticket once less; returns whether that was the last time."""
        count = self._held.pop(hashed, 0)
        if count > 1:
            self._held[hashed] = count - 1
        return count == 1

    def _count(self, key: str) -> None:
        wait_s = self._issued.count(key, self._clock())
        if wait_s is not None:
            text = "Too many tickets in a minute."
            raise QuireError(ErrorCode.RATE_LIMITED, text, retryable=True, retry_after_s=wait_s)

    async def _extend(self, hashes: list[bytes]) -> None:
        now_ms = self._now_ms()
        until_ms = now_ms + int(self._return_s * 1000)
        try:
            await self._store.renew_tickets(hashes, until_ms, now_ms)
        except StoreError as error:
            _log.warning("tickets are not renewed: %s", error)

    async def _accepted(
        self, record: TicketRecord, shown: Credentials, now_ms: int
    ) -> Principal | None:
        """Return the principal of a ticket that may be used for what is shown."""
        if shown.document is not None and record.document not in (None, shown.document):
            return None
        origin = None if shown.origin is None else shown.origin.lower()
        if not _is_same(record.origin, origin):
            return None
        stored = msgspec.json.decode(record.principal, type=Principal)
        if stored.expires_at_ms is not None and stored.expires_at_ms <= now_ms:
            return None
        # The session may have ended since, the token may be revoked.
        principal = await self._renew(stored)
        return None if principal is None else replace(principal, document=record.document)

    def _binds(self, shown: Credentials) -> bool:
        """Return whether a ticket is what this client will come back with: it has no cookie."""
        has_cookie = shown.session_cookie is not None or shown.guest_cookie is not None
        return self._return_s > 0 and shown.door == "y-websocket" and not has_cookie

    def _bound_until_ms(self, principal: Principal) -> int:
        until_ms = self._now_ms() + int(self._return_s * 1000)
        return (
            until_ms if principal.expires_at_ms is None else min(until_ms, principal.expires_at_ms)
        )

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _is_same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return hmac.compare_digest(one.encode(), other.encode())
