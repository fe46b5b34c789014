"""A damaged segment costs its versions and says so; the text lives on (P4, P8, P10)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from anyio import to_thread

from app.cli.main import main
from storage.log import open_event_log
from storage.migrate import upgrade
from tests.contract.test_care_commands import typed
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p4, pytest.mark.p8, pytest.mark.p10]


async def test_old_versions_are_damaged_and_the_text_is_not(tmp_path: Path) -> None:
    path = tmp_path / "quire.db"
    url = f"sqlite+aiosqlite:///{path}"
    await upgrade(url)
    log = open_event_log(url)
    await typed(log, "notes", 1_460)
    text = await log.text_at(1, 1_460)
    await log.update_document("notes", updated_at_ms=1)
    await log.aclose()
    assert await to_thread.run_sync(main, ["db", "compact", "--all", "--database-url", url]) == 0
    with closing(sqlite3.connect(path)) as database, database:
        (data,) = database.execute("SELECT data FROM segments").fetchone()
        flipped = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
        database.execute("UPDATE segments SET data = ?", (flipped,))
        (epoch,) = database.execute("SELECT epoch FROM documents").fetchone()
        database.execute("INSERT INTO grants VALUES (1, 'everyone', 'editor')")
    with ServerProcess(tmp_path) as server:
        headers = {"X-Quire-Name": "Ada"}
        async with httpx.AsyncClient(
            base_url=f"{server.url}/api/documents/notes", timeout=PATIENCE_S, headers=headers
        ) as http:
            old = await http.get("/history", params={"after": 5, "limit": 3, "order": "asc"})
            assert (old.status_code, old.json().get("code")) == (500, "history_damaged")
            now = await http.get("/text")
            assert (now.status_code, now.text) == (200, text)
        async with connect(server) as peer:
            joined = await peer.join("notes", since=50, epoch=epoch)
            assert joined["recovered"], "it is not known yet that they cannot be read"
            await peer.expect("error", doc="notes")
            joined = await peer.join("notes", since=50, epoch=epoch)
            assert (joined["recovered"], joined["text"]) == (False, text)
            assert (await peer.insert("notes", "new", "!"))["version"] == 1_461
