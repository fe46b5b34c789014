"""Accounts over HTTP: signing in and out, passwords, sessions, and what refuses what."""

import asyncio
import re
import statistics
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from argon2 import PasswordHasher

from app.identity.accounts.passwords import MAX_HASHED_AT_ONCE, MAX_WAITING
from app.identity.accounts.web_sessions import MAX_SESSIONS, Client
from app.identity.credential import Credentials
from app.identity.expiry import sweep_once
from app.identity.secret_hash import secret_hash
from storage.identity.identity_record import InvitationRecord
from sync.shells.clock import now_ms
from tests.integration.accounts_app import (
    CHEAP,
    OTHER_PASSWORD,
    PASSWORD,
    House,
    house,
    set_cookies,
)

pytestmark = pytest.mark.anyio

SESSION = "/api/session"
WEAKER = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)
FAILED = (401, "auth_failed")
REQUIRED = (401, "auth_required")
FORBIDDEN = (403, "forbidden")
INVALID = (422, "invalid_message")
LIMITED = (429, "rate_limited")


async def test_account_signs_in_and_out(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada")
        browser = here.browser()
        state = await browser.sign_in(" ADA ")
        assert (state["mode"], state["kind"], state["sign_in"]) == (
            "accounts",
            "account",
            ["password"],
        )
        assert (state["signed_in"], state["operator"], state["may_create"]) == (True, False, True)
        assert await browser.who() == state
        await browser.create("notes", "Hello")
        event = (await browser.ok("GET", "/api/documents/notes/history"))["events"][0]
        assert event["actor"] == {"id": state["user"]["id"], "name": "Ada"}
        kept = browser.session
        response = await browser.http.delete(SESSION)
        assert (response.status_code, browser.session) == (204, None)
        browser.http.cookies.set("quire_session", kept or "")
        assert (await browser.who())["kind"] == "visitor"


async def test_cookie_of_a_session_is_out_of_reach_of_scripts(tmp_path: Path) -> None:
    address = "https://quire.test"
    async with house(tmp_path, public_url=address, session_days=3) as here:
        await here.join("ada", origin=address)
        body = {"login": "ada", "password": PASSWORD}
        response = await here.browser(origin=address).http.post(SESSION, json=body)
        [(pair, attributes)] = set_cookies(response)
        assert re.fullmatch(r"quire_session_[0-9a-f]{8}=.{43,}", pair)
        assert attributes == {"httponly", "secure", "path=/", "samesite=lax", "max-age=259200"}
        assert response.headers["cache-control"] == "no-store"


def test_only_the_hash_of_secrets_is_stored(tmp_path: Path) -> None:
    async def use() -> tuple[str, str]:
        async with house(tmp_path) as here:
            browser = await here.join("ada")
            return browser.session or "", await here.invitation()

    session, secret = anyio.run(use)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(session) == len(secret) == 43
    assert secret_hash(session) in stored
    assert secret_hash(secret) in stored
    for each in (session, secret, PASSWORD):
        assert each.encode() not in stored


async def test_wrong_login_password_and_disabled_account_look_the_same(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_address=1_000) as here:
        await here.join("ada")
        gone = (await (await here.join("bea")).who())["user"]["id"]
        await here.people.identity.set_disabled(gone, True, now_ms())
        answers = set()
        for login, password in (
            ("ada", "wrong"),
            ("nobody", PASSWORD),
            ("bea", PASSWORD),
            ("ada\u202e", PASSWORD),
            ("\u0430da", PASSWORD),
            ("ada", PASSWORD + " "),
            ("ada", PASSWORD.upper()),
        ):
            response = await here.browser().http.post(
                SESSION, json={"login": login, "password": password}
            )
            assert "set-cookie" not in response.headers
            answers.add((response.status_code, response.text))
        assert len(answers) == 1
        assert answers.pop()[0] == 401


async def test_unknown_login_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    """With hashes that take their time: an answer at once would tell who has an account.

    It is the processor's time, of which a busy machine does not make more.
    """
    async with house(tmp_path, cheap=False, sign_in_attempts_per_login=100) as here:
        await here.join("ada")
        browser = here.browser()

        async def seconds(login: str) -> float:
            start = time.process_time()
            body = {"login": login, "password": "wrong password"}
            assert await browser.refused("POST", SESSION, json=body) == FAILED
            return time.process_time() - start

        known, unknown, impossible = [
            statistics.median([await seconds(login) for _ in range(3)])
            for login in ("ada", "nobody", "\u202e")
        ]
        # Without the same work it would be a hundredth; the rest is what a busy machine does.
        assert min(unknown, impossible) > known / 4


async def test_hostile_credentials_are_refused(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_address=1_000) as here:
        await here.join("ada")
        browser = here.browser()
        for login, password, expected in (
            ("ada\0", PASSWORD, INVALID),
            ("ada", "x\0", INVALID),
            ("", PASSWORD, INVALID),
            ("ada", "", INVALID),
            ("x" * 257, PASSWORD, INVALID),
            ("ada", "x" * 1_001, INVALID),
            (7, PASSWORD, INVALID),
            ("ada", ["x"], INVALID),
            ("x" * 256, PASSWORD, FAILED),
            ("ada' OR 1=1 --", PASSWORD, FAILED),
            ("ada", "x" * 1_000, FAILED),
        ):
            body = {"login": login, "password": password}
            assert await browser.refused("POST", SESSION, json=body) == expected, body
        raw = {"Content-Type": "application/json"}
        surrogate = b'{"login": "ada", "password": "\\ud800aaaaaaaaa"}'
        assert await browser.refused("POST", SESSION, content=surrogate, headers=raw) == INVALID
        huge = b'{"login": "ada", "password": "' + b"x" * 10_000_000 + b'"}'
        assert await browser.refused("POST", SESSION, content=huge, headers=raw) == (
            413,
            "too_large",
        )


async def test_attempts_with_one_login_are_bounded_whoever_makes_them(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_login=3) as here:
        await here.join("ada")
        for number in range(3):
            browser = here.browser(f"192.0.2.{number}")
            body = {"login": "Ada ", "password": "wrong"}
            assert await browser.refused("POST", SESSION, json=body) == FAILED
        body = {"login": "ada", "password": PASSWORD}
        response = await here.browser("192.0.2.9").http.post(SESSION, json=body)
        assert response.json()["code"] == "rate_limited"
        assert 800 < int(response.headers["retry-after"]) <= 900
        # An unknown login is counted just so, and another one not at all.
        for expected in (FAILED, FAILED, FAILED, LIMITED):
            unknown = {"login": "nobody", "password": "wrong"}
            assert await here.browser().refused("POST", SESSION, json=unknown) == expected


async def test_one_intruder_does_not_lock_the_owner_of_a_login_out(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada")
        wrong = {"login": "ada", "password": "wrong"}
        intruder = here.browser("192.0.2.1")
        answers = [await intruder.refused("POST", SESSION, json=wrong) for _ in range(15)]
        assert answers == [FAILED] * 10 + [LIMITED] * 5
        await here.browser("192.0.2.2").sign_in("ada")
        right = {"login": "ada", "password": PASSWORD}
        assert await intruder.refused("POST", SESSION, json=right) == LIMITED


async def test_success_begins_anew_with_a_login(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_login=3) as here:
        await here.join("ada")
        browser = here.browser()
        for _ in range(4):
            wrong = {"login": "ada", "password": "wrong"}
            assert await browser.refused("POST", SESSION, json=wrong) == FAILED
            await browser.sign_in("ada")


async def test_attempts_from_one_address_are_bounded_whatever_the_login(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_address=4) as here:
        secret = await here.invitation()
        intruder = here.browser("2001:db8::7")
        for number in range(3):
            body = {"login": f"user{number}", "password": "wrong"}
            assert await intruder.refused("POST", SESSION, json=body) == FAILED
        check = {"secret": "guessed"}
        path = "/api/invitations/check"
        assert await intruder.refused("POST", path, json=check) == (404, "unknown_invitation")
        neighbour = here.browser("2001:db8::8")
        for method, url, body in (
            ("POST", SESSION, {"login": "ada", "password": PASSWORD}),
            ("POST", path, {"secret": secret}),
            ("POST", "/api/invitations/accept", {"secret": secret, "password": PASSWORD}),
        ):
            assert await neighbour.refused(method, url, json=body) == LIMITED
        assert (await here.browser("2001:db8:0:1::7").ok("POST", path, json={"secret": secret}))[
            "kind"
        ] == "join"


async def test_many_sign_ins_at_once_cannot_use_up_the_server(tmp_path: Path) -> None:
    """Those beyond what may wait are refused at once, and everything else goes on."""
    async with house(
        tmp_path,
        cheap=False,
        sign_in_attempts_per_address=10_000,
        sign_in_attempts_per_login=10_000,
        sign_in_attempts_per_login_and_address=10_000,
    ) as here:
        browser = here.browser()
        body = {"login": "nobody", "password": "wrong"}
        room = MAX_HASHED_AT_ONCE + MAX_WAITING
        flood = asyncio.gather(*(browser.http.post(SESSION, json=body) for _ in range(2 * room)))
        for _ in range(20):
            assert (await browser.http.get("/healthz")).status_code == 200
        answers = await flood
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {401, 429}
        assert room <= statuses.count(401) < 2 * room
        assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 429)


async def test_sign_in_makes_a_new_secret_whatever_the_browser_shows(tmp_path: Path) -> None:
    """A secret that somebody has put into a browser is not what its user is then known by."""
    async with house(tmp_path) as here:
        mallory = await here.join("mallory")
        await here.join("ada")
        for planted in (mallory.session or "", "x" * 43):
            victim = here.browser()
            victim.http.cookies.set("quire_session", planted, domain="quire.test", path="/")
            body = {"login": "ada", "password": PASSWORD}
            response = await victim.http.post(SESSION, json=body)
            [(pair, _)] = set_cookies(response)
            assert pair != f"quire_session={planted}"
            intruder = here.browser()
            intruder.http.cookies.set("quire_session", planted)
            assert (await intruder.who())["user"] != response.json()["user"]
        assert (await mallory.who())["user"]["name"] == "Mallory"


async def test_two_sign_ins_have_two_secrets(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        seen = {browser.session}
        for _ in range(3):
            await browser.sign_in("ada")
            seen.add(browser.session)
        assert len(seen) == 4


async def test_password_change_renews_the_session_and_ends_all_others(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        other = here.browser()
        await other.sign_in("ada")
        before = browser.session
        body = {"current": PASSWORD, "new": OTHER_PASSWORD}
        await browser.ok("POST", "/api/account/password", json=body)
        assert browser.session != before
        assert (await browser.who())["kind"] == "account"
        assert (await other.who())["kind"] == "visitor"
        stolen = here.browser()
        stolen.http.cookies.set("quire_session", before or "")
        assert (await stolen.who())["kind"] == "visitor"
        wrong = {"login": "ada", "password": PASSWORD}
        assert await here.browser().refused("POST", SESSION, json=wrong) == FAILED
        await here.browser().sign_in("ada", OTHER_PASSWORD)


async def test_of_two_password_changes_at_once_one_is_made(tmp_path: Path) -> None:
    async with house(tmp_path, cheap=False) as here:
        await here.join("ada")
        browsers = [here.browser(), here.browser()]
        for browser in browsers:
            await browser.sign_in("ada")
        chosen = [f"{OTHER_PASSWORD} {number}" for number in range(2)]
        answers = await asyncio.gather(
            *(
                browser.http.post("/api/account/password", json={"current": PASSWORD, "new": new})
                for browser, new in zip(browsers, chosen, strict=True)
            )
        )
        made = [answer.is_success for answer in answers]
        assert sorted(made) == [False, True]
        refused = answers[made.index(False)]
        assert (refused.status_code, refused.json()["code"]) == (401, "auth_failed")
        await here.browser().sign_in("ada", chosen[made.index(True)])


async def test_password_change_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, sign_in_attempts_per_login=4) as here:
        path = "/api/account/password"
        browser = await here.join("ada")
        for current, new, expected in (
            ("wrong", OTHER_PASSWORD, FAILED),
            (PASSWORD, "short", INVALID),
            (PASSWORD, "x" * 1_001, INVALID),
            (PASSWORD, "password1234", INVALID),
            (PASSWORD, "aaaaaaaaaaaa", INVALID),
            (PASSWORD, OTHER_PASSWORD + "\0", INVALID),
        ):
            body = {"current": current, "new": new}
            assert await browser.refused("POST", path, json=body) == expected, new[:20]
        body = {"current": PASSWORD, "new": OTHER_PASSWORD}
        assert await here.browser().refused("POST", path, json=body) == FORBIDDEN
        wrong = {"current": "wrong", "new": OTHER_PASSWORD}
        answers = [await browser.refused("POST", path, json=wrong) for _ in range(6)]
        assert answers[:2] == [FAILED] * 2
        assert answers[-1] == LIMITED
        assert (await browser.who())["kind"] == "account"


async def test_sign_out_everywhere_ends_every_session_of_that_user_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        bea = await here.join("bea")
        browsers = [await here.join("ada"), here.browser(), here.browser()]
        for browser in browsers[1:]:
            await browser.sign_in("ada")
        before = await here.people.identity.user_by_login("ada")
        assert before is not None
        assert (await browsers[1].http.delete("/api/sessions")).status_code == 204
        for browser in browsers:
            assert (await browser.who())["kind"] == "visitor"
        assert await here.people.identity.sessions(before.id) == []
        assert (await bea.who())["kind"] == "account"


async def test_sessions_are_listed_and_ended_one_by_one(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        first = await here.join("ada")
        second = here.browser("192.0.2.7")
        second.http.headers["User-Agent"] = "Phone" + "x" * 999
        await second.sign_in("ada")
        listed = (await first.ok("GET", "/api/sessions"))["sessions"]
        assert [entry["current"] for entry in sorted(listed, key=lambda e: e["address"])] == [
            True,
            False,
        ]
        phone = next(entry for entry in listed if entry["address"] == "192.0.2.7")
        assert phone["agent"].startswith("Phone")
        assert len(phone["agent"]) <= 300
        path = f"/api/sessions/{phone['id']}"
        bea = await here.join("bea")
        unknown = (404, "unknown_session")
        assert await bea.refused("DELETE", path) == unknown
        assert (await second.who())["kind"] == "account"
        assert (await first.http.delete(path)).status_code == 204
        assert (await second.who())["kind"] == "visitor"
        for gone in (path, "/api/sessions/x", "/api/sessions/%00", "/api/sessions/%ED%A0%80"):
            assert await first.refused("DELETE", gone) == unknown


async def test_sessions_of_a_user_are_bounded(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        user = await here.people.identity.user_by_login("ada")
        assert user is not None
        for number in range(MAX_SESSIONS + 5):
            await here.people.sessions.start(user, Client(f"192.0.2.{number}"))
            if number == MAX_SESSIONS // 2:
                assert (await browser.who())["kind"] == "account"
        kept = await here.people.identity.sessions(user.id)
        assert len(kept) == MAX_SESSIONS
        assert (await browser.who())["kind"] == "visitor"


async def test_session_ends_unless_it_is_used(tmp_path: Path) -> None:
    day_ms = 86_400_000
    async with house(tmp_path, session_days=2) as here:
        browser = await here.join("ada")
        identity = here.people.identity
        hashed = secret_hash(browser.session or "")
        # As if it had been used last a day ago: seen now, it is extended, and so is its cookie.
        await identity.extend_session(hashed, now_ms() + day_ms, now_ms() - day_ms)
        response = await browser.http.get(SESSION)
        assert any("max-age=172800" in attributes for _, attributes in set_cookies(response))
        found = await identity.session(hashed, now_ms())
        assert found is not None
        assert found[0].expires_at_ms > now_ms() + 2 * day_ms - 60_000
        await identity.extend_session(hashed, now_ms() - 1, now_ms() - 2 * day_ms)
        assert (await browser.who())["kind"] == "visitor"
        assert await browser.refused("GET", "/api/sessions") == REQUIRED


async def test_hash_of_other_costs_is_renewed_at_sign_in(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada")
        identity, user_id = here.people.identity, await _user(here, "ada")
        known = await identity.user(user_id)
        assert known is not None
        assert known.password_hash is not None
        weaker = WEAKER.hash(PASSWORD)
        assert await identity.change_password(user_id, known.password_hash, weaker, now_ms())
        before = await here.people.identity.user_by_login("ada")
        await here.browser().sign_in("ada")
        after = await here.people.identity.user_by_login("ada")
        assert before is not None
        assert after is not None
        assert before.password_hash != after.password_hash
        assert f"m={CHEAP.memory_cost}," in (after.password_hash or "")
        await here.browser().sign_in("ada")


async def test_disabled_account_is_signed_out_and_stays_out(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        await here.people.identity.set_disabled(await _user(here, "ada"), True, now_ms())
        assert (await browser.who())["kind"] == "visitor"
        body = {"login": "ada", "password": PASSWORD}
        assert await here.browser().refused("POST", SESSION, json=body) == FAILED


async def test_session_that_was_started_while_its_user_was_shut_out_is_none(
    tmp_path: Path,
) -> None:
    """It came too late to be ended with the others."""
    async with house(tmp_path) as here:
        await here.join("ada")
        user = await here.people.identity.user_by_login("ada")
        assert user is not None
        started = await here.people.sessions.start(user, Client())
        assert await here.people.sessions.renew(started.principal) == started.principal
        await here.people.identity.set_disabled(user.id, True, now_ms())
        late = await here.people.sessions.start(user, Client())
        assert await here.people.sessions.renew(late.principal) is None
        assert await here.people.sessions.verify(late.secret, Credentials("http")) is None


async def test_what_has_expired_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        identity = here.people.identity
        other = here.browser()
        await other.sign_in("ada")
        await identity.extend_session(secret_hash(other.session or ""), now_ms() - 1, now_ms())
        kept = await here.invitation()
        late = InvitationRecord(b"late", "late", "join", False, None, "test", 1, now_ms() - 1)
        await identity.create_invitation(late)
        access = here.quire.state.backend.access
        assert await sweep_once(identity, access) >= 2
        assert [each.secret_hash for each in await identity.invitations()] == [secret_hash(kept)]
        assert len(await identity.sessions(await _user(here, "ada"))) == 1
        assert (await browser.who())["kind"] == "account"
        assert await sweep_once(identity, access) == 0


async def test_account_takes_another_name_and_keeps_the_rest(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        browser = await here.join("ada")
        before = (await browser.who())["user"]
        renamed = await browser.ok("PATCH", SESSION, json={"name": "Ada L."})
        assert renamed["user"] == (await browser.who())["user"] == {**before, "name": "Ada L."}


async def test_passwords_are_for_servers_with_accounts(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        browser = here.browser()
        body = {"login": "ada", "password": PASSWORD}
        assert await browser.refused("POST", SESSION, json=body) == FORBIDDEN
        join = {"secret": "x", "login": "ada", "name": "Ada", "password": PASSWORD}
        accept = "/api/invitations/accept"
        assert await browser.refused("POST", accept, json=join) == FORBIDDEN
        assert (await browser.who())["sign_in"] == []


async def test_nobody_is_let_in_without_signing_in(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        owner = await here.join("ada")
        await owner.create("notes", "secret")
        visitor = here.browser()
        visitor.http.headers["X-Quire-Name"] = "Ada"
        for method, path, options in (
            ("GET", "/api/documents/notes", {}),
            ("GET", "/api/documents/notes/text", {}),
            ("POST", "/api/documents", {"json": {"name": "mine"}}),
            ("GET", "/api/sessions", {}),
            ("DELETE", "/api/sessions", {}),
            ("DELETE", "/api/sessions/x", {}),
            ("GET", "/api/invitations", {}),
            ("POST", "/api/invitations", {"json": {}}),
            ("DELETE", "/api/invitations/x", {}),
            ("GET", "/api/users?q=a", {}),
            ("GET", "/api/users/x", {}),
            ("PATCH", "/api/users/x", {"json": {}}),
            ("PATCH", "/api/session", {"json": {"name": "x"}}),
        ):
            assert await visitor.refused(method, path, **options) == REQUIRED, path
        assert (await visitor.ok("GET", "/api/documents"))["documents"] == []


async def _user(here: House, login: str) -> str:
    user = await here.people.identity.user_by_login(login)
    assert user is not None
    return user.id


@pytest.mark.parametrize("auth", ["open", "jwt"])
async def test_session_of_another_way_to_sign_in_proves_nothing(tmp_path: Path, auth: str) -> None:
    """Whoever turns to another way wants nobody to go on by the old one."""
    async with house(tmp_path) as here:
        ada = await here.join("ada", is_operator=True)
        cookie = f"quire_session={ada.session}"
    chosen: dict[str, Any] = {"auth": auth}
    if auth == "jwt":
        chosen |= {"jwt_key": "k" * 32, "jwt_issuer": "https://i", "jwt_audience": "quire"}
    async with house(tmp_path, **chosen) as here:
        answer = await here.browser().http.get("/api/session", headers={"Cookie": cookie})
        assert answer.json()["kind"] == ("named" if auth == "open" else "visitor")
        assert not answer.json()["operator"]
        [account] = await here.people.identity.users("ada", 9)
        late = await here.people.sessions.start(account, Client())
        assert await here.people.sessions.renew(late.principal) is None
