"""`app.http.origin`: which pages may change something."""

import pytest

from app.http.origin import is_allowed_origin

ALLOWED = ("https://wiki.example.org",)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "quire.example.org"),
        (None, None),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("https://quire.example.org", "quire.example.org"),
        ("https://quire.example.org", "quire.example.org:443"),
        ("https://Quire.example.org", "quire.EXAMPLE.org"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://wiki.example.org", "quire.example.org"),
        ("https://wiki.example.org", None),
    ],
)
def test_own_named_and_absent_origins_are_allowed(origin: str | None, host: str | None) -> None:
    assert is_allowed_origin(origin, host, ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://quire.example.org.evil.example",
        "https://evil.example/quire.example.org",
        "https://quire.example.org:8443",
        "https://quire.example.org@evil.example",
        "https://evil.example@quire.example.org",
        "https://quire.example.org/",
        "http://wiki.example.org",
        "file://quire.example.org",
        "quire.example.org",
        "null",
        "",
        "http://[",
        "https://quire.example.org:x",
    ],
)
def test_other_origins_are_refused(origin: str) -> None:
    assert not is_allowed_origin(origin, "quire.example.org", ALLOWED)


def test_origin_without_a_host_to_compare_is_refused() -> None:
    assert not is_allowed_origin("https://quire.example.org", None, ALLOWED)


@pytest.mark.parametrize(
    "public_url", ["https://quire.example.org", "HTTPS://Quire.example.org/pad"]
)
@pytest.mark.parametrize("port", ["", ":8443"])
def test_page_over_http_is_foreign_where_the_public_address_is_https(
    public_url: str, port: str
) -> None:
    host = f"quire.example.org{port}"
    assert is_allowed_origin(f"https://{host}", host, ALLOWED, public_url)
    assert not is_allowed_origin(f"http://{host}", host, ALLOWED, public_url)
    assert not is_allowed_origin(f"HTTP://{host}", host.upper(), ALLOWED, public_url)
    assert is_allowed_origin(f"http://{host}", host, (f"http://{host}",), public_url)


@pytest.mark.parametrize(
    "public_url", ["", "http://quire.example.org", "https://other.example.org"]
)
def test_scheme_is_not_compared_where_it_is_not_known(public_url: str) -> None:
    for scheme in ("http", "https"):
        assert is_allowed_origin(
            f"{scheme}://quire.example.org", "quire.example.org", (), public_url
        )
