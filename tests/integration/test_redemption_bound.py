"""The bound on redeeming links: who holds one makes no more guests than an address may."""

from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.integration.accounts_app import House, house
from tests.integration.http_app import Application

pytestmark = pytest.mark.anyio

BASE: Final = "/api/documents/notes"
REDEEM: Final = "/api/links/redeem"
MOST: Final = 3


async def _secret(owner: Application) -> str:
    await owner.create("notes")
    link = await owner.ok("POST", f"{BASE}/links", json={"role": "viewer"})
    return str(link["url"].partition("#")[2])


async def _redeem(here: House, address: str, secret: str, **options: Any) -> httpx.Response:
    """Redeem a link in a browser without cookies."""
    return await here.browser(address).http.post(REDEEM, json={"secret": secret}, **options)


async def test_guests_of_one_address_are_bounded(tmp_path: Path) -> None:
    async with house(tmp_path, link_redemptions_per_address=MOST) as here:
        secret = await _secret(await here.join("ada"))
        for number in range(MOST):
            made = await _redeem(here, f"2001:db8::{number}", secret)
            assert made.status_code == 200
        refused = await _redeem(here, "2001:db8::9", secret)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 800 < int(refused.headers["retry-after"]) <= 900
        assert "set-cookie" not in refused.headers
        assert (await _redeem(here, "2001:db8:0:1::1", secret)).status_code == 200


async def test_names_of_one_address_are_bounded(tmp_path: Path) -> None:
    async with house(tmp_path, auth="open", link_redemptions_per_address=MOST) as here:
        secret = await _secret(here.browser())
        answers = [
            await _redeem(here, "192.0.2.1", secret, headers={"X-Quire-Name": f"name {number}"})
            for number in range(MOST + 1)
        ]
        assert [each.status_code for each in answers] == [200] * MOST + [429]


async def test_secrets_that_lead_nowhere_count_too(tmp_path: Path) -> None:
    async with house(tmp_path, link_redemptions_per_address=MOST) as here:
        answers = [await _redeem(here, "192.0.2.1", "ql_guessed") for _ in range(MOST + 1)]
        assert [each.status_code for each in answers] == [404] * MOST + [429]
