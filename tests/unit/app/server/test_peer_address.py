"""`app.server.peer_address`: which addresses are one place, and what is a network."""

import pytest

from app.server.peer_address import parse_networks, peer_key, plain_address


def key(host: str) -> str:
    return peer_key({"client": (host, 1)})


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("127.0.0.1", ""),
        ("127.8.9.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("testclient", ""),
    ],
)
def test_addresses_are_counted_by_place(host: str, expected: str) -> None:
    assert key(host) == expected


def test_connection_without_an_address_is_no_place() -> None:
    assert peer_key({"client": None}) == ""
    assert peer_key({}) == ""


@pytest.mark.parametrize("host", ["", "unknown", "1.2.3.4.5", "1.2.3.4\r\nX: y", "999.1.1.1"])
def test_what_is_no_address_is_none(host: str) -> None:
    assert plain_address(host) is None


def test_zone_of_a_link_local_address_is_left_out() -> None:
    assert plain_address("fe80::1%eth0") == "fe80::1"


def test_networks_are_read_in_their_canonical_form() -> None:
    parts = ["10.0.0.0/8", " 127.0.0.1 ", "", "2001:DB8::/32"]
    assert parse_networks(parts) == ("10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32")


@pytest.mark.parametrize("text", ["*", "localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no address or network"):
        parse_networks([text])
