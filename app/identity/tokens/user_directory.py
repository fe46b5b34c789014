"""The users that an application's tokens name, noted when they come.

So whatever names their ids can show their names, and an operator can shut one out, whatever tokens
the application goes on to sign. Other users cannot look them up: an application may have customers
who are not to know of each other.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from app.identity.principal import Principal
from storage.identity.identity_record import TakenError, UserRecord
from sync.port import StoreError

_log = logging.getLogger(__name__)

NOTED_S: Final = 3_600.0
"""A user who comes again within it, under the same name, costs no write."""
MAX_NOTED: Final = 10_000

Clock = Callable[[], float]


class DirectoryStore(Protocol):
    """The part of `SqlIdentity` that the directory needs."""

    async def put_user(self, user: UserRecord) -> None: ...

    async def user(self, user_id: str) -> UserRecord | None: ...


class UserDirectory:
    """Notes users, and knows who is shut out.

    Args:
        clock: UTC, seconds since the epoch.
    """

    def __init__(self, store: DirectoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: OrderedDict[str, tuple[str, str, float]] = OrderedDict()

    async def note(self, principal: Principal, issuer: str, subject: str) -> None:
        """Note a user; a store that takes no writes just now keeps nobody out."""
        user, now_s = principal.user, self._clock()
        name, color, noted_s = self._noted.get(user.id, ("", "", 0.0))
        if (name, color) == (user.name, user.color) and now_s - noted_s < NOTED_S:
            return
        at_ms = int(now_s * 1000)
        record = UserRecord(
            user.id,
            "jwt",
            user.name,
            user.color,
            created_at_ms=at_ms,
            seen_at_ms=at_ms,
            issuer=issuer,
            subject=subject,
        )
        try:
            await self._store.put_user(record)
        except (StoreError, TakenError) as error:
            _log.warning("a user is not noted: %s", error)
            return
        self._noted[user.id] = (user.name, user.color, now_s)
        if len(self._noted) > MAX_NOTED:
            self._noted.popitem(last=False)

    async def renew(self, principal: Principal) -> Principal | None:
        """Return the principal unchanged; None if it has ended, or if its user is shut out.

        Raises:
            StoreError: the store does not answer.
        """
        ends = principal.expires_at_ms
        if ends is not None and ends <= int(self._clock() * 1000):
            return None
        stored = await self._store.user(principal.user.id)
        return None if stored is not None and stored.is_disabled else principal
