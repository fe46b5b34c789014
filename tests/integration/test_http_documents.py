"""`/api/documents`: create, list, describe, rename, delete."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.names import is_document_name
from sync.user import User
from tests.integration.http_app import EventStream, application
from tests.unit.sync.room.driven_room import Editor, yjs

pytestmark = pytest.mark.anyio


async def test_created_document_is_described_as_the_design_says(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        response = await quire.http.post(
            "/api/documents", json={"name": "notes", "title": "Nötes", "text": "a😀", "extra": 1}
        )
        document = response.json()
        assert response.status_code == 201
        assert response.headers["location"] == "/api/documents/notes"
        assert document.keys() == {
            "name",
            "title",
            "title_derived",
            "version",
            "epoch",
            "text_root",
            "created_at",
            "updated_at",
            "role",
        }
        assert (document["title"], document["version"]) == ("Nötes", 1)
        assert document["text_root"] == "content"
        assert await quire.ok("GET", "/api/documents/notes") == document
        assert await quire.text("notes") == "a😀"
        history = await quire.ok("GET", "/api/documents/notes/history")
        assert [event["text"] for event in history["events"]] == ["a😀"]


async def test_document_without_a_name_gets_a_readable_one(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        document = await quire.ok("POST", "/api/documents", json={})
        assert is_document_name(document["name"])
        assert document["version"] == 0
        assert await quire.text(document["name"]) == ""


async def test_name_that_is_taken_is_a_conflict_even_after_deletion(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        taken = (409, "name_taken")
        assert await quire.refused("POST", "/api/documents", json={"name": "notes"}) == taken
        assert (await quire.http.delete("/api/documents/notes")).status_code == 204
        assert await quire.refused("POST", "/api/documents", json={"name": "notes"}) == taken


async def test_list_is_newest_first_paged_and_searched(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for index in range(5):
            await quire.create(f"doc-{index}", text="x")
        await quire.create("gone")
        await quire.http.delete("/api/documents/gone")
        await quire.edit("doc-0", 1, {"insert": "newer "})
        names: list[str] = []
        query: dict[str, str] = {"limit": "2"}
        while True:
            page = await quire.ok("GET", "/api/documents", params=query)
            names += [document["name"] for document in page["documents"]]
            if page["next"] is None:
                break
            query["before"] = page["next"]
        assert names == ["doc-0", "doc-4", "doc-3", "doc-2", "doc-1"]
        found = await quire.ok("GET", "/api/documents", params={"q": "DOC-3"})
        assert [document["name"] for document in found["documents"]] == ["doc-3"]


async def test_title_changes_and_nothing_else(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        before = await quire.create(text="x")
        changed = await quire.ok("PATCH", "/api/documents/notes", json={"title": "Other"})
        assert changed == {**before, "title": "Other", "updated_at": changed["updated_at"]}


async def test_text_root_is_chosen_at_creation_or_set_while_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with application(tmp_path) as quire:
        body = {"name": "notes", "text_root": "codemirror"}
        created = await quire.ok("POST", "/api/documents", json=body)
        assert created["text_root"] == "codemirror"
        room = await quire.state.rooms.open("notes")
        change = {"text_root": "körper", "title": "Notes"}
        changed = await quire.ok("PATCH", "/api/documents/notes", json=change)
        assert (changed["text_root"], changed["title"]) == ("körper", "Notes")
        await quire.edit("notes", 0, {"insert": "Hello"})
        state = room.checkpoint().state or b""
        assert editor_text(state, "körper") == "Hello", "the open room knows"
        for root in ("content", "codemirror"):
            refused = await quire.refused(
                "PATCH", "/api/documents/notes", json={"text_root": root, "title": "No"}
            )
            assert refused == (409, "text_root_decided")
        before = await quire.ok("GET", "/api/documents/notes")
        assert (before["text_root"], before["title"]) == ("körper", "Notes")
        same = await quire.ok("PATCH", "/api/documents/notes", json={"text_root": "körper"})
        assert same == before
        change = {"text_root": "körper", "title": "Other"}
        assert (await quire.ok("PATCH", "/api/documents/notes", json=change))["title"] == "Other"


@pytest.mark.parametrize("root", ["", "x" * 129, "a\n", "a\u0000", 7])
async def test_what_cannot_name_a_text_root_is_refused(tmp_path: Path, root: str | int) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        invalid = (422, "invalid_message")
        body = {"text_root": root}
        assert await quire.refused("POST", "/api/documents", json=body) == invalid
        assert await quire.refused("PATCH", "/api/documents/notes", json=body) == invalid
        assert await quire.refused("PATCH", "/api/documents/notes", json={}) == invalid


async def test_first_text_of_another_editor_decides_the_text_root(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        ann = User("u-ann", "Ann", "#aa0000")
        rooms = quire.state.rooms
        for name, begin in (("begun", True), ("set", False)):
            room = await rooms.open(name, ann, text_root="")
            for number, root in enumerate(("", "first", "second")):
                if root and not begin:
                    await quire.ok("PATCH", f"/api/documents/{name}", json={"text_root": "second"})
                update = editor_update(number + 1, root, f"in {root}")
                submission = yjs(f"{name}-{number}", f"u{number}", update, ann)
                await rooms.submit(room, replace(submission, role="editor"))
                described = await quire.ok("GET", f"/api/documents/{name}")
                assert (described["text_root"] == "") == (root == ""), "undecided at first"
            decided = "first" if begin else "second"
            assert described["text_root"] == decided
            assert await quire.text(name) == f"in {decided}"
            change = {"text_root": "other"}
            refused = await quire.refused("PATCH", f"/api/documents/{name}", json=change)
            assert refused == (409, "text_root_decided")
    async with application(tmp_path) as quire:
        await quire.edit("begun", None, {"insert": "> "})
        described = await quire.ok("GET", "/api/documents/begun")
        assert (described["text_root"], described["version"]) == ("first", 4)
        assert await quire.text("begun") == "> in first"
        events = (await quire.ok("GET", "/api/documents/begun/history"))["events"]
        assert [event["type"] for event in events] == [
            "update",
            "text_insert",
            "update",
            "text_insert",
        ]


async def test_text_over_http_decides_for_content(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.state.rooms.open("notes", User("u-ann", "Ann", "#aa0000"), text_root="")
        assert (await quire.ok("GET", "/api/documents/notes"))["text_root"] == ""
        await quire.edit("notes", 0, {"insert": "Hello"})
        assert (await quire.ok("GET", "/api/documents/notes"))["text_root"] == "content"
        assert await quire.text("notes") == "Hello"


def editor_update(client: int, root: str, text: str) -> bytes:
    """What a Yjs editor sends that writes into `root`."""
    return Editor(client, root).edit((text,))


def editor_text(state: bytes, root: str) -> str:
    """What a Yjs editor shows that looks at `root`."""
    editor = Editor(1, root)
    editor.apply(state)
    return str(editor)


async def test_deleted_document_is_gone_for_everyone(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        async with EventStream(quire.app, "/api/documents/notes/events") as stream:
            response = await quire.http.delete("/api/documents/notes")
            assert (response.status_code, response.content) == (204, b"")
            assert await stream.next() is None
        gone = (404, "unknown_document")
        edit = {"base": 0, "ops": [{"insert": "x"}]}
        base = "/api/documents/notes"
        assert await quire.refused("GET", base) == gone
        assert await quire.refused("PATCH", base, json={"title": "x"}) == gone
        assert await quire.refused("DELETE", base) == gone
        assert await quire.refused("GET", f"{base}/text") == gone
        put = await quire.refused("PUT", f"{base}/text", content="x", headers={"If-Match": "*"})
        assert put == gone
        assert await quire.refused("POST", f"{base}/edits", json=edit) == gone
        assert await quire.refused("POST", f"{base}/restore", json={"version": 0}) == gone
        assert await quire.refused("GET", f"{base}/history") == gone
        assert await quire.refused("GET", f"{base}/history/1") == gone
        assert await quire.refused("GET", f"{base}/diff?from=0") == gone
        assert await quire.refused("GET", f"{base}/events") == gone
        assert (await quire.ok("GET", "/api/documents"))["documents"] == []


async def test_author_is_the_name_in_the_header(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        body = {"name": "notes", "text": "x"}
        headers = {"X-Quire-Name": "Zo%C3%AB"}
        await quire.ok("POST", "/api/documents", json=body, headers=headers)
        history = await quire.ok("GET", "/api/documents/notes/history")
        assert history["events"][0]["actor"]["name"] == "Zoë"
        for unusable in ("%FF", "%00", "x" * 65):
            refused = await quire.refused(
                "GET", "/api/documents", headers={"X-Quire-Name": unusable}
            )
            assert refused == (401, "auth_failed")
