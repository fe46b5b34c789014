"""The addresses that webhooks may have."""

from ipaddress import ip_network

import pytest

from app.webhook.address_guard import AddressRefused, require_allowed, require_usable

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]
REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert require_allowed([address, address], (), is_encrypted=True) == [address]
    with pytest.raises(AddressRefused, match="without https"):
        require_allowed([address], (), is_encrypted=False)


@pytest.mark.parametrize("address", REFUSED)
def test_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match="no public address"):
        require_allowed([address], (), is_encrypted=True)
    with pytest.raises(AddressRefused, match="no public address"):
        require_allowed(["93.184.216.34", address], (), is_encrypted=True)


def test_network_that_is_allowed_is_used_even_without_tls() -> None:
    networks = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1"):
        assert require_allowed([address], networks, is_encrypted=False) == [address]
    for address in ("10.2.0.1", "::ffff:10.2.0.1", "127.0.0.1", "::1"):
        with pytest.raises(AddressRefused):
            require_allowed([address], networks, is_encrypted=True)


def test_allowed_network_of_ipv6_allows_no_ipv4_that_is_written_into_it() -> None:
    with pytest.raises(AddressRefused):
        require_allowed(["64:ff9b::7f00:1"], [ip_network("64:ff9b::/96")], is_encrypted=True)


def test_name_without_an_address_is_refused() -> None:
    with pytest.raises(AddressRefused):
        require_allowed([], (), is_encrypted=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "//example.org/hook",
        "ftp://example.org/hook",
        "file:///etc/passwd",
        "https:///hook",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/\n",
        "https://example.org\\@127.0.0.1/",
        "https://bücher.example/",
        "https://[::1/",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_address_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        require_usable(url)


def test_host_of_an_address_is_found() -> None:
    assert require_usable("https://Example.org:8443/hook?key=1") == "example.org"
    assert require_usable("https://[2606:2800::1]/") == "2606:2800::1"
