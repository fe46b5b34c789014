"""Sittings over HTTP: the history as people read it."""

from pathlib import Path
from typing import Any

import pytest

from app.http import schema
from app.identity.display_name import color_of
from tests.integration.http_app import Application, application

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"
ADA, BOB = {"X-Quire-Name": "Ada"}, {"X-Quire-Name": "Bob"}


async def write(quire: Application, text: str, headers: dict[str, str]) -> None:
    ops = [{"insert": text}]
    await quire.ok("POST", f"{BASE}/edits", json={"base": None, "ops": ops}, headers=headers)


async def sittings(quire: Application, query: str = "") -> list[dict[str, Any]]:
    page = await quire.ok("GET", f"{BASE}/history/sittings{query}")
    schema.Sittings.model_validate(page, strict=True)
    found: list[dict[str, Any]] = page["sittings"]
    return found


async def test_what_two_write_one_after_the_other_is_one_sitting_of_both(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes", "text": "a"}, headers=ADA)
        for _ in range(5):
            await write(quire, "x", BOB)
            await write(quire, "y", ADA)
        (sitting,) = await sittings(quire)
        assert (sitting["first"], sitting["last"], sitting["restored"]) == (1, 11, None)
        ada, bob = sitting["authors"]
        assert (ada["name"], ada["events"], ada["last"]) == ("Ada", 6, 11)
        assert (bob["name"], bob["events"], bob["last"]) == ("Bob", 5, 10)
        assert ada["origin"] == bob["origin"] == "request"
        assert ada["color"] == color_of(ada["id"])


async def test_a_restore_is_labelled_with_the_version_it_brought_back(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes", "text": "a"}, headers=ADA)
        await write(quire, "b", ADA)
        body = {"version": 1, "id": "once"}
        for _ in range(2):  # sent twice, it is one
            await quire.ok("POST", f"{BASE}/restore", json=body, headers=BOB)
        await write(quire, "c", ADA)
        found = await sittings(quire)
        assert [(each["first"], each["last"], each["restored"]) for each in found] == [
            (4, 4, None),
            (3, 3, 1),
            (1, 2, None),
        ]
        assert [author["origin"] for author in found[1]["authors"]] == ["restore"]


async def test_pages_join_without_a_gap_and_bounds_are_exclusive(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes", "text": "a"}, headers=ADA)
        for n in range(6):
            await write(quire, str(n), ADA)
            await quire.ok("POST", f"{BASE}/restore", json={"version": 1}, headers=ADA)
        whole = await sittings(quire)
        assert len(whole) == 12
        found: list[dict[str, Any]] = []
        before = ""
        while True:
            page = await quire.ok("GET", f"{BASE}/history/sittings?limit=4{before}")
            found += page["sittings"]
            if page["next"] is None:
                break
            before = f"&before={page['next']}"
        assert found == whole
        newest = await sittings(quire, "?after=11")
        assert [each["first"] for each in newest] == [13, 12]
        assert await sittings(quire, "?before=1") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "pause_s=0", "before=-1", "after=x"])
async def test_bounds_out_of_range_are_refused(tmp_path: Path, query: str) -> None:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes"}, headers=ADA)
        status, _ = await quire.refused("GET", f"{BASE}/history/sittings?{query}")
        assert status == 422
