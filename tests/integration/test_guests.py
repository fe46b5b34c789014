"""Guests over HTTP: the same person tomorrow, and nobody else."""

from pathlib import Path

import pytest

from app.identity.guest import GUEST_DAYS, Guest
from sync.shells.clock import now_ms
from tests.integration.accounts_app import cookie_value, house, set_cookies
from tests.integration.http_app import Application

pytestmark = pytest.mark.anyio

GUEST = "/api/session/guest"


async def _become(browser: Application, name: str | None = None) -> dict[str, object]:
    body = {} if name is None else {"name": name}
    user: dict[str, object] = (await browser.ok("POST", GUEST, json=body))["user"]
    return user


async def test_guest_is_the_same_person_tomorrow_and_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        ada = await _become(browser, "Ada")
        cookies = browser.http.cookies
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        browser.http.cookies = cookies
        state = await browser.who()
        assert (state["kind"], state["user"]) == ("guest", ada)
        assert await _become(browser) == ada


async def test_two_guests_of_one_name_are_two_people(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        first = await _become(here.browser(), "Ada")
        second = await _become(here.browser(), "Ada")
        assert first["name"] == second["name"]
        assert first["id"] != second["id"]


async def test_renaming_keeps_id_and_color(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        ada = await _become(browser, "Ada")
        renamed = await browser.ok("PATCH", "/api/session", json={"name": "Bea"})
        assert renamed["user"] == {**ada, "name": "Bea"}
        assert (await browser.who())["user"] == renamed["user"]
        assert await _become(browser, "Cleo") == {**ada, "name": "Cleo"}


async def test_guest_who_chose_no_name_is_given_one(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        names = {str((await _become(here.browser()))["name"]) for _ in range(8)}
        assert len(names) > 6
        assert all(" " in name for name in names)


async def test_guest_writes_under_its_own_id(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        ada = await _become(browser, "Ada")
        await browser.create("notes", "Hello")
        history = await browser.ok("GET", "/api/documents/notes/history")
        assert history["events"][0]["actor"] == {"id": ada["id"], "name": "Ada"}
        # A name that is claimed beside the cookie changes nothing.
        browser.http.headers["X-Quire-Name"] = "Mallory"
        assert (await browser.who())["user"] == ada


async def test_changed_cookie_is_as_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    folders = [tmp_path_factory.mktemp("house") for _ in range(2)]
    async with (
        house(folders[0], auth="open") as here,
        house(folders[1], auth="open") as there,
    ):
        browser = here.browser()
        await _become(browser, "Ada")
        cookie = cookie_value(browser.http.cookies, "quire_guest")
        assert cookie is not None
        stolen = there.browser()
        await _become(stolen, "Ada")
        tampered = ("A" if cookie[0] != "A" else "B") + cookie[1:]
        for value in (
            tampered,
            cookie[:-3],
            cookie + "x",
            cookie.replace(".", ""),
            "guest-1",
            '"',
            "%00",
            "x" * 7_000,
            cookie_value(stolen.http.cookies, "quire_guest") or "",
        ):
            intruder = here.browser()
            intruder.http.headers["Cookie"] = f"quire_guest={value}"
            assert (await intruder.who())["kind"] == "named", value[:40]
            made = await _become(intruder, "Ada")
            assert made["id"] != (await browser.who())["user"]["id"]


async def test_expired_cookie_is_as_none_and_an_old_one_is_renewed(tmp_path: Path) -> None:
    day_ms = 86_400_000
    async with house(tmp_path, auth="open") as here:
        guests = here.people.guests

        async def shown(age_days: int) -> tuple[str, list[str]]:
            browser = here.browser()
            cookie = guests.encode(Guest("guest-1", "Ada", now_ms() - age_days * day_ms))
            name = here.people.cookies.guest.name
            browser.http.headers["Cookie"] = f"{name}={cookie}"
            response = await browser.http.get("/api/session")
            renewed = [pair.split("=", 1)[1] for pair, _ in set_cookies(response)]
            return response.json()["kind"], renewed

        assert await shown(1) == ("guest", [])
        assert await shown(GUEST_DAYS + 1) == ("named", [])
        kind, renewed = await shown(GUEST_DAYS - 1)
        assert (kind, len(renewed)) == ("guest", 1)
        guest = guests.decode(renewed[0], now_ms() + 300 * day_ms)
        assert guest is not None
        assert (guest.id, guest.name) == ("guest-1", "Ada")


async def test_cookie_is_out_of_reach_of_scripts_and_other_sites(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        plain = await here.browser().http.post(GUEST, json={})
        [(_, attributes)] = set_cookies(plain)
        assert attributes == {
            "httponly",
            "path=/",
            "samesite=lax",
            f"max-age={GUEST_DAYS * 86_400}",
        }
    address = "https://quire.test/pad"
    async with house(tmp_path, auth="open", public_url=address, root_path="/pad/") as here:
        browser = here.browser(origin="https://quire.test")
        response = await browser.http.post(f"/pad{GUEST}", json={})
        [(_, attributes)] = set_cookies(response)
        assert {"secure", "path=/pad"} <= attributes


async def test_cookie_is_secure_when_a_proxy_ends_tls(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        response = await here.browser(origin="https://quire.test").http.post(GUEST, json={})
        [(_, attributes)] = set_cookies(response)
        assert "secure" in attributes


async def test_renewed_cookie_stays_secure_behind_a_proxy_that_ends_tls(tmp_path: Path) -> None:
    fetched = {"Sec-Fetch-Site": "same-origin"}
    async with house(tmp_path) as here:
        await here.join("ada")
        browser = here.browser(origin="https://quire.test")
        await browser.sign_in("ada")
        del browser.http.headers["Origin"]
        name = here.people.cookies.session.name
        secure = {"Cookie": f"{name}={browser.session}"}
        for host, is_secure in (
            ("quire.test", True),
            ("localhost:8000", False),
            ("[::1]:8000", False),
        ):
            headers = {"Host": host, **fetched, **secure}
            response = await browser.http.get("/api/session", headers=headers)
            [(_, attributes)] = set_cookies(response)
            assert ("secure" in attributes) == is_secure, host


async def test_guest_is_not_signed_in_where_there_are_accounts(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = here.browser()
        assert (await browser.who())["user"] is None
        await _become(browser, "Ada")
        state = await browser.who()
        assert (state["kind"], state["signed_in"], state["may_create"]) == ("guest", False, False)
        created = await browser.refused("POST", "/api/documents", json={"name": "notes"})
        assert created == (403, "forbidden")
        owner = await here.join("owner")
        await owner.create("notes", "secret")
        for path in ("", "/text", "/history", "/diff?from=0"):
            refused = await browser.refused("GET", f"/api/documents/notes{path}")
            assert refused == (404, "unknown_document")


async def test_signing_out_forgets_a_guest(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        await _become(browser, "Ada")
        assert (await browser.http.delete("/api/session")).status_code == 204
        assert (await browser.who())["kind"] == "named"


HOSTILE_NAMES = [
    "",
    " ",
    "\0",
    "\u202e",
    "x" * 65,
    "x" * 5_000,
    "\u200d",
    7,
    ["x"],
    {"x": 1},
]


async def test_hostile_name_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        await _become(browser, "Ada")
        for name in HOSTILE_NAMES:
            for method, path in (("POST", GUEST), ("PATCH", "/api/session")):
                refused = await browser.refused(method, path, json={"name": name})
                assert refused == (422, "invalid_message"), name
        raw = {"Content-Type": "application/json"}
        for body, expected in (
            (b'{"name": "\\ud800"}', (422, "invalid_message")),
            (b'{"name": "\xff"}', (422, "invalid_json")),
            (b'{"name": "' + b"x" * 10_000_000 + b'"}', (413, "too_large")),
        ):
            assert await browser.refused("POST", GUEST, content=body, headers=raw) == expected
        assert (await browser.who())["user"]["name"] == "Ada"


async def test_name_that_misleads_is_shown_without_what_does(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        assert (await _become(here.browser(), "\u202eAda\u2066  L."))["name"] == "Ada L."


async def test_who_has_no_identity_has_none_to_rename(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        refused = await here.browser().refused("PATCH", "/api/session", json={"name": "Ada"})
        assert refused == (401, "auth_required")
