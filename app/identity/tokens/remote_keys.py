"""The keys of an issuer, fetched from its address (JWKS, RFC 7517) and kept for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, OctKey

from app.identity.tokens.issuer_http import IssuerHttp, IssuerRefused, IssuerUnreachable
from app.identity.tokens.signed_token import KeysUnavailable

_log = logging.getLogger(__name__)

REFRESH_S: Final = 600.0
"""After this the keys are fetched again: one that the issuer has withdrawn ends."""
MAX_AGE_S: Final = 3_600.0
"""The time for which keys are used while the issuer does not answer."""
MIN_PAUSE_S: Final = 10.0
"""Between two requests, whatever key ids tokens name."""
MAX_KEYS: Final = 100

Clock = Callable[[], float]


class RemoteKeys:
    """The keys at an address. One request is on its way at most; see also `KeySource`.

    Args:
        address: returns the URL; asked before each request, since it may itself be discovered.
            Raises `IssuerUnreachable`, `IssuerRefused`.
        clock: seconds, never backwards.
    """

    def __init__(
        self,
        address: Callable[[], Awaitable[str]],
        http: IssuerHttp,
        clock: Clock,
        *,
        pause_s: float = MIN_PAUSE_S,
    ) -> None:
        self._address = address
        self._http = http
        self._clock = clock
        self._pause_s = pause_s
        self._keys: tuple[Key, ...] = ()
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def keys(self, key_id: str | None) -> Sequence[Key]:
        """See `KeySource.keys`."""
        if self._wants_fetch(key_id) or (self._fetching.locked() and self._lacks(key_id)):
            async with self._fetching:
                # Whoever held the lock may have fetched what is wanted.
                if self._wants_fetch(key_id):
                    await self._fetch()
        if self._age_s() > MAX_AGE_S:
            raise KeysUnavailable("the keys of the issuer cannot be fetched")
        return self._keys

    def _wants_fetch(self, key_id: str | None) -> bool:
        if self._clock() - self._tried_at < self._pause_s:
            return False
        return self._lacks(key_id) or self._age_s() > REFRESH_S

    def _lacks(self, key_id: str | None) -> bool:
        is_known = key_id is None or any(key.kid == key_id for key in self._keys)
        return not is_known or self._age_s() > MAX_AGE_S

    def _age_s(self) -> float:
        return self._clock() - self._fetched_at

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            found = read_keys(await self._http.get_json(await self._address()))
        except (IssuerUnreachable, IssuerRefused) as error:
            _log.warning("the keys of the issuer: %s", error)
            return
        self._keys, self._fetched_at = found, self._clock()


def read_keys(key_set: dict[str, Any]) -> tuple[Key, ...]:
    """Return the public keys of a key set that can be read; others are passed over.

    Secrets among them are passed over too: what is published is none.

    Raises:
        IssuerUnreachable: it is no key set, or has too many keys.
    """
    listed = key_set.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise IssuerUnreachable(f"its answer is no set of at most {MAX_KEYS} keys")
    found: list[Key] = []
    for each in listed:
        try:
            key = JWKRegistry.import_key(each)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if not isinstance(key, OctKey):
            found.append(key)
    return tuple(found)
