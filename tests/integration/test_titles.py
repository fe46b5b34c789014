"""The one title of a document: derived from its text, or set; in list, search and description."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import to_thread

from sync.text.title import derive_title
from tests.contract.old_schema import make, old_events
from tests.integration.http_app import Application, application
from tests.integration.peer import connect
from tests.integration.scene import fresh_name
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("titles")) as process:
        yield process


async def found(quire: Application, query: str) -> list[str]:
    listed = await quire.ok("GET", "/api/documents", params={"q": query})
    return [document["title"] for document in listed["documents"]]


async def test_document_is_found_by_the_heading_of_its_text(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        made = await quire.ok("POST", "/api/documents", json={"text": "# Quarterly report\n"})
        assert (made["title"], made["title_derived"]) == ("Quarterly report", True)
        assert await found(quire, "quarterly") == ["Quarterly report"]
        assert await found(quire, made["name"]) == ["Quarterly report"]
        assert await quire.ok("GET", f"/api/documents/{made['name']}") == made


async def test_title_follows_what_is_written_over_http(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        before = await quire.create(text="no heading")
        assert (before["title"], before["title_derived"]) == ("", False)
        await quire.edit("notes", 1, {"insert": "# One\n\n"})
        assert await found(quire, "one") == ["One"]
        headers = {"If-Match": "*"}
        await quire.ok("PUT", f"{BASE}/text", content="---\ntitle: Two\n---\n", headers=headers)
        assert await found(quire, "one") == []
        assert await found(quire, "two") == ["Two"]
        await quire.ok("POST", f"{BASE}/restore", json={"version": 2})
        assert await found(quire, "one") == ["One"]


async def test_title_that_somebody_set_stays_until_it_is_emptied(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="# Heading")
        changed = await quire.ok("PATCH", BASE, json={"title": "Mine"})
        assert (changed["title"], changed["title_derived"]) == ("Mine", False)
        await quire.edit("notes", 1, {"retain": 9}, {"insert": " 2"})
        assert await found(quire, "mine") == ["Mine"]
        assert await found(quire, "heading") == [], "what is not shown is not searched"
        changed = await quire.ok("PATCH", BASE, json={"title": ""})
        assert (changed["title"], changed["title_derived"]) == ("Heading 2", True)


async def until_titled(server: ServerProcess, name: str, title: str) -> dict[str, Any]:
    async with (
        asyncio.timeout(PATIENCE_S),
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http,
    ):
        while True:
            answer = await http.get(f"{server.url}/api/documents", params={"q": name})
            (document,) = answer.json()["documents"]
            if document["title"] == title:
                found: dict[str, Any] = document
                return found
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("mode", ["text", "yjs"])
async def test_title_follows_what_is_written_over_a_socket(
    server: ServerProcess, mode: str
) -> None:
    name = fresh_name()
    async with connect(server, "msgpack") as ana:
        await ana.join(name, mode=mode)
        if mode == "text":
            await ana.insert(name, "a.1", "# By socket\n")
        else:
            await ana.update(name, "a.1", YjsReplica().insert(0, "# By socket\n"))
        document = await until_titled(server, name, "By socket")
        assert document["version"] == 1
        assert document["title_derived"]


async def test_title_is_saved_by_a_server_that_is_stopped(tmp_path: Path) -> None:
    name = fresh_name()
    with ServerProcess(tmp_path) as server:
        async with connect(server, "json") as ana:
            await ana.join(name)
            await ana.insert(name, "a.1", "# Last words\n")
        server.terminate()
        with closing(sqlite3.connect(tmp_path / "quire.db")) as connection:
            (saved,) = connection.execute("SELECT derived_title FROM documents")
        assert saved == ("Last words",)
        server.start()
        await until_titled(server, name, "Last words")


@pytest.mark.p1
async def test_title_lost_by_a_crash_is_repaired_when_the_document_is_opened(
    tmp_path: Path,
) -> None:
    name = fresh_name()
    with ServerProcess(tmp_path) as server:
        async with connect(server, "json") as ana:
            await ana.join(name)
            await ana.insert(name, "a.1", "# Survivor\n")
            server.kill9()
        server.start()
        async with connect(server, "json") as ana:
            await ana.join(name)
            await until_titled(server, name, "Survivor")


async def test_documents_of_an_older_database_get_their_titles_unopened(tmp_path: Path) -> None:
    """The newest first, deep in a history as well; one whose log is damaged holds nobody up."""
    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    events = [event for event in old_events(700) if event.version == 1 or event.document_key == 2]
    for event in events:
        # Each is written before the one before it, so the heading is the last of many events.
        event.ops = '["# Deep ", 1]' if event.version == 700 else '["x"]'
    await to_thread.run_sync(make, url, events)
    with closing(sqlite3.connect(tmp_path / "quire.db")) as connection, connection:
        connection.execute("DELETE FROM checkpoints")
        connection.execute(
            "INSERT INTO documents SELECT 3, 'damaged', 'T', 'content', 'e1', 5,"
            " 99, 'u-owner', 1, 9, NULL"
        )
        connection.execute("UPDATE documents SET title = ''")
        connection.execute("UPDATE events SET ops = '[\"# Shallow\"]' WHERE document_key = 1")
    with ServerProcess(tmp_path) as server:
        for name, title in (("doc-1", "Shallow"), ("doc-2", derive_title("# Deep " + "x" * 699))):
            document = await until_titled(server, name, title)
            assert document["title_derived"]
        with closing(sqlite3.connect(tmp_path / "quire.db")) as connection:
            rows = connection.execute("SELECT name, title_version FROM documents ORDER BY key")
            assert rows.fetchall() == [("doc-1", 1), ("doc-2", 700), ("damaged", 0)]
