"""What the audit trail has of people: sign-ins, passwords, invitations, and what operators do."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.integration.accounts_app import OTHER_PASSWORD, PASSWORD, Browser, house
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


async def entries(operator: Browser, at_least: int) -> list[dict[str, Any]]:
    """The whole trail, oldest first, once there are so many."""
    with anyio.fail_after(PATIENCE_S):
        while True:
            page = await operator.ok("GET", "/api/audit?limit=500")
            if len(page["entries"]) >= at_least:
                return list(reversed(page["entries"]))
            await anyio.sleep(0.02)


async def test_sign_ins_and_what_people_do_to_accounts_are_noted(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        ada = await here.join("ada", is_operator=True)
        bob = here.browser("192.0.2.7")
        made = await ada.ok("POST", "/api/invitations", json={})
        secret = made["url"].partition("#")[2]
        accepted = {"secret": secret, "login": "bob", "name": "Bob", "password": PASSWORD}
        state = await bob.ok("POST", "/api/invitations/accept", json=accepted)
        wrong = {"login": "bob", "password": "wrong-password"}
        await bob.refused("POST", "/api/session", json=wrong)
        typed = {"login": "my-secret-password", "password": "wrong-password"}
        await bob.refused("POST", "/api/session", json=typed)
        await bob.sign_in("bob")
        changed = {"current": PASSWORD, "new": OTHER_PASSWORD}
        await bob.ok("POST", "/api/account/password", json=changed)
        assert (await bob.http.delete("/api/session")).status_code == 204
        user = state["user"]["id"]
        await ada.ok("PATCH", f"/api/users/{user}", json={"disabled": True})
        second = await ada.ok("POST", "/api/invitations", json={})
        assert (await ada.http.delete(f"/api/invitations/{second['id']}")).status_code == 204
        found = await entries(ada, 11)
    assert [(each["kind"], (each["user"] or {}).get("name")) for each in found] == [
        ("invitation.accepted", "Ada"),
        ("invitation.created", "Ada"),
        ("invitation.accepted", "Bob"),
        ("sign_in_failed", "Bob"),
        ("sign_in_failed", None),
        ("signed_in", "Bob"),
        ("password.changed", "Bob"),
        ("signed_out", "Bob"),
        ("user.changed", "Ada"),
        ("invitation.created", "Ada"),
        ("invitation.revoked", "Ada"),
    ]
    assert {each["address"] for each in found[2:8]} == {"192.0.2.7"}
    assert found[8]["detail"] == {"of": user, "disabled": True}
    shown = repr(found)
    assert not any(each in shown for each in (PASSWORD, OTHER_PASSWORD, "password-", "my-secret"))
    assert secret not in shown


async def test_an_operator_alone_reads_the_whole_trail(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        await here.join("ada", is_operator=True)
        bob = await here.join("bob")
        assert await bob.refused("GET", "/api/audit") == (403, "forbidden")
        assert await here.browser().refused("GET", "/api/audit") == (401, "auth_required")
