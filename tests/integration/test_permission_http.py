"""A viewer reads over HTTP and changes nothing, and neither does a program with its grant."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.identity.principal import Principal
from app.service.admission import admit
from app.service.grant import grant_access
from app.service.text_write import edit_text
from app.service.version_restore import restore_version
from sync.error import ErrorCode, QuireError
from sync.permission import Action
from sync.user import User
from tests.integration.http_app import application

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"
FORBIDDEN = (403, "forbidden")
EVE = Principal(User("u-eve", "Eve", "#123456"), "account", is_signed_in=True)
VIEWABLE: dict[str, Any] = {"default_access": "viewer"}
MALLORY = {"X-Quire-Name": "Mallory"}
"""Not who has created the document."""


async def test_viewer_reads_over_http_and_changes_nothing(tmp_path: Path) -> None:
    async with application(tmp_path, **VIEWABLE) as quire:
        await quire.create(text="one")
        await quire.edit("notes", 1, {"insert": "two "})
        ops = {"base": 2, "ops": [{"insert": "x"}]}
        match = {"If-Match": "*", **MALLORY}
        refused = [
            await quire.refused("POST", f"{BASE}/edits", json=ops, headers=MALLORY),
            await quire.refused("PUT", f"{BASE}/text", content="x", headers=match),
            await quire.refused("POST", f"{BASE}/restore", json={"version": 1}, headers=MALLORY),
            await quire.refused("PATCH", BASE, json={"title": "x"}, headers=MALLORY),
            await quire.refused("DELETE", BASE, headers=MALLORY),
        ]
        assert refused == [FORBIDDEN] * 5
        assert await quire.text("notes") == "two one"
        assert await quire.text("notes", 1) == "one"
        history = await quire.ok("GET", f"{BASE}/history")
        assert [event["version"] for event in history["events"]] == [1, 2]
        assert (await quire.ok("GET", f"{BASE}/diff?from=1"))["to"] == 2


async def test_service_refuses_a_viewer_whoever_calls_it(tmp_path: Path) -> None:
    """Not HTTP alone: a program that holds a viewer's grant cannot write with it."""
    async with application(tmp_path, **VIEWABLE) as quire:
        await quire.create(text="one")
        backend = quire.state.backend
        grant = await grant_access(backend, EVE, "notes")
        assert (grant.role, grant.document.version) == ("viewer", 1)
        with pytest.raises(QuireError) as refused:
            await grant_access(backend, EVE, "notes", Action.WRITE)
        assert refused.value.code is ErrorCode.FORBIDDEN
        with pytest.raises(QuireError) as refused:
            await edit_text(backend, grant, event_id=None, base=None, ops=("x",))
        assert refused.value.code is ErrorCode.FORBIDDEN
        with pytest.raises(QuireError) as refused:
            await restore_version(backend, grant, 0, event_id=None)
        assert refused.value.code is ErrorCode.FORBIDDEN


async def test_document_that_is_not_there_is_unknown_before_it_is_forbidden(
    tmp_path: Path,
) -> None:
    async with application(tmp_path, **VIEWABLE) as quire:
        unknown = (404, "unknown_document")
        body = {"base": None, "ops": [{"insert": "x"}]}
        assert await quire.refused("POST", f"{BASE}/edits", json=body) == unknown
        assert await quire.refused("DELETE", BASE) == unknown


async def test_hidden_and_deleted_documents_are_refused_as_missing_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same answer, and over HTTP after as much work: the time tells nothing either."""
    async with application(tmp_path, default_access="private") as quire:
        for name in ("hidden", "deleted"):
            await quire.create(name)
        assert (await quire.http.delete("/api/documents/deleted")).status_code == 204
        backend = quire.state.backend
        database = backend.access._database
        read, reads, own_task = database.read, 0, asyncio.current_task()

        async def counting_read(work: Any) -> Any:
            nonlocal reads
            reads += asyncio.current_task() is own_task  # background tasks read too
            return await read(work)

        monkeypatch.setattr(database, "read", counting_read)
        seen = set()
        for name in ("missing", "hidden", "deleted"):
            reads = 0
            with pytest.raises(QuireError) as refused:
                await grant_access(backend, EVE, name)
            error, needed = refused.value, reads
            with pytest.raises(QuireError) as refused:
                await admit(backend, EVE, name, "", "")
            at_socket = refused.value
            assert (at_socket.code, at_socket.message) == (error.code, error.message)
            seen.add((error.code, error.message, needed))
        assert len(seen) == 1, seen
