"""A document that an operator has made read-only: refused at every door, told in every dialect."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from websockets.asyncio.client import connect as open_websocket

from app.cli.main import main
from app.service.read_only_mark import mark_read_only
from app.service.trash import empty_trash
from sync.error import QuireError
from sync.permission import Action
from sync.shells.clock import now_ms
from sync.wire import hocuspocus, ysync
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, encode_sync
from tests.images import make_image
from tests.integration.accounts_app import Browser, house
from tests.integration.door_table import DOCUMENT_DOORS, TRASH_DOORS
from tests.integration.http_app import application
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.integration.test_hocuspocus_busy import token_frame
from tests.integration.test_live_roles import _address, _until, _update
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio
NOTES: Final = "/api/documents/notes"
ADMIN: Final = "/api/admin/documents/notes"
REFUSED: Final = (403, "document_read_only")


async def made(browser: Browser) -> None:
    """Create `notes`."""
    await browser.ok("POST", "/api/documents", json={"name": "notes", "text": "one"})


async def test_operator_marks_a_document_and_its_audit_has_it(tmp_path: Path) -> None:
    async with house(tmp_path) as accounts:
        ada = await accounts.join("ada", is_operator=True)
        bob = await accounts.join("bob")
        await made(bob)
        assert await bob.refused("PATCH", ADMIN, json={"read_only": True}) == (403, "forbidden")
        assert await ada.ok("GET", ADMIN) == {"name": "notes", "read_only": False}
        answer = await ada.ok("PATCH", ADMIN, json={"read_only": True})
        assert answer == {"name": "notes", "read_only": True} == await ada.ok("GET", ADMIN)
        shown = await bob.ok("GET", NOTES)
        assert (shown["role"], shown["read_only"]) == ("viewer", True)
        (listed,) = (await bob.ok("GET", "/api/documents?show=mine"))["documents"]
        assert (listed["role"], listed["read_only"]) == ("viewer", True)
        assert (await ada.ok("GET", "/api/admin/overview"))["read_only"] == ["notes"]
        await ada.ok("PATCH", ADMIN, json={"read_only": False})
        shown = await bob.ok("GET", NOTES)
        assert (shown["role"], "read_only" in shown) == ("owner", False)
        path = "/api/audit?kind=document.marked&document="
        async with asyncio.timeout(PATIENCE_S):
            while len(entries := (await ada.ok("GET", f"{path}notes"))["entries"]) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert [entry["detail"] for entry in entries] == [{"read_only": False}, {"read_only": True}]
        assert {entry["user"]["name"] for entry in entries} == {"Ada"}
        assert await ada.refused("GET", f"{path}nothing") == (404, "unknown_document")
        nowhere = "/api/admin/documents/nothing"
        assert await ada.refused("GET", nowhere) == (404, "unknown_document")
        unknown = await ada.refused("PATCH", nowhere, json={"read_only": True})
        assert unknown == (404, "unknown_document")
        vague = await ada.refused("PATCH", ADMIN, json={"read_only": "yes"})
        assert vague == (422, "invalid_message")


async def test_every_door_that_changes_it_is_shut_to_its_owner(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create("notes", "one")
        await quire.ok("PUT", f"{NOTES}/text", content="two", headers={"If-Match": "1"})
        backend = quire.state.backend
        await mark_read_only(backend, "notes", is_read_only=True)
        for door in DOCUMENT_DOORS:
            path = door.path.format(
                document="notes", version=1, file="x.png", name="Mine", subject="everyone", link="x"
            )
            if door.action is not Action.READ:
                refused = await quire.refused(
                    door.method,
                    path + door.query,
                    json=door.json,
                    content=door.content,
                    headers=dict(door.headers),
                )
                assert refused == REFUSED, (door.method, door.path)
        found = await backend.log.find("notes")
        assert found is not None
        assert (found.version, found.title, found.deleted_at_ms) == (2, "", None)
        copied = await quire.ok("POST", f"{NOTES}/duplicate", json={})
        assert copied["role"] == "owner", "a copy is another document"
        await mark_read_only(backend, "notes", is_read_only=False)
        image = await quire.http.post(f"{NOTES}/files", content=make_image("png"))
        assert image.status_code == 201
        await quire.ok("PUT", f"{NOTES}/text", content="three", headers={"If-Match": "2"})


async def test_in_the_trash_it_stays_as_it_is(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        backend = quire.state.backend
        for name in ("notes", "plans"):
            await quire.create(name, "one")
            assert (await quire.http.delete(f"/api/documents/{name}")).status_code == 204
        await mark_read_only(backend, "notes", is_read_only=True)
        for door in TRASH_DOORS:
            path = door.path.format(document="notes")
            assert await quire.refused(door.method, path) == REFUSED
        assert await empty_trash(backend, now_ms() + 1) == 1
        assert not await backend.shelf.purge((await backend.log.find("notes")).key, 1)  # type: ignore[union-attr]
        await mark_read_only(backend, "notes", is_read_only=False)
        await quire.ok("POST", "/api/trash/notes/restore")
        assert await quire.text("notes") == "one"
        with pytest.raises(QuireError):
            await mark_read_only(backend, "plans", is_read_only=True)


async def command(server: ServerProcess, *arguments: str, fails: int = 0) -> None:
    """Run `quire document read-only`, past the server: in its database."""
    given = ["document", "read-only", "--database-url", server.database_url, *arguments]
    assert await asyncio.to_thread(main, given) == fails


async def test_open_sockets_of_all_dialects_are_told_and_nothing_they_write_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ServerProcess(tmp_path, arguments=PRIVATE) as server:
        async with (
            SharedDocument(server, "notes", "editor") as ada,
            connect(server, name="Bob") as bob,
            open_websocket(
                _address(server, "/yjs/notes?name=Bob"), proxy=None, compression=None
            ) as yjs,
            open_websocket(
                _address(server, "/hocuspocus?name=Bob"), proxy=None, compression=None
            ) as hocus,
        ):
            at, step2 = encode_address("notes"), encode_sync(SyncKind.STEP2, b"")[:2]
            await bob.join("notes")
            await yjs.send(encode_sync(SyncKind.STEP1, b"\0"))
            await _until(yjs, step2)
            await hocus.send(token_frame("notes"))
            await _until(hocus, at + hocuspocus.encode_authenticated(may_write=True))

            await command(server, "notes", "on")
            await bob.expect("role", doc="notes", role="viewer")
            await bob.send("text_insert", doc="notes", id="b.1", base=None, pos=0, text="x")
            await bob.expect_error("forbidden", doc="notes", id="b.1")
            replica = YjsReplica()
            await yjs.send(encode_sync(SyncKind.UPDATE, replica.insert(0, "typed ")))
            await _until(yjs, ysync.encode_permission_denied("")[:1])
            await _until(hocus, at + hocuspocus.encode_authenticated(may_write=False))
            await hocus.send(at + encode_sync(SyncKind.UPDATE, _update()))
            await _until(hocus, at + hocuspocus.encode_sync_status(applied=False))
            assert await ada.text() == "one"

            server.restart()
            async with connect(server, name="Ada") as owner:
                assert (await owner.join("notes"))["role"] == "viewer", "it survives restarts"
                await command(server, "notes", "off")
                await owner.expect("role", doc="notes", role="owner")
            assert await ada.text() == "one"
        capsys.readouterr()
        await command(server, "notes")
        assert capsys.readouterr().out == "off\n"
        await command(server, "notes", "on")
        await command(server)
        assert capsys.readouterr().out == "notes\n"
        await command(server, "nothing", "on", fails=1)
        assert "there is no document" in capsys.readouterr().err
