"""Sharing over HTTP: roles for subjects, share links, and what becomes of them."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.identity.principal import Principal
from app.service import sharing
from app.service.lifecycle import create_document
from sync.user import User
from tests.integration.http_app import Application, application
from tests.patience import ever_longer

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"
ADA = {"X-Quire-Name": "Ada"}
BOB = {"X-Quire-Name": "Bob"}
EVE = {"X-Quire-Name": "Eve"}
UNKNOWN = (404, "unknown_document")
FORBIDDEN = (403, "forbidden")
INVALID = (422, "invalid_message")
UNKNOWN_LINK = (404, "unknown_link")
PRIVATE: dict[str, Any] = {"default_access": "private"}


async def _created(quire: Application) -> None:
    """Create a document of Ada's that nobody else may know of."""
    body = {"name": "notes", "text": "secret plans"}
    made = await quire.ok("POST", "/api/documents", json=body, headers=ADA)
    assert made["role"] == "owner"


async def _id(quire: Application, who: Mapping[str, str]) -> str:
    session = await quire.ok("GET", "/api/session", headers=who)
    return str(session["user"]["id"])


async def _role(quire: Application, who: Mapping[str, str]) -> str | None:
    answer = await quire.http.get(BASE, headers=who)
    return answer.json()["role"] if answer.is_success else None


async def _give(quire: Application, subject: str, role: str) -> None:
    answer = await quire.http.put(f"{BASE}/access/{subject}", json={"role": role}, headers=ADA)
    assert answer.status_code == 204, answer.text


async def _link(quire: Application, **body: Any) -> dict[str, Any]:
    return await quire.ok("POST", f"{BASE}/links", json=body, headers=ADA)


def _secret(link: Mapping[str, Any]) -> str:
    address, _, secret = str(link["url"]).partition("#")
    assert address.endswith("/l")
    return secret


async def test_private_document_looks_like_one_that_is_not_there(tmp_path: Path) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        for path in (
            BASE,
            f"{BASE}/text",
            f"{BASE}/history",
            f"{BASE}/diff?from=0",
            f"{BASE}/access",
        ):
            mine = await quire.http.get(path, headers=ADA)
            assert mine.status_code == 200
            theirs = await quire.http.get(path, headers=BOB)
            missing = await quire.http.get(path.replace("notes", "other"), headers=BOB)
            assert (theirs.status_code, theirs.content) == (404, missing.content)
            differing = {"date", "content-length"}
            assert {k: v for k, v in theirs.headers.items() if k not in differing} == {
                k: v for k, v in missing.headers.items() if k not in differing
            }
        listed = await quire.ok("GET", "/api/documents", headers=BOB)
        assert listed["documents"] == []
        found = await quire.ok("GET", "/api/documents?q=notes", headers=BOB)
        assert found["documents"] == []


@pytest.mark.parametrize("role", ["editor", "commenter", "viewer", "owner"])
async def test_role_for_one_user(tmp_path: Path, role: str) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        await _give(quire, f"user:{await _id(quire, BOB)}", role)
        assert [await _role(quire, who) for who in (ADA, BOB, EVE)] == ["owner", role, None]
        access = await quire.ok("GET", f"{BASE}/access", headers=ADA)
        assert [each["role"] for each in access["users"]] == [role]
        assert [access["everyone"], access["signed_in"]] == [None, None]
        subject = f"user:{await _id(quire, BOB)}"
        gone = await quire.http.delete(f"{BASE}/access/{subject}", headers=ADA)
        assert gone.status_code == 204
        assert await _role(quire, BOB) is None


async def test_roles_for_everybody(tmp_path: Path) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        for subject, role in (("signed-in", "commenter"), ("everyone", "viewer")):
            await _give(quire, subject, role)
        access = await quire.ok("GET", f"{BASE}/access", headers=ADA)
        assert (access["everyone"], access["signed_in"]) == ("viewer", "commenter")
        assert await _role(quire, EVE) == "commenter"
        assert access["owner"]["id"] == await _id(quire, ADA)


@pytest.mark.parametrize("role", ["editor", "commenter", "viewer"])
async def test_only_owners_see_and_change_who_it_is_shared_with(tmp_path: Path, role: str) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        await _give(quire, "signed-in", role)
        link = await _link(quire, role="viewer")
        options: dict[str, Any] = {"headers": BOB}
        for method, path, body in (
            ("GET", "/access", None),
            ("PUT", "/access/everyone", {"role": "editor"}),
            ("DELETE", "/access/signed-in", None),
            ("GET", "/links", None),
            ("POST", "/links", {"role": "editor"}),
            ("DELETE", f"/links/{link['id']}", None),
        ):
            more = options if body is None else {**options, "json": body}
            assert await quire.refused(method, BASE + path, **more) == FORBIDDEN
        assert await _role(quire, BOB) == role


@pytest.mark.parametrize(
    ("subject", "role"),
    [
        ("everyone", "owner"),
        ("signed-in", "owner"),
        ("nobody", "viewer"),
        ("user:", "viewer"),
        ("user:" + "x" * 129, "viewer"),
        ("user:a%0Ab", "viewer"),
        ("user:a%00b", "viewer"),
        ("everyone", "admin"),
        ("everyone", None),
    ],
)
async def test_what_is_no_subject_or_no_role(
    tmp_path: Path, subject: str, role: str | None
) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        path = f"{BASE}/access/{subject}"
        assert await quire.refused("PUT", path, json={"role": role}, headers=ADA) == INVALID


async def test_link_gives_its_role_to_whoever_redeems_it(tmp_path: Path) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        link = await _link(quire, role="commenter")
        body = {"secret": _secret(link)}
        for _ in range(2):
            taken = await quire.ok("POST", "/api/links/redeem", json=body, headers=BOB)
            assert taken == {"document": "notes", "role": "commenter"}
        assert [await _role(quire, who) for who in (BOB, EVE)] == ["commenter", None]
        listed = await quire.ok("GET", f"{BASE}/links", headers=ADA)
        assert [each["id"] for each in listed["links"]] == [link["id"]]
        assert "url" not in listed["links"][0]
        gone = await quire.http.delete(f"{BASE}/links/{link['id']}", headers=ADA)
        assert gone.status_code == 204
        assert await _role(quire, BOB) is None
        refused = await quire.refused("POST", "/api/links/redeem", json=body, headers=EVE)
        assert refused == UNKNOWN_LINK
        again = await quire.refused("DELETE", f"{BASE}/links/{link['id']}", headers=ADA)
        assert again == UNKNOWN_LINK
        assert (await quire.ok("GET", f"{BASE}/links", headers=ADA))["links"] == []


async def test_link_ends(tmp_path: Path) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        for lasts_s in ever_longer(1.0):
            soon = datetime.now(UTC) + timedelta(seconds=lasts_s)
            link = await _link(quire, role="editor", expires_at=soon.isoformat())
            body = {"secret": _secret(link)}
            redeemed = await quire.http.post("/api/links/redeem", json=body, headers=BOB)
            role = await _role(quire, BOB)
            if datetime.now(UTC) < soon:
                break
        assert redeemed.is_success
        assert role == "editor"
        await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.01)
        assert await _role(quire, BOB) is None
        refused = await quire.refused("POST", "/api/links/redeem", json=body, headers=BOB)
        assert refused == UNKNOWN_LINK
        listed = (await quire.ok("GET", f"{BASE}/links", headers=ADA))["links"]
        assert link["id"] in [each["id"] for each in listed]
        assert all(each["expired"] is True for each in listed)


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"},
        {"role": "viewer", "expires_at": "2001-01-01T00:00:00Z"},
        {"role": "viewer", "expires_at": "2036-01-31T12:00:00"},
        {"role": "viewer", "expires_at": "soon"},
        {"role": "viewer", "expires_at": 2_085_393_600},
        {"role": "viewer", "expires_at": "2085393600"},
        {"role": "viewer", "expires_at": "2036-01-31"},
        {"role": "viewer", "expires_at": "20360131T120000Z"},
        {"role": "reader"},
        {},
    ],
)
async def test_links_that_cannot_be_made(tmp_path: Path, body: dict[str, Any]) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        assert await quire.refused("POST", f"{BASE}/links", json=body, headers=ADA) == INVALID


@pytest.mark.parametrize("secret", ["ql_nothing", "x", "a\u00e9\U0001f600"])
async def test_secret_of_no_link(tmp_path: Path, secret: str) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        body = {"secret": secret}
        refused = await quire.refused("POST", "/api/links/redeem", json=body, headers=BOB)
        assert refused == UNKNOWN_LINK


@pytest.mark.parametrize("secret", ["", "x" * 201, "a\0b", 7, None])
async def test_what_cannot_be_a_secret(tmp_path: Path, secret: object) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        body = {"secret": secret}
        assert await quire.refused("POST", "/api/links/redeem", json=body, headers=BOB) == INVALID


async def test_limits_of_sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MAX_GRANTS", 2)
    monkeypatch.setattr(sharing, "MAX_LINKS", 1)
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        await _link(quire, role="viewer")
        too_many = (429, "rate_limited")
        body = {"role": "viewer"}
        assert await quire.refused("POST", f"{BASE}/links", json=body, headers=ADA) == too_many
        await _give(quire, "user:a", "viewer")
        await _give(quire, "user:b", "viewer")
        path = f"{BASE}/access/user:c"
        assert await quire.refused("PUT", path, json=body, headers=ADA) == too_many
        await _give(quire, "user:b", "editor")


async def test_visitor_who_redeems_a_link_becomes_a_guest(tmp_path: Path) -> None:
    async with application(tmp_path, auth="accounts") as quire:
        backend = quire.state.backend
        owner = Principal(User("user-ada", "Ada", "#123456"), "account", True, may_create=True)
        grant = await create_document(backend, owner, name="notes")
        link, secret = await sharing.create_link(backend, grant, "viewer", None)
        assert await quire.refused("GET", BASE) == (401, "auth_required")
        taken = await quire.http.post("/api/links/redeem", json={"secret": secret})
        assert taken.json() == {"document": "notes", "role": "viewer"}
        cookie = taken.headers["set-cookie"]
        assert cookie.startswith("quire_guest_")
        assert "HttpOnly" in cookie
        assert (await quire.ok("GET", BASE))["role"] == "viewer"
        await sharing.revoke_link(backend, grant, link.id)
        assert await quire.refused("GET", BASE) == UNKNOWN


async def test_nameless_who_redeems_a_link_in_open_mode_is_the_only_one_let_in(
    tmp_path: Path,
) -> None:
    async with application(tmp_path, **PRIVATE) as quire:
        await _created(quire)
        secret = _secret(await _link(quire, role="viewer"))
        taken = await quire.http.post("/api/links/redeem", json={"secret": secret})
        assert taken.json() == {"document": "notes", "role": "viewer"}
        assert (await quire.ok("GET", BASE))["role"] == "viewer"
        quire.http.cookies.clear()
        assert await quire.refused("GET", BASE) == UNKNOWN
