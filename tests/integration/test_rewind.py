"""A backup is restored over a newer log: who saw what the log has no longer is told so."""

import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import connect as open_sqlite

import pytest

from storage.rewind import renew_epochs
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

pytestmark = [pytest.mark.anyio, pytest.mark.p4, pytest.mark.p5]


def back_up(source: Path, target: Path) -> None:
    """As `sqlite3 quire.db ".backup …"` does, while the server runs."""
    with closing(open_sqlite(source)) as running, closing(open_sqlite(target)) as copy:
        running.backup(copy)


async def test_clients_of_a_restored_log_are_told_and_agree(tmp_path: Path) -> None:
    doc, database, backup = "notes", tmp_path / "quire.db", tmp_path / "backup.db"
    tab = YjsReplica()
    with ServerProcess(tmp_path) as server:
        async with connect(server) as ana, connect(server, "msgpack", name="Ben") as ben:
            epoch = (await ana.join(doc))["epoch"]
            await ana.insert(doc, "a1", "kept ")
            back_up(database, backup)
            await ana.insert(doc, "a2", "lost ", pos=5)
            joined = await ben.join(doc, "yjs")
            tab.apply(joined["state"])
            assert tab.text == "kept lost "
        server.kill9()
        for name in ("quire.db-wal", "quire.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        shutil.copy(backup, database)
        assert await renew_epochs(server.database_url) == 1
        server.start()
        async with connect(server) as ana, connect(server, "msgpack", name="Ben") as ben:
            joined = await ana.join(doc, since=2, epoch=epoch)
            assert joined["recovered"] is False
            assert joined["epoch"] != epoch
            assert (joined["version"], joined["text"]) == (1, "kept ")
            joined = await ben.join(doc, "yjs", since=2, epoch=epoch)
            assert joined["recovered"] is False
            fresh = YjsReplica()
            fresh.apply(joined["state"])
            # What the server wrote for Ana is not Ben's to bring back.
            await ben.send("update", doc=doc, id="b1", update=tab.state)
            await ben.expect_error("forbidden", doc=doc, id="b1")
            await ana.insert(doc, "a3", "new", pos=5)
            fresh.apply((await ben.expect("updates", to=2))["update"])
            assert fresh.text == "kept new"
            # With the old client id this would be taken for what the old tab has already.
            assert fresh.since(tab.state_vector) != YjsReplica().state
            update = fresh.insert(8, "!")
            await ben.update(doc, "b2", update)
            assert (await ana.expect("events"))["events"][0]["version"] == 3
            assert (await ana.join(doc))["text"] == fresh.text == "kept new!"
