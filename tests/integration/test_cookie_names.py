"""Cookies of several installations on one host, which browsers send to all of its ports."""

from pathlib import Path

import pytest

from app.identity.credential import GUEST_COOKIE, SESSION_COOKIE
from tests.integration.accounts_app import Browser, cookie_value, house, set_cookies

pytestmark = pytest.mark.anyio


async def test_installations_on_one_host_do_not_sign_each_other_out(tmp_path: Path) -> None:
    folders = [tmp_path / each for each in ("here", "there")]
    for folder in folders:
        folder.mkdir()
    async with house(folders[0]) as here, house(folders[1]) as there:
        await here.join("ada")
        await there.join("ben")
        browser, other = here.browser(), there.browser()
        # One browser: what one port sets is sent to the other.
        other.http.cookies = browser.http.cookies
        await browser.sign_in("ada")
        await other.sign_in("ben")
        assert (await browser.who())["user"]["name"] == "Ada"
        assert (await other.who())["user"]["name"] == "Ben"
        assert (await browser.http.delete("/api/session")).status_code == 204
        assert (await browser.who())["user"] is None
        assert (await other.who())["user"]["name"] == "Ben"


async def test_cookie_with_the_old_name_gets_the_new_one(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        ada = await here.join("ada")
        secret = ada.session
        assert secret is not None
        browser = here.browser()
        _show(browser, SESSION_COOKIE, secret)
        first = await browser.http.get("/api/session")
        assert first.json()["user"]["name"] == "Ada"
        new = here.people.cookies.session.name
        assert new != SESSION_COOKIE
        pairs = dict(pair.split("=", 1) for pair, _ in set_cookies(first))
        assert pairs[new] == secret
        assert pairs[SESSION_COOKIE].strip('"') == ""
        assert cookie_value(browser.http.cookies, SESSION_COOKIE) == secret
        assert SESSION_COOKIE not in browser.http.cookies
        assert (await browser.who())["user"]["name"] == "Ada"


async def test_cookie_of_another_installation_with_the_old_name_is_left_alone(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as here:
        browser = here.browser()
        for name in (SESSION_COOKIE, GUEST_COOKIE):
            _show(browser, name, "of-another")
        await here.join("ada")
        await browser.sign_in("ada")
        assert (await browser.who())["user"]["name"] == "Ada"
        assert (await browser.http.delete("/api/session")).status_code == 204
        for name in (SESSION_COOKIE, GUEST_COOKIE):
            assert browser.http.cookies[name] == "of-another"


async def test_guest_with_the_old_name_stays_the_same_guest(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        first = here.browser()
        made = await first.ok("POST", "/api/session/guest", json={"name": "Ada"})
        value = cookie_value(first.http.cookies, GUEST_COOKIE)
        assert value is not None
        browser = here.browser()
        _show(browser, GUEST_COOKIE, value)
        for _ in range(2):
            assert (await browser.who())["user"]["id"] == made["user"]["id"]
        assert GUEST_COOKIE not in browser.http.cookies
        assert cookie_value(browser.http.cookies, GUEST_COOKIE) is not None


def _show(browser: Browser, name: str, value: str) -> None:
    browser.http.cookies.set(name, value, domain="quire.test", path="/")
