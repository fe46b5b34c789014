"""Cookies and foreign pages: a request that may change something proves where it comes from."""

from pathlib import Path
from typing import Final

import pytest
from fastapi.routing import APIRoute

from app.http.install import routers
from tests.integration.accounts_app import ORIGIN, PASSWORD, Browser, house

pytestmark = pytest.mark.anyio

FOREIGN: Final = (403, "foreign_origin")
UNSAFE: Final = ("POST", "PUT", "PATCH", "DELETE")
NO_PROOF: Final[tuple[dict[str, str], ...]] = (
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://quire.test.evil.example"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "none"},
    {"Authorization": "Basic dTpw"},
    {"Authorization": "Bearer"},
)
PROOF: Final[tuple[dict[str, str], ...]] = (
    {"Origin": ORIGIN},
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://wiki.example.org", "Sec-Fetch-Site": "cross-site"},
)


def _doors() -> list[tuple[str, str]]:
    """Every method and path of the API that may change something."""
    return [
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
        if method in UNSAFE
    ]


DOORS = _doors()


def _bare(browser: Browser) -> Browser:
    """The browser without an Origin of its own."""
    del browser.http.headers["Origin"]
    return browser


async def test_every_unsafe_door_refuses_a_cookie_without_proof(tmp_path: Path) -> None:
    assert {"/api/session", "/api/documents", "/api/account/password"} <= {p for _, p in DOORS}
    assert {method for method, _ in DOORS} == set(UNSAFE)
    async with house(tmp_path, allowed_origins=("https://wiki.example.org",)) as here:
        browser = _bare(await here.join("ada", is_operator=True))
        for method, path in DOORS:
            filled = path.replace("{", "").replace("}", "")
            for headers in NO_PROOF:
                refused = await browser.refused(method, filled, headers=headers, json={})
                assert refused == FOREIGN, (method, path, headers)
        assert (await browser.who())["kind"] == "account"
        assert (await browser.ok("GET", "/api/documents"))["documents"] == []


@pytest.mark.parametrize("cookie", ["quire_session", "quire_guest"])
@pytest.mark.parametrize("method", UNSAFE)
async def test_cookie_counts_whatever_it_is_worth_and_wherever_it_stands(
    tmp_path: Path, method: str, cookie: str
) -> None:
    async with house(tmp_path) as here:
        browser = _bare(here.browser())
        for header in (f"{cookie}=x", f"a=b; {cookie}=x", f" {cookie} =x;c", f"a=b;{cookie}="):
            refused = await browser.refused(
                method, "/api/documents/notes", headers={"Cookie": header}, json={}
            )
            assert refused == FOREIGN, header
        other = {"Cookie": f"x{cookie}=x; other=1"}
        status, code = await browser.refused(method, "/api/documents/notes", headers=other, json={})
        assert code != "foreign_origin", status


async def test_proof_lets_a_cookie_in(tmp_path: Path) -> None:
    async with house(tmp_path, allowed_origins=("https://wiki.example.org",)) as here:
        browser = _bare(await here.join("ada"))
        for number, headers in enumerate(PROOF):
            body = {"name": f"notes-{number}"}
            await browser.ok("POST", "/api/documents", json=body, headers=headers)


async def test_reading_needs_no_proof(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = _bare(await here.join("ada"))
        for headers in NO_PROOF[:8]:
            response = await browser.http.get("/api/session", headers=headers)
            assert response.json()["kind"] == "account", headers


async def test_bearer_token_is_what_counts_and_the_cookie_beside_it_does_not(
    tmp_path: Path,
) -> None:
    """It needs no proof, and in turn proves nothing by the cookie."""
    async with house(tmp_path) as here:
        browser = _bare(await here.join("ada"))
        for headers in ({"Authorization": "Bearer x"}, {"Authorization": "bearer x.y.z"}):
            refused = await browser.refused(
                "POST", "/api/documents", json={"name": "notes"}, headers=headers
            )
            assert refused == (401, "auth_failed"), headers


async def test_program_without_cookies_needs_no_proof(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        program = _bare(here.browser())
        await program.create("notes", "Hello")


async def test_foreign_page_cannot_sign_a_browser_in_under_its_own_account(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("mallory")
        victim = _bare(here.browser())
        body = {"login": "mallory", "password": PASSWORD}
        refused = await victim.refused(
            "POST", "/api/session", json=body, headers={"Origin": "https://evil.example"}
        )
        assert refused == FOREIGN
        assert victim.session is None


async def test_page_over_http_is_foreign_where_the_public_address_is_https(tmp_path: Path) -> None:
    """Whoever stands between can write it; no door takes anything from it, cookie or not."""
    async with house(tmp_path, auth="open", public_url="https://quire.test") as here:
        browser = here.browser(origin=None)
        for cookie in ({}, {"Cookie": "quire_guest=x"}):
            headers = {"Origin": "http://quire.test"} | cookie
            body = {"name": "notes"}
            refused = await browser.refused("POST", "/api/documents", json=body, headers=headers)
            assert refused == FOREIGN
        own = {"Origin": "https://quire.test", "Cookie": "quire_guest=x"}
        await browser.ok("POST", "/api/documents", json={"name": "notes"}, headers=own)
