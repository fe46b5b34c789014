"""API tokens: what programs show. Each has roles in documents of its own, and no others.

An operator makes one with `quire token create`. It is stored as a hash, lasts until it expires or
is revoked, and acts as a user of its own, under its name.
"""

from collections.abc import Callable
from secrets import token_hex
from typing import Final, Protocol

from app.identity.credential import API_TOKEN_PREFIX, Credentials
from app.identity.display_name import clean_name, color_of
from app.identity.principal import Principal
from app.identity.secret_hash import secret_hash
from app.identity.tokens.token_secret import MAX_SECRET_CHARS, new_secret, refuse_in_address_of_page
from storage.identity.identity_record import TokenRecord
from sync.permission import Claim
from sync.user import User

TOUCH_S: Final = 60
"""A token's last use is noted this exactly: a write for each request would cost more than it."""
MAX_CLAIMS: Final = 100

Clock = Callable[[], float]


class TokenStore(Protocol):
    """The part of `SqlIdentity` that API tokens need."""

    async def token(self, secret_hash: bytes, now_ms: int) -> TokenRecord | None: ...

    async def token_by_id(self, token_id: str, now_ms: int) -> TokenRecord | None: ...

    async def touch_token(self, token_id: str, at_ms: int) -> None: ...


class ApiTokens:
    """Identifies programs by their tokens.

    Args:
        clock: UTC, seconds since the epoch.
    """

    def __init__(self, store: TokenStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def identify(self, token: str, shown: Credentials) -> Principal | None:
        """Return the principal of a token; None: there is no such token, or it is over.

        Raises:
            QuireError: `auth_failed`: a page has put it into an address.
            StoreError: it cannot be looked up.
        """
        refuse_in_address_of_page(shown)
        if len(token) > MAX_SECRET_CHARS:
            return None
        now_ms = int(self._clock() * 1000)
        record = await self._store.token(secret_hash(token), now_ms)
        if record is None:
            return None
        if record.used_at_ms is None or now_ms - record.used_at_ms >= TOUCH_S * 1000:
            await self._store.touch_token(record.id, now_ms)
        return principal_of_token(record)

    async def renew(self, principal: Principal) -> Principal | None:
        """Return the principal that a token proves now; None if the token has ended.

        Args:
            principal: came from that token earlier.


        Raises:
            StoreError: it cannot be looked up.
        """
        assert principal.token_id is not None, "it came from a token"
        record = await self._store.token_by_id(principal.token_id, int(self._clock() * 1000))
        return None if record is None else principal_of_token(record)


def principal_of_token(record: TokenRecord) -> Principal:
    """Return the principal that a token stands for: the program, with the token's grants alone."""
    user_id = f"token-{record.id}"
    return Principal(
        User(user_id, record.name, color_of(user_id)),
        "token",
        is_signed_in=False,
        may_create=record.may_create,
        claims=record.claims,
        expires_at_ms=record.expires_at_ms,
        token_id=record.id,
    )


def new_token(
    name: str,
    claims: tuple[Claim, ...],
    *,
    may_create: bool,
    created_by: str,
    now_ms: int,
    expires_at_ms: int | None,
) -> tuple[str, TokenRecord]:
    """Return the secret of a new token, and the record to store.

    Raises:
        QuireError: the name is not usable.
    """
    secret = new_secret(API_TOKEN_PREFIX)
    record = TokenRecord(
        token_hex(6),
        secret_hash(secret),
        clean_name(name),
        claims,
        created_by,
        now_ms,
        expires_at_ms,
        may_create=may_create,
    )
    return secret, record
