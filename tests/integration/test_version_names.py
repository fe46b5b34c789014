"""Named versions over HTTP: naming, lists, what editors and owners may, and restoring by name."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from storage.versions.named_version import NamedVersion
from tests.integration.http_app import Application, application
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

PATH: Final = "/api/documents/notes/versions"
ADA: Final = {"X-Quire-Name": "Ada"}
BEN: Final = {"X-Quire-Name": "Ben"}


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes"}, headers=ADA)
        for word in ("one", " two", " three"):
            await quire.edit("notes", None, {"insert": word})
        yield quire


async def name(quire: Application, version: int | None, given: str, **more: Any) -> dict[str, Any]:
    body = {"version": version, "name": given} | more
    return await quire.ok("POST", PATH, json=body, headers=BEN)


def at(given: str) -> str:
    return f"{PATH}/{quote(given, safe='')}"


async def test_name_tells_who_gave_it_to_which_version(quire: Application) -> None:
    event = (await quire.ok("GET", "/api/documents/notes/history/2"))["event"]
    found = await name(quire, 2, "  First\u00a0 draft ", note="a\r\nb\0".replace("\0", "\x07"))
    listed = (await quire.ok("GET", PATH))["versions"]
    assert listed == [found]
    assert (found["version"], found["name"], found["note"]) == (2, "First draft", "a\nb")
    assert (found["automatic"], found["at"]) == (False, event["at"])
    assert found["created_by"]["name"] == "Ben"


async def test_version_that_is_left_out_is_the_head_and_zero_is_empty(quire: Application) -> None:
    document = await quire.ok("GET", "/api/documents/notes")
    assert (await name(quire, None, "now"))["version"] == 3
    assert (await name(quire, 0, "empty"))["at"] == document["created_at"]
    assert await quire.refused("POST", PATH, json={"version": 4, "name": "x"}) == (
        404,
        "unknown_version",
    )


async def test_list_is_paged_and_filtered(quire: Application) -> None:
    given = [(1, "a-1"), (2, "b"), (2, "a"), (3, "ü 🎉")]
    for version, each in given:
        await name(quire, version, each)
    found: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        page = await quire.ok("GET", PATH, params=query)
        found += [each["name"] for each in page["versions"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == ["ü 🎉", "a", "b", "a-1"]
    assert (await quire.ok("GET", f"{PATH}?kind=automatic"))["versions"] == []
    assert len((await quire.ok("GET", f"{PATH}?kind=named"))["versions"]) == 4
    for bad in ("?before=x", "?before=1-", f"?before={'9' * 16}-a", "?before=1-%00", "?kind=none"):
        assert await quire.refused("GET", PATH + bad) == (422, "invalid_message")


@pytest.mark.parametrize(
    "given",
    [
        "<script>alert(1)</script>".replace("/", ""),
        "%2e%2e",
        "a?b#c&d=e",
        "'; DROP TABLE named_versions; --",
        "x" * 120,
        "...",
        "👩‍👩‍👧",
        "e\u0301",
    ],
)
async def test_hostile_name_is_found_again_and_removed(quire: Application, given: str) -> None:
    stored = (await name(quire, 1, given))["name"]
    changed = await quire.ok("PATCH", at(given), json={"note": "n"}, headers=BEN)
    assert (changed["name"], changed["note"]) == (stored, "n")
    response = await quire.http.delete(at(stored), headers=BEN)
    assert response.status_code == 204
    assert (await quire.ok("GET", PATH))["versions"] == []


@pytest.mark.parametrize(
    "given",
    ["", " ", "\u200b", "\u202e\u2066", "x" * 121, "x" * 5_000, "a/b", "..", ".", "a\\b", "\0", 7],
)
async def test_name_that_is_none_is_refused(quire: Application, given: object) -> None:
    body = {"version": 1, "name": given}
    assert await quire.refused("POST", PATH, json=body) == (422, "invalid_message")
    await name(quire, 1, "here")
    assert await quire.refused("PATCH", at("here"), json={"name": given}, headers=BEN) == (
        422,
        "invalid_message",
    )


async def test_bidirectional_overrides_do_not_get_into_a_name(quire: Application) -> None:
    assert (await name(quire, 1, "a\u202eb\u2066c\x1b[31m"))["name"] == "abc[31m"


async def test_note_is_bounded(quire: Application) -> None:
    body = {"version": 1, "name": "x", "note": "n" * 2_001}
    assert await quire.refused("POST", PATH, json=body) == (422, "invalid_message")


async def test_editor_changes_its_own_and_owner_all(quire: Application) -> None:
    await name(quire, 1, "Ben's")
    cleo = {"X-Quire-Name": "Cleo"}
    for method, body in (("PATCH", {"name": "Cleo's"}), ("DELETE", None)):
        asked = {} if body is None else {"json": body}
        assert await quire.refused(method, at("Ben's"), headers=cleo, **asked) == (403, "forbidden")
    await quire.ok("PATCH", at("Ben's"), json={"name": "Ben's own"}, headers=BEN)
    changed = await quire.ok("PATCH", at("Ben's own"), json={"name": "Ada's"}, headers=ADA)
    assert changed["created_by"]["name"] == "Ben"
    assert (await quire.http.delete(at("Ada's"), headers=ADA)).status_code == 204


async def test_automatic_version_becomes_that_of_whoever_names_it(quire: Application) -> None:
    automatic = await _automatic(quire)
    assert await quire.refused("DELETE", at(automatic), headers=BEN) == (403, "forbidden")
    kept = await quire.ok("PATCH", at(automatic), json={"name": "Kept"}, headers=BEN)
    assert (kept["automatic"], kept["created_by"]["name"]) == (False, "Ben")
    assert (await quire.http.delete(at("Kept"), headers=BEN)).status_code == 204


async def test_owner_removes_an_automatic_version(quire: Application) -> None:
    automatic = await _automatic(quire)
    (listed,) = (await quire.ok("GET", f"{PATH}?kind=automatic"))["versions"]
    assert (listed["automatic"], listed["created_by"]) == (True, {"id": "", "name": ""})
    assert (await quire.http.delete(at(automatic), headers=ADA)).status_code == 204


async def _automatic(quire: Application) -> str:
    record = await quire.state.log.find("notes")
    assert record is not None
    named = NamedVersion(record.key, "2026 (3)", 3, "", True, "", "", 1, 1)
    assert await quire.state.backend.versions.add(named)
    return named.name


async def test_name_is_taken_once(quire: Application) -> None:
    await name(quire, 1, "é")
    await name(quire, 1, "b")
    body = {"version": 2, "name": "e\u0301"}
    assert await quire.refused("POST", PATH, json=body) == (409, "name_taken")
    asked = {"json": {"name": "é"}, "headers": BEN}
    assert await quire.refused("PATCH", at("b"), **asked) == (409, "name_taken")


async def test_restore_by_name_is_a_restore_of_its_version(quire: Application) -> None:
    await name(quire, 1, "Début")
    path = "/api/documents/notes/restore"
    written = await quire.ok("POST", path, json={"name": "De\u0301but", "id": "back"})
    assert (await quire.text("notes"), written["version"]) == ("one", 4)
    again = await quire.ok("POST", path, json={"version": 1, "id": "back"})
    assert again == written
    sittings = (await quire.ok("GET", "/api/documents/notes/history/sittings"))["sittings"]
    assert sittings[0]["restored"] == 1
    for bad in ({}, {"name": "Début", "version": 1}):
        assert await quire.refused("POST", path, json=bad) == (422, "invalid_message")
    assert await quire.refused("POST", path, json={"name": "none"}) == (404, "unknown_name")


async def test_duplicate_takes_no_names_along(quire: Application) -> None:
    await name(quire, 1, "first")
    await quire.ok("POST", "/api/documents/notes/duplicate", json={"name": "copy"})
    assert (await quire.ok("GET", "/api/documents/copy/versions"))["versions"] == []


async def test_names_are_in_the_audit_trail(quire: Application) -> None:
    await name(quire, 1, "a")
    await quire.ok("PATCH", at("a"), json={"name": "b"}, headers=BEN)
    await quire.http.delete(at("b"), headers=BEN)
    kinds: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(kinds) < 3:
            answer = await quire.ok("GET", "/api/documents/notes/audit", headers=ADA)
            found = [each["kind"] for each in answer["entries"]]
            kinds = [kind for kind in found if kind.startswith("version.")]
            await asyncio.sleep(0.02)
    assert kinds == ["version.removed", "version.changed", "version.named"]
