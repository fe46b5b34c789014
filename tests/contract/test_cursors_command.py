"""`quire db cursors` on a real database."""

import pytest
from anyio import to_thread

from app.cli.main import main
from storage.log import SqlEventLog
from tests.contract.conftest import new_document
from tests.contract.sample import append, event, open_log

pytestmark = pytest.mark.anyio


async def test_forgotten_cursor_is_seen_and_dropped(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        command = ["db", "cursors", "--database-url", database_url, *arguments]
        code = await to_thread.run_sync(main, command)
        return code, capsys.readouterr().out

    log = open_log(database_url)
    assert await run() == (0, "")
    key = (await log.create(new_document("notes")))[0].key
    await log.changes.start("gone")
    await log.changes.start("new", at_beginning=True)
    await append(log, key, event(1))
    assert await run() == (0, "gone\t0\t1\tnever\nnew\tbeginning\t1\tnever\n")
    await _take_all(log, "gone")
    code, printed = await run()
    name, position, lag, advanced = printed.splitlines()[0].split("\t")
    assert (code, name, position, lag, advanced[-1]) == (0, "gone", "1", "0", "Z")
    assert await run("--drop", "nobody") == (1, "")
    assert await run("--drop", "gone") == (0, "")
    assert await run() == (0, "new\tbeginning\t1\tnever\n")
    await log.aclose()


async def _take_all(log: SqlEventLog, cursor: str) -> None:
    claim = await log.changes.claim(cursor, "me", limit=9, now_ms=0, lease_ms=1)
    assert claim is not None
    assert await log.changes.advance(claim, claim.changes[-1].position)
