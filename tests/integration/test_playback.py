"""The playback over HTTP: pages, its bounds, and its compression."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import brotli
import msgspec
import pytest

from app.service import playback_reader
from tests.integration.http_app import Application, application

pytestmark = pytest.mark.anyio

PATH = "/api/documents/notes/playback"


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    async with application(tmp_path) as quire:
        await quire.create(text="Hello")
        for n in range(6):
            await quire.edit("notes", None, {"retain": 5}, {"insert": f"🎉{n}"})
        yield quire


def played(pages: list[dict[str, Any]]) -> str:
    text = ""
    for page in pages:
        at = 0
        for retain, deleted, inserted in page["ops"]:
            end = at + inserted
            text = text[:retain] + page["text"][at:end] + text[retain + deleted :]
            at = end
    return text


async def test_pages_follow_each_other_to_the_head(quire: Application) -> None:
    pages: list[dict[str, Any]] = []
    after = 0
    while after < 7:
        pages.append(await quire.ok("GET", f"{PATH}?after={after}&limit=3"))
        assert (pages[-1]["from"], pages[-1]["head"]) == (after, 7)
        after = pages[-1]["to"]
    assert [page["to"] for page in pages] == [3, 6, 7]
    assert played(pages) == await quire.text("notes")
    end = await quire.ok("GET", f"{PATH}?after=7")
    assert (end["to"], end["ops"], end["at"], end["writers"]) == (7, [], [], [])


async def test_writers_have_the_colors_of_the_sittings(quire: Application) -> None:
    (sitting,) = (await quire.ok("GET", "/api/documents/notes/history/sittings"))["sittings"]
    (author,) = sitting["authors"]
    (writer,) = (await quire.ok("GET", PATH))["writers"]
    assert writer == {
        "actor": {"id": author["id"], "name": author["name"]},
        "color": author["color"],
        "origin": "request",
    }


async def test_bounds_are_refused_and_kept(
    quire: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await quire.refused("GET", f"{PATH}?after=8") == (404, "unknown_version")
    for bad in ("after=-1", "limit=0", "limit=20001", "after=x"):
        assert await quire.refused("GET", f"{PATH}?{bad}") == (422, "invalid_message")
    monkeypatch.setattr(playback_reader, "MAX_PLAYBACK_BYTES", 1)
    assert (await quire.ok("GET", PATH))["to"] == 1


async def test_whoever_takes_brotli_gets_it(quire: Application) -> None:
    plain = await quire.http.get(PATH, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    async with quire.http.stream("GET", PATH, headers={"Accept-Encoding": "gzip, br"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("br", "Accept-Encoding")
    assert msgspec.json.decode(brotli.decompress(raw)) == plain.json()
