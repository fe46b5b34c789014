"""After a backup was restored: every document becomes another history, with the same content."""

from pathlib import Path

import pytest
from anyio import to_thread

from app.cli.main import main
from storage.rewind import renew_epochs
from sync.port import SERVER_USER, AuthorBinding
from tests.contract.conftest import new_document
from tests.contract.sample import event, open_log

pytestmark = pytest.mark.anyio


async def test_every_document_gets_a_new_epoch_and_a_new_client_id(database_url: str) -> None:
    log = open_log(database_url)
    names = ("notes", "empty", "gone")
    before = {name: (await log.create(new_document(name)))[0] for name in names}
    notes = before["notes"].key
    async with log.append() as transaction:
        await transaction.lock_heads([notes])
        await transaction.insert(
            [(notes, event(1)), (notes, event(2))],
            authors=[AuthorBinding(notes, 7, "ada")],
            updated_at_ms=7,
        )
    await log.update_document("gone", deleted_at_ms=8, updated_at_ms=8)
    for times in (1, 2):
        assert await renew_epochs(database_url) == len(names)
        for name in names:
            opened = await log.open(name)
            assert opened is not None
            now = opened.document
            assert now.epoch != before[name].epoch
            assert now.crdt_client_id not in opened.authors
            mine = {7: "ada"} if name == "notes" else {}
            servers = {id_ for id_, user in opened.authors.items() if user == SERVER_USER}
            assert len(servers) == times
            assert before[name].crdt_client_id in servers
            assert opened.authors == mine | dict.fromkeys(servers, SERVER_USER)
            assert now.version == (2 if name == "notes" else 0)
    assert [each.id for each in await log.read(notes, 0, 9, 9)] == ["client:1", "client:2"]
    await log.aclose()


async def test_command_says_what_it_did(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(url: str) -> tuple[int, str]:
        code = await to_thread.run_sync(main, ["db", "new-epoch", "--database-url", url])
        return code, capsys.readouterr().err.splitlines()[-1]

    missing = tmp_path / "missing.db"
    assert await run(f"sqlite:///{missing}") == (1, f"quire: there is no file {missing}")
    assert not missing.exists()
    assert await run(database_url) == (0, "0 documents have a new epoch.")
