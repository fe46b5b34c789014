"""Documents that leave as one file and come back, over HTTP, into another installation."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from pycrdt import Doc, Map, Text

from storage.compaction.sql_compaction import SqlCompaction
from storage.segments.document_file import read_document_file
from sync.port import EventRecord
from sync.user import User
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.integration.http_app import Application, application

pytestmark = pytest.mark.anyio

ADA: Final = {"X-Quire-Name": "Ada"}
BEN: Final = {"X-Quire-Name": "Ben"}
IMPORT: Final = "/api/documents/import"
EXPORT: Final = "/api/documents/notes/export"


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    """An installation with one document, in which everything has been done."""
    (tmp_path / "one").mkdir()
    async with application(tmp_path / "one") as quire:
        await quire.ok(
            "POST", "/api/documents", json={"name": "notes", "title": "Tea 🍵"}, headers=ADA
        )
        for word in ("# One\n", "two 😀", " three"):
            await quire.edit("notes", None, {"insert": word})
        await quire.ok("POST", "/api/documents/notes/restore", json={"version": 1}, headers=BEN)
        typist: Doc[Any] = Doc()
        text: Text = typist.get("content", type=Text)
        text += "typed"
        typist.get("fields", type=Map)["k"] = "v"
        await submit_update(quire, typist.get_update())
        await quire.ok(
            "POST",
            "/api/documents/notes/versions",
            json={"version": 2, "name": "draft", "note": "why"},
            headers=BEN,
        )
        yield quire


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Application]:
    (tmp_path / "two").mkdir()
    async with application(tmp_path / "two") as quire:
        yield quire


async def submit_update(quire: Application, update: bytes) -> None:
    from sync.submission import UpdateSubmission, update_digest

    user = User("u-cy", "Cy", "#00aa00")
    submission = UpdateSubmission(
        "yjs", user, "cy.1", update, update_digest(update), len(update), role="editor"
    )
    await quire.state.rooms.submit(await quire.state.rooms.open("notes"), submission)


async def exported(quire: Application, name: str = "notes") -> bytes:
    answer = await quire.http.get(f"/api/documents/{name}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.quire"'
    return answer.content


async def events_of(quire: Application, name: str = "notes") -> list[EventRecord]:
    record = await quire.state.log.find(name)
    assert record is not None
    return await quire.state.log.read(record.key, 0, record.version, 10_000)


def unproven(event: EventRecord) -> EventRecord:
    from msgspec.structs import replace

    return replace(event, actor_id=f"imported:{event.actor_id}")


async def documents_of(quire: Application) -> list[str]:
    from sqlalchemy import Connection, text

    def read(connection: Connection) -> list[str]:
        return list(connection.scalars(text("SELECT name FROM documents ORDER BY name")))

    found: list[str] = await quire.state.backend.imports._database.read(read)
    return found


async def test_document_is_the_same_on_another_installation(
    quire: Application, other: Application
) -> None:
    made = await other.ok("POST", IMPORT, content=await exported(quire), headers=BEN)
    there = await quire.ok("GET", "/api/documents/notes")
    assert (made["name"], made["title"], made["version"], made["role"]) == (
        "notes",
        "Tea 🍵",
        there["version"],
        "owner",
    )
    assert made["epoch"] != there["epoch"]
    assert await events_of(other) == [unproven(event) for event in await events_of(quire)]
    for version in range(there["version"] + 1):
        assert await other.text("notes", version) == await quire.text("notes", version)
    (named,) = (await other.ok("GET", "/api/documents/notes/versions"))["versions"]
    (same,) = (await quire.ok("GET", "/api/documents/notes/versions"))["versions"]
    assert {**named, "created_by": same["created_by"]} == same
    assert named["created_by"]["name"] == "Ben"


async def test_imported_document_is_written_and_exported_again(
    quire: Application, other: Application
) -> None:
    await other.ok("POST", IMPORT, content=await exported(quire), headers=BEN)
    before = await other.text("notes")
    await other.edit("notes", None, {"insert": "more "})
    assert await other.text("notes") == "more " + before
    room = await other.state.rooms.open("notes")
    assert room.version == len(await events_of(other))
    again = await exported(other)
    made = await other.ok("POST", f"{IMPORT}?name=copy&title=Copy", content=again, headers=BEN)
    assert (made["name"], made["title"]) == ("copy", "Copy")
    authors = {event.actor_id for event in await events_of(other, "copy")}
    assert not any(author.startswith("imported:imported:") for author in authors)


async def test_imported_document_is_found(quire: Application, other: Application) -> None:
    await other.ok("POST", IMPORT, content=await exported(quire), headers=BEN)
    path = "/api/search?q=typed"
    while not (await other.ok("GET", path, headers=BEN))["results"]:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_name_that_is_taken_is_refused(quire: Application) -> None:
    data = await exported(quire)
    before = await documents_of(quire)
    assert await quire.refused("POST", IMPORT, content=data) == (409, "name_taken")
    assert await documents_of(quire) == before


@pytest.mark.p8
async def test_file_with_a_fault_leaves_nothing(quire: Application, other: Application) -> None:
    data = await exported(quire)
    (at, segment), *_ = read_document_file(data).segments
    middle = at + 9 + len(segment) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    for fault in (b"", b"# A text", data[:-1], data[: len(data) // 2], data + b"\0", flipped):
        answer = await other.http.post(IMPORT, content=fault)
        assert (answer.status_code, answer.json()["code"]) == (422, "unusable_file")
        assert answer.json()["detail"].startswith("At byte ")
    assert await documents_of(other) == []


async def test_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with application(tmp_path, max_import_bytes=2_000) as quire:
        assert await quire.refused("POST", IMPORT, content=b"x" * 2_001) == (413, "too_large")


async def test_text_and_lines_are_exported(quire: Application) -> None:
    answer = await quire.http.get(f"{EXPORT}?format=md")
    assert answer.text == await quire.text("notes")
    lines = (await quire.http.get(f"{EXPORT}?format=jsonl")).text.splitlines()
    listed = await quire.ok("GET", "/api/documents/notes/history?include=ops&limit=500")
    assert [json.loads(line) for line in lines] == listed["events"]


async def test_empty_document_is_exported_and_imported(
    quire: Application, other: Application
) -> None:
    await quire.create("empty")
    assert (await quire.http.get("/api/documents/empty/export?format=jsonl")).text == ""
    made = await other.ok("POST", IMPORT, content=await exported(quire, "empty"))
    assert made["version"] == 0
    await other.edit("empty", None, {"insert": "first"})
    assert await other.text("empty") == "first"


async def test_second_import_at_once_is_told_to_wait(
    quire: Application, other: Application
) -> None:
    data = await exported(quire)
    async with other.state.imports._busy:
        answer = await other.http.post(IMPORT, content=data)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert "retry-after" in answer.headers


async def test_import_that_fails_while_it_is_written_leaves_no_event(
    quire: Application, other: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await exported(quire)
    await other.create("notes", "mine")
    imports = other.state.backend.imports
    finish = imports.finish

    async def late(key: int, new: Any, *rest: Any) -> Any:
        """Somebody takes the name in the last moment."""
        return await finish(key, new.__class__(**{**as_dict(new), "name": "notes"}), *rest)

    monkeypatch.setattr(imports, "finish", late)
    refused = await other.refused("POST", f"{IMPORT}?name=free", content=data)
    assert refused == (409, "name_taken")
    assert await other.text("notes") == "mine"
    assert await count(other, "events") == 1
    assert await count(other, "writers") == 1


def as_dict(struct: Any) -> dict[str, Any]:
    from msgspec.structs import asdict

    return asdict(struct)


async def count(quire: Application, table: str) -> int:
    from sqlalchemy import Connection, text

    def read(connection: Connection) -> int:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    found: int = await quire.state.backend.imports._database.read(read)
    return found


async def test_what_a_process_left_is_removed(quire: Application, other: Application) -> None:
    imports = other.state.backend.imports
    key = await imports.begin(1_000)
    events = await events_of(quire)
    assert await imports.add(key, events, None, 2_000)
    listed = await other.ok("GET", "/api/documents")
    assert listed["documents"] == []
    (hidden,) = await documents_of(other)
    assert (await other.http.get(f"/api/documents/{hidden}")).status_code == 404
    assert await imports.give_up_left(2_000) == 0
    assert await imports.give_up_left(2_001) == 1
    await other.state.backend.shelf.finish_purges()
    assert (await count(other, "events"), await count(other, "writers")) == (0, 0)
    assert not await imports.add(key, events, None, 3_000), "it was given up"
    assert await imports.give_up_left(10_000) == 0


async def test_document_in_segments_is_exported_as_it_was(
    quire: Application, other: Application
) -> None:
    before = await events_of(quire)
    record = await quire.state.log.find("notes")
    assert record is not None
    compaction = SqlCompaction(quire.state.backend.imports._database)
    while await compaction.step(record.key, PLAIN_RULE, LATER_MS):
        await compaction.remove_rows(record.key)
    assert await count(quire, "events") == 0
    assert await count(quire, "segments") > 0
    await other.ok("POST", IMPORT, content=await exported(quire), headers=BEN)
    assert await events_of(other) == [unproven(event) for event in before]
