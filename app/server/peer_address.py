"""The address of a peer, and the networks whose word about it is taken."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

_SITE_BITS: Final = 64
"""The part of an IPv6 address that tells one site from another; the rest a site chooses freely."""


def parse_networks(parts: Iterable[str]) -> tuple[str, ...]:
    """Return addresses and networks in their canonical form.

    Raises:
        ValueError: one is neither; the message names it.
    """
    found = []
    for part in parts:
        text = part.strip()
        if not text:
            continue
        try:
            network = ip_network(text)
        except ValueError:
            raise ValueError(f"{text[:80]!r} is no address or network such as 10.0.0.0/8") from None
        found.append(str(network))
    return tuple(found)


def plain_address(host: str) -> str | None:
    """Return an address in its canonical form, IPv4 as such; None if it is none."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if address.scope_id is not None:
            return str(IPv6Address(int(address)))
    return str(address)


@lru_cache(maxsize=4_096)
def address_key(host: str) -> str:
    """Return what counts as one place that requests come from: an address, or a /64 of IPv6.

    Empty for this machine and where there is no address: behind a proxy that the settings do not
    name that may be anybody, and one stranger could keep all others out.
    """
    plain = plain_address(host)
    if plain is None:
        return ""
    address = ip_address(plain)
    if address.is_loopback:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), _SITE_BITS), strict=False))
    return plain


def peer_key(scope: Any) -> str:
    """Return the `address_key` of the peer of an ASGI scope."""
    client = scope.get("client")
    return "" if client is None else address_key(client[0])
