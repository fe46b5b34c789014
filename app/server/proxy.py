"""Proxies in front: the address and scheme of a peer as the proxies say that the settings name.

uvicorn's own middleware reads the headers. It takes the last address of `X-Forwarded-For` that is
no trusted proxy's, so what a client writes there itself is passed over. Around it: the address has
to be one, IPv4 inside of IPv6 is IPv4, and a proxy that is not named is told of in the log, once.
"""

import logging
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.server.peer_address import plain_address

_log = logging.getLogger(__name__)

_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
_STRANGER: Final = "quire.stranger"


class TrustedProxies:
    """Sets `client` and `scheme` of HTTP and WebSocket scopes, in place.

    Args:
        networks: addresses and networks of proxies; see `parse_networks`.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(map(ip_network, networks))
        # What it calls does nothing: so the application is not one more call deep.
        self._headers: Any = ProxyHeadersMiddleware(_ignore, list(networks))
        self._has_warned = False

    async def apply(self, scope: Any) -> None:
        """Put what trusted proxies say into a scope."""
        peer = scope.get("client")
        plain = None if peer is None else plain_address(peer[0])
        if plain is None:
            return
        own = scope["client"] = (plain, peer[1])
        if not self._trusts(plain):
            if any(name in _FORWARDED for name, _ in scope["headers"]):
                self._warn(plain)
                scope[_STRANGER] = True
            return
        await self._headers(scope, None, None)
        named = plain_address(scope["client"][0])
        # Only a proxy that passes on what it was sent lets something else through.
        scope["client"] = own if named is None else (named, scope["client"][1])

    def _trusts(self, plain: str) -> bool:
        if not self._networks:
            return False
        address = ip_address(plain)
        return any(address in network for network in self._networks)

    def _warn(self, plain: str) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        _log.warning(
            "a request from %s names another client, but trusted_proxies does not name %s: "
            "if that is your proxy, everybody behind it counts as one",
            plain,
            plain,
        )


def is_through_stranger(scope: Any) -> bool:
    """Return whether a request came through a proxy that the settings do not name."""
    return _STRANGER in scope


async def _ignore(*_: object) -> None:
    pass
