"""Invitations and password resets over HTTP: used once, in time, by whoever has the link."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import app.identity.accounts.invitation
from app.identity.accounts.invitation import offer_ownership
from app.identity.secret_hash import secret_hash
from storage.identity.identity_record import InvitationRecord
from storage.store import open_store
from sync.shells.clock import now_ms
from tests.integration.accounts_app import OTHER_PASSWORD, PASSWORD, House, house

pytestmark = pytest.mark.anyio

ACCEPT = "/api/invitations/accept"
CHECK = "/api/invitations/check"
GONE = (404, "unknown_invitation")
INVALID = (422, "invalid_message")
FORBIDDEN = (403, "forbidden")


def _join(secret: str, login: str = "ada", **fields: Any) -> dict[str, Any]:
    return {"secret": secret, "login": login, "name": "Ada", "password": PASSWORD} | fields


async def test_operator_invites_and_whoever_has_the_link_joins(tmp_path: Path) -> None:
    async with house(tmp_path, public_url="http://quire.test/") as here:
        operator = await here.join("owner", is_operator=True)
        issued = await operator.ok("POST", "/api/invitations", json={"expires_in_days": 1})
        address, _, secret = issued["url"].partition("#")
        assert address == "http://quire.test/join"
        listed = (await operator.ok("GET", "/api/invitations"))["invitations"]
        assert [(each["id"], each["kind"], each["operator"]) for each in listed] == [
            (issued["id"], "join", False)
        ]
        assert secret not in str(listed)
        browser = here.browser()
        assert (await browser.ok("POST", CHECK, json={"secret": secret}))["kind"] == "join"
        state = await browser.ok("POST", ACCEPT, json=_join(secret, " Ada@Example.org "))
        assert (state["kind"], state["operator"]) == ("account", False)
        assert await browser.who() == state
        assert (await operator.ok("GET", "/api/invitations"))["invitations"] == []
        await here.browser().sign_in("ada@example.org")


async def test_invitation_is_used_once(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        secret = await here.invitation()
        await here.browser().ok("POST", ACCEPT, json=_join(secret))
        for login in ("ada", "bea"):
            assert await here.browser().refused("POST", ACCEPT, json=_join(secret, login)) == GONE
        assert await here.browser().refused("POST", CHECK, json={"secret": secret}) == GONE


async def test_of_many_who_use_one_invitation_at_once_one_joins(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        secret = await here.invitation()
        answers = await asyncio.gather(
            *(here.browser().http.post(ACCEPT, json=_join(secret, f"u{n}")) for n in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
        assert len(await here.people.identity.users(None, 50)) == 1


async def test_of_two_who_choose_one_login_at_once_one_gets_it(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        secrets = [await here.invitation() for _ in range(4)]
        answers = await asyncio.gather(
            *(here.browser().http.post(ACCEPT, json=_join(each)) for each in secrets)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        # Whoever lost still has an invitation.
        left = [s for s, answer in zip(secrets, answers, strict=True) if answer.status_code == 409]
        assert answers[secrets.index(left[0])].json()["code"] == "name_taken"
        await here.browser().ok("POST", ACCEPT, json=_join(left[0], "bea"))


async def test_refused_acceptance_leaves_the_invitation_usable(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("taken")
        secret = await here.invitation()
        browser = here.browser()
        for fields, expected in (
            ({"login": "taken"}, (409, "name_taken")),
            ({"login": "TAKEN"}, (409, "name_taken")),
            ({"login": "\u202eada"}, INVALID),
            ({"login": "ada\0"}, INVALID),
            ({"login": "\u0430da"}, INVALID),
            ({"login": "x" * 65}, INVALID),
            ({"login": ""}, INVALID),
            ({"login": None}, INVALID),
            ({"name": "\u202e"}, INVALID),
            ({"name": "x" * 65}, INVALID),
            ({"name": "\0"}, INVALID),
            ({"password": "short"}, INVALID),
            ({"password": "x" * 1_001}, INVALID),
            ({"password": "Password1234"}, INVALID),
            ({"login": "adalovelace", "password": "AdaLovelace"}, INVALID),
            ({"secret": ""}, INVALID),
            ({"secret": "x" * 201}, INVALID),
            ({"secret": "x" * 200}, GONE),
            ({"secret": "\u202e"}, GONE),
            ({"secret": secret + "x"}, GONE),
            ({"secret": secret[:-1]}, GONE),
            ({"secret": secret.swapcase()}, GONE),
        ):
            body = _join(secret) | fields
            assert await browser.refused("POST", ACCEPT, json=body) == expected, fields
        raw = {"Content-Type": "application/json"}
        surrogate = b'{"secret": "\\ud800", "password": "correct horse"}'
        assert await browser.refused("POST", ACCEPT, content=surrogate, headers=raw) == INVALID
        assert (await browser.who())["kind"] == "visitor"
        await browser.ok("POST", ACCEPT, json=_join(secret))


async def test_invitation_that_has_ended_or_is_revoked_is_none(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        await here.people.identity.create_invitation(
            InvitationRecord(
                secret_hash=secret_hash("late"),
                id="late",
                kind="join",
                is_operator=True,
                user_id=None,
                created_by="test",
                created_at_ms=now_ms() - 2,
                expires_at_ms=now_ms() - 1,
            )
        )
        assert await here.browser().refused("POST", ACCEPT, json=_join("late")) == GONE
        assert (await operator.ok("GET", "/api/invitations"))["invitations"] == []
        issued = await operator.ok("POST", "/api/invitations", json={})
        path = f"/api/invitations/{issued['id']}"
        assert (await operator.http.delete(path)).status_code == 204
        secret = issued["url"].partition("#")[2]
        assert await here.browser().refused("POST", ACCEPT, json=_join(secret)) == GONE
        for gone in (path, "/api/invitations/%00", "/api/invitations/%ED%A0%80"):
            assert await operator.refused("DELETE", gone) == GONE


async def test_only_operators_invite(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        user = await here.join("ada")
        guest = here.browser()
        await guest.ok("POST", "/api/session/guest", json={})
        for browser in (user, guest):
            assert await browser.refused("GET", "/api/invitations") == FORBIDDEN
            assert await browser.refused("POST", "/api/invitations", json={}) == FORBIDDEN
            assert await browser.refused("DELETE", "/api/invitations/x") == FORBIDDEN
        operator = await here.join("owner", is_operator=True)
        for body in (
            {"expires_in_days": 0},
            {"expires_in_days": 366},
            {"expires_in_days": "7"},
            {"operator": "perhaps"},
        ):
            assert await operator.refused("POST", "/api/invitations", json=body) == INVALID


async def test_operator_comes_from_the_invitation_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        secret = await here.invitation()
        state = await here.browser().ok("POST", ACCEPT, json=_join(secret, operator=True))
        assert state["operator"] is False
        secret = await here.invitation(is_operator=True)
        state = await here.browser().ok("POST", ACCEPT, json=_join(secret, "bea"))
        assert state["operator"] is True


async def test_open_invitations_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.identity.accounts.invitation, "MAX_INVITATIONS", 3)
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        ids = [(await operator.ok("POST", "/api/invitations", json={}))["id"] for _ in range(3)]
        refused = await operator.refused("POST", "/api/invitations", json={})
        assert refused == (409, "too_many")
        await operator.http.delete(f"/api/invitations/{ids[0]}")
        await operator.ok("POST", "/api/invitations", json={})


async def _reset_link(here: House, login: str) -> str:
    user = await here.people.identity.user_by_login(login)
    assert user is not None
    return await here.invitation(user_id=user.id)


async def test_reset_sets_the_password_and_ends_all_sessions(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        old = await here.join("ada")
        bea = await here.join("bea")
        first, second = await _reset_link(here, "ada"), await _reset_link(here, "ada")
        browser = here.browser()
        shown = await browser.ok("POST", CHECK, json={"secret": first})
        assert (shown["kind"], shown["login"]) == ("reset", "ada")
        assert (await old.who())["kind"] == "account"
        state = await browser.ok("POST", ACCEPT, json={"secret": first, "password": OTHER_PASSWORD})
        assert (await browser.who()) == state
        assert state["user"]["name"] == "Ada"
        assert (await old.who())["kind"] == "visitor"
        assert (await bea.who())["kind"] == "account"
        body = {"login": "ada", "password": PASSWORD}
        assert await old.refused("POST", "/api/session", json=body) == (401, "auth_failed")
        # Neither link sets it once more.
        for secret in (first, second):
            body = {"secret": secret, "password": PASSWORD}
            assert await here.browser().refused("POST", ACCEPT, json=body) == GONE
        await here.browser().sign_in("ada", OTHER_PASSWORD)


async def test_reset_link_makes_no_account_and_an_invitation_resets_none(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada")
        reset, join = await _reset_link(here, "ada"), await here.invitation()
        browser = here.browser()
        assert await browser.refused("POST", ACCEPT, json=_join(reset, "eve")) == GONE
        body = {"secret": join, "password": OTHER_PASSWORD}
        assert await browser.refused("POST", ACCEPT, json=body) == GONE
        short = {"secret": reset, "password": "short"}
        assert await browser.refused("POST", ACCEPT, json=short) == INVALID
        same = {"secret": reset, "password": "password1234"}
        assert await browser.refused("POST", ACCEPT, json=same) == INVALID
        await browser.ok("POST", ACCEPT, json={"secret": reset, "password": OTHER_PASSWORD})


async def test_disabled_account_cannot_be_reset(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada")
        secret = await _reset_link(here, "ada")
        user = await here.people.identity.user_by_login("ada")
        assert user is not None
        await here.people.identity.set_disabled(user.id, True, now_ms())
        body = {"secret": secret, "password": OTHER_PASSWORD}
        assert await here.browser().refused("POST", ACCEPT, json=body) == GONE


async def test_ownership_is_offered_until_there_is_an_operator(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        identity = here.people.identity
        issued = await offer_ownership(identity)
        assert issued is not None
        assert await offer_ownership(identity) is None
        await identity.revoke_invitation(issued.invitation.id)
        again = await offer_ownership(identity)
        assert again is not None
        state = await here.browser().ok("POST", ACCEPT, json=_join(again.secret))
        assert state["operator"] is True
        assert await offer_ownership(identity) is None


async def test_ownership_is_offered_once_by_processes_that_start_together(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        other = open_store(here.quire.state.settings.database_url)
        try:
            offered = await asyncio.gather(
                *(offer_ownership(each) for each in (here.people.identity, other.identity) * 8)
            )
        finally:
            await other.aclose()
        assert sum(issued is not None for issued in offered) == 1
        assert len(await here.people.identity.invitations()) == 1
