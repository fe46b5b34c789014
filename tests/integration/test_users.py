"""Users over HTTP: found by those who share, looked after by operators, out of guests' reach."""

from pathlib import Path

import pytest

from storage.identity.identity_record import UserRecord
from sync.shells.clock import now_ms
from tests.integration.accounts_app import PASSWORD, house

pytestmark = pytest.mark.anyio

FORBIDDEN = (403, "forbidden")
INVALID = (422, "invalid_message")
UNKNOWN = (404, "unknown_user")


async def test_user_finds_people_to_share_with_by_what_others_see(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        ada, bea = await here.join("ada"), await here.join("bea")
        await here.join("gone")
        gone = await here.people.identity.user_by_login("gone")
        assert gone is not None
        await here.people.identity.set_disabled(gone.id, True, now_ms())
        found = await ada.ok("GET", "/api/users?q=BE")
        assert found == {"users": [(await bea.who())["user"]], "next": None}
        assert (await ada.ok("GET", "/api/users?q=gone"))["users"] == []
        assert (await ada.ok("GET", "/api/users?q=%25"))["users"] == []


async def test_search_is_bounded(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        ada = await here.join("ada")
        for number in range(30):
            await here.people.identity.put_user(
                UserRecord(f"u{number}", "account", f"Many {number}", "#123456")
            )
        assert len((await ada.ok("GET", "/api/users?q=many"))["users"]) == 20
        assert len((await ada.ok("GET", "/api/users?q=many&limit=200"))["users"]) == 20
        assert len((await ada.ok("GET", "/api/users?q=many&limit=3"))["users"]) == 3
        for query in (
            "",
            "?q=",
            "?q=a&after=x",
            "?q=%00",
            "?q=" + "x" * 101,
            "?q=a&limit=0",
            "?q=a&limit=201",
        ):
            assert await ada.refused("GET", f"/api/users{query}") == INVALID, query


async def test_guests_and_names_find_nobody(tmp_path: Path) -> None:
    required = (401, "auth_required")
    async with house(tmp_path) as here:
        await here.join("ada")
        guest = here.browser()
        await guest.ok("POST", "/api/session/guest", json={"name": "Ada"})
        assert await guest.refused("GET", "/api/users?q=a") == required
        assert await here.browser().refused("GET", "/api/users?q=a") == required
        user = await here.people.identity.user_by_login("ada")
        assert user is not None
        assert await guest.refused("GET", f"/api/users/{user.id}") == FORBIDDEN


async def test_guests_of_an_open_house_find_nobody(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open") as here:
        guest = here.browser()
        await guest.ok("POST", "/api/session/guest", json={"name": "Ada"})
        assert await guest.refused("GET", "/api/users?q=a") == (401, "auth_required")
        assert await here.browser().refused("GET", "/api/users?q=a") == (401, "auth_required")


async def test_operator_sees_all_users_in_pages(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        for login in ("ada", "bea", "cleo"):
            await here.join(login)
        seen, path = [], "/api/users?limit=2"
        while True:
            page = await operator.ok("GET", path)
            seen += [(user["login"], user["operator"], user["disabled"]) for user in page["users"]]
            if page["next"] is None:
                break
            path = f"/api/users?limit=2&after={page['next']}"
        assert seen == [
            ("ada", False, False),
            ("bea", False, False),
            ("cleo", False, False),
            ("owner", True, False),
        ]
        for after in ("x", "%00", "WyJhIl0=", "x" * 3_000, "WyJcdTAwMDAiLCAiYSJd"):
            assert await operator.refused("GET", f"/api/users?after={after}") == INVALID, after


async def test_operator_shuts_a_user_out_and_lets_it_in_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        ada = await here.join("ada")
        path = f"/api/users/{(await ada.who())['user']['id']}"
        assert (await operator.ok("PATCH", path, json={"disabled": True}))["disabled"] is True
        assert (await ada.who())["kind"] == "visitor"
        body = {"login": "ada", "password": PASSWORD}
        refused = await here.browser().refused("POST", "/api/session", json=body)
        assert refused == (401, "auth_failed")
        assert (await operator.ok("PATCH", path, json={"disabled": False}))["disabled"] is False
        assert (await ada.who())["kind"] == "visitor"
        await ada.sign_in("ada")


async def test_operator_makes_another_one(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        ada = await here.join("ada")
        path = f"/api/users/{(await ada.who())['user']['id']}"
        assert await ada.refused("PATCH", path, json={"operator": True}) == FORBIDDEN
        assert (await operator.ok("PATCH", path, json={"operator": True}))["operator"] is True
        assert (await ada.who())["operator"] is True
        own = f"/api/users/{(await operator.who())['user']['id']}"
        await operator.ok("PATCH", own, json={"operator": False})
        assert await operator.refused("GET", path) == FORBIDDEN


async def test_last_operator_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        own = f"/api/users/{(await operator.who())['user']['id']}"
        for change in ({"operator": False}, {"disabled": True}):
            refused = await operator.refused("PATCH", own, json=change)
            assert refused == (409, "last_operator")
        assert (await operator.ok("PATCH", own, json={}))["operator"] is True


async def test_user_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        operator = await here.join("owner", is_operator=True)
        for user in ("x", "%00", "%ED%A0%80", "x" * 5_000, "%2e%2e"):
            assert await operator.refused("GET", f"/api/users/{user}") == UNKNOWN
            assert await operator.refused("PATCH", f"/api/users/{user}", json={}) == UNKNOWN
        own = f"/api/users/{(await operator.who())['user']['id']}"
        bodies: list[object] = [{"disabled": 1}, {"operator": "yes"}, []]
        for body in bodies:
            assert await operator.refused("PATCH", own, json=body) == INVALID
