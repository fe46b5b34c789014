"""Signing in at a real OpenID Connect provider, over HTTP from beginning to end."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import anyio
import httpx
import pytest
from msgspec import Struct

from app.http.routes.oidc import MAX_PENDING
from storage.store import open_store
from tests.free_port import free_port
from tests.integration.accounts_app import cookie_value
from tests.integration.npm_client import require_npm_packages
from tests.integration.oidc_provider import (
    CLIENT_SECRET,
    Browser,
    oidc_provider,
    settings_for,
)
from tests.integration.server import ServerProcess


class Place(Struct, frozen=True):
    """A server and its provider."""

    server: ServerProcess
    issuer: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require_npm_packages()
    folder: Path = tmp_path_factory.mktemp("oidc")
    port = free_port()
    with (
        oidc_provider(f"http://127.0.0.1:{port}") as issuer,
        ServerProcess(folder, port=port, environment=settings_for(issuer)) as server,
    ):
        yield Place(server, issuer)


@pytest.fixture
def browser(place: Place) -> Iterator[Browser]:
    with Browser(place.server.url) as running:
        yield running


def session(place: Place, browser: Browser) -> dict[str, Any]:
    body: dict[str, Any] = browser.http.get(f"{place.server.url}/api/session").json()
    return body


def problem(answer: httpx.Response) -> str:
    """Return the reason that the page to sign in is given; there is no session then."""
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert (target.netloc, target.path) == ("", "/sign-in")
    assert "quire_session" not in answer.headers.get("set-cookie", "")
    return parse_qs(target.query)["error"][0]


def changed(url: str, **changes: str | None) -> str:
    """Return an address with other parameters; None leaves one out."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    merged = {**query, **changes}
    kept = {name: value for name, value in merged.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


# --- as it is meant -----------------------------------------------------------------------------


def test_user_signs_in_and_is_the_same_next_time(place: Place, browser: Browser) -> None:
    assert session(place, browser)["kind"] == "visitor"
    answer = browser.sign_in("ada", next_path="/d/notes?x=1")
    assert answer.headers["location"] == "/d/notes?x=1"
    mine = session(place, browser)
    assert mine["user"]["name"] == "Ada Example"
    assert mine["user"]["id"].startswith("oidc-")
    assert (mine["kind"], mine["signed_in"], mine["mode"]) == ("oidc", True, "oidc")
    created = browser.http.post(
        f"{place.server.url}/api/documents",
        json={"name": "of-ada"},
        headers={"Origin": place.server.url},
    )
    assert created.status_code == 201, created.text
    with Browser(place.server.url) as other:
        other.sign_in("ada")
        assert session(place, other)["user"] == mine["user"]
    with Browser(place.server.url) as third:
        third.sign_in("bob")
        assert session(place, third)["user"]["id"] != mine["user"]["id"]


def test_cookie_of_the_session_is_out_of_reach_of_scripts(place: Place, browser: Browser) -> None:
    answer = browser.sign_in("ada")
    cookies = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookies.load(line)
    cookie = cookie_value(cookies, "quire_session")
    assert cookie is not None
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert not browser.cookies("quire_oidc")
    assert answer.headers["cache-control"] == "no-store"


def test_request_to_the_provider_has_pkce_state_and_nonce(browser: Browser) -> None:
    one, two = (parse_qs(urlsplit(browser.start()).query) for _ in range(2))
    assert one["response_type"] == ["code"]
    assert one["code_challenge_method"] == ["S256"]
    for name in ("code_challenge", "state", "nonce"):
        assert len(one[name][0]) >= 43
        assert one[name] != two[name]
    assert one["redirect_uri"][0].endswith("/auth/oidc/callback")


def test_two_sign_ins_of_one_browser_do_not_mix(place: Place, browser: Browser) -> None:
    first, second = browser.start("/d/one"), browser.start("/d/two")
    assert browser.come_back(browser.consent(second, "ada")).headers["location"] == "/d/two"
    assert browser.come_back(browser.consent(first, "ada")).headers["location"] == "/d/one"


def test_sign_out_ends_the_session_and_leads_to_the_provider(
    place: Place, browser: Browser
) -> None:
    browser.sign_in("ada")
    left = browser.http.delete(
        f"{place.server.url}/api/session", headers={"Origin": place.server.url}
    )
    assert left.status_code == 204
    assert session(place, browser)["kind"] == "visitor"
    away = browser.http.get(f"{place.server.url}/auth/oidc/end")
    assert away.headers["location"].startswith(f"{place.issuer}/session/end?")
    asked = browser.http.get(away.headers["location"])
    assert asked.status_code == 200
    assert "sign-out" in asked.text or "logout" in asked.text.lower()


# --- as it is not -------------------------------------------------------------------------------


def test_answer_without_or_with_another_state_is_refused(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "ada")
    for state in (None, "", "x", "x" * 3000, "\0", "é"):
        assert problem(browser.come_back(changed(back, state=state))) == "expired"
    assert session(place, browser)["kind"] == "visitor"
    # What was refused has used nothing up.
    assert browser.come_back(back).headers["location"] == "/"


def test_answer_for_another_browser_is_refused(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "mallory")
    with Browser(place.server.url) as victim:
        victim.start()
        assert problem(victim.come_back(back)) == "expired"
        assert session(place, victim)["kind"] == "visitor"


def test_code_of_another_sign_in_is_refused(place: Place, browser: Browser) -> None:
    stolen = parse_qs(urlsplit(browser.consent(browser.start(), "ada")).query)["code"][0]
    with Browser(place.server.url) as thief:
        mine = thief.consent(thief.start(), "mallory")
        # The verifier is not the one that the code was asked for with.
        assert problem(thief.come_back(changed(mine, code=stolen))) == "failed"
        assert session(place, thief)["kind"] == "visitor"


def test_code_that_was_used_is_refused(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "ada")
    kept = browser.cookies()
    assert browser.come_back(back).headers["location"] == "/"
    assert problem(browser.come_back(back)) == "expired"
    with Browser(place.server.url) as copy:
        # Even with the cookie of the sign-in, which a copied profile would hold.
        copy.http.cookies.update(kept)
        assert problem(copy.come_back(back)) == "failed"
        assert session(place, copy)["kind"] == "visitor"


def test_cookie_that_was_changed_is_refused(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "ada")
    ((name, value),) = browser.cookies("quire_oidc").items()
    for forged in (value[:-1] + ("A" if value[-1] != "A" else "B"), "", "x.y.z", value * 20):
        browser.http.cookies.clear()
        browser.http.cookies.set(name, forged)
        assert problem(browser.come_back(back)) == "expired"


def test_answer_of_another_issuer_is_refused(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "ada")
    for issuer in ("http://evil.example.org", f"{place.issuer}/", "", None):
        assert problem(browser.come_back(changed(back, iss=issuer))) == "failed"
        back = browser.consent(browser.start(), "ada")


def test_refusal_of_the_provider_is_told(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start("/d/notes"), "ada")
    denied = changed(back, code=None, error="access_denied", error_description="<b>no</b>")
    answer = browser.come_back(denied)
    assert problem(answer) == "denied"
    assert answer.headers["location"].endswith("next=%2Fd%2Fnotes")
    back = browser.consent(browser.start(), "ada")
    assert problem(browser.come_back(changed(back, code=None, error="server_error"))) == "failed"


@pytest.mark.parametrize("repeated", ["state", "code", "iss"])
def test_parameter_that_comes_twice_is_refused(browser: Browser, repeated: str) -> None:
    back = browser.consent(browser.start(), "ada")
    assert problem(browser.come_back(f"{back}&{repeated}=other")) in ("expired", "failed")


@pytest.mark.parametrize("target", ["https://evil.example.org/", "//evil.example.org/"])
def test_nobody_is_led_away_after_signing_in(browser: Browser, target: str) -> None:
    assert browser.sign_in("ada", next_path=target).headers["location"] == "/"


def test_browser_keeps_few_sign_ins_at_once(browser: Browser) -> None:
    for _ in range(10):
        browser.start()
    assert len(browser.cookies("quire_oidc")) == MAX_PENDING


def test_sign_ins_that_were_given_up_end_before_the_one_under_way(browser: Browser) -> None:
    for _ in range(MAX_PENDING):
        browser.start()
    back = browser.consent(browser.start(), "ada")
    browser.start()
    assert browser.come_back(back).headers["location"] == "/"


def test_user_who_is_shut_out_is_refused(place: Place, browser: Browser) -> None:
    browser.sign_in("eve")
    user_id = session(place, browser)["user"]["id"]
    _shut_out(place.server.database_url, user_id)
    assert session(place, browser)["kind"] == "visitor"
    assert problem(browser.sign_in("eve")) == "disabled"


def _shut_out(database_url: str, user_id: str) -> None:
    async def work() -> None:
        store = open_store(database_url)
        try:
            assert await store.identity.set_disabled(user_id, True, 1)
        finally:
            await store.aclose()

    anyio.run(work)


def test_secrets_are_in_no_log(place: Place, browser: Browser) -> None:
    back = browser.consent(browser.start(), "ada")
    state, code = (parse_qs(urlsplit(back).query)[name][0] for name in ("state", "code"))
    pending = browser.cookies("quire_oidc").values()
    browser.come_back(back)
    secret = cookie_value(browser.cookies(), "quire_session")
    assert secret is not None
    log = place.server.log()
    assert log
    for hidden in (CLIENT_SECRET, secret, code, state, *pending):
        assert hidden not in log
