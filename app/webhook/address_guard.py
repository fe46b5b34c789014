"""The addresses that webhooks may have: none of this machine or its network, unless allowed. Pure.

A server that sends requests to an address that somebody has chosen can be made to send them where
only it can reach: to services of its own machine, to its neighbours, to what a cloud tells its
machines about themselves. So an address has to be of the public internet, or in a network that an
operator has allowed. It is checked after its name was resolved, and the very address that was
checked is connected to: a name that is resolved twice may mean two places.
"""

from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

MAX_URL_CHARS: Final = 2_000
_NAT64: Final = ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ip_network("::/96")
_REFUSED: Final = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # of protocols: some of it counts as global
            "192.88.99.0/24",  # relays of 6to4, which are no more
            "64:ff9b:1::/48",  # NAT64 within a site
            "fec0::/10",  # site-local, as it was
            "5f00::/16",  # of segment routing
        ),
    )
)


class AddressRefused(Exception):
    """A webhook may not have this address; the message says why."""


def require_usable(url: str) -> str:
    """Return the host that a URL names.

    Raises:
        AddressRefused: it is no URL of a webhook, whatever its host may be.
    """
    if len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefused("an address has visible ASCII characters, 2,000 at most")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("that is no address such as https://example.org/hook") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise AddressRefused("that is no address such as https://example.org/hook")
    if "@" in parts.netloc or parts.fragment or "\\" in url:
        raise AddressRefused("an address has no user, no password and no fragment")
    return host


def require_allowed(
    found: Iterable[str], allowed: Iterable[Network], *, is_encrypted: bool
) -> list[str]:
    """Return the addresses to which a name was resolved, each once.

    Args:
        allowed: networks that are no part of the public internet, and allowed all the same.
        is_encrypted: without TLS only allowed networks are used: nobody else proves who answers.

    Raises:
        AddressRefused: there is none, or one that is refused: then the others are not used, since
            whoever answers for the name could have meant any.
    """
    networks = tuple(allowed)
    addresses = list(dict.fromkeys(found))
    if not addresses:
        raise AddressRefused("its name leads to no address")
    for text in addresses:
        address = ip_address(text)
        if all(_is_in(each, networks) for each in meant(address)):
            continue
        if not all(map(_is_public, meant(address))):
            raise AddressRefused(
                f"{address} is no public address; webhook_allowed_networks can allow it"
            )
        if not is_encrypted:
            raise AddressRefused("without https only allowed networks are used")
    return addresses


def meant(address: Address) -> Iterator[Address]:
    """Yield an address, and those of IPv4 that are written into it and that a router may mean."""
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        # The same place, written otherwise.
        yield address.ipv4_mapped
        return
    yield IPv6Address(int(address))
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_public(address: Address) -> bool:
    if any(address in network for network in _REFUSED if network.version == address.version):
        return False
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    if isinstance(address, IPv6Address) and address in _NAT64:
        # What is written into it counts, and is looked at as well.
        return True
    return address.is_global and not is_special


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
