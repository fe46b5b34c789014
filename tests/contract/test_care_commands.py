"""`quire db stats`, `compact` and `verify` on real databases: what differs is found and named."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from anyio import to_thread
from sqlalchemy import make_url

from app.cli.main import main
from storage.log import SqlEventLog
from sync.port import Checkpoint, EventRecord
from sync.shells.clock import now_ms
from sync.submission import update_digest
from sync.text.delta import apply, insertion
from sync.yjs.known import KnownState
from sync.yjs.replica import Replica
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import append, open_log, open_whole

pytestmark = pytest.mark.anyio

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def run(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    # So that all checkpoints stay, to be compared.
    monkeypatch.setattr("storage.checkpoint._SPARSE_EVENTS", 50)

    async def run(*arguments: str) -> tuple[int, str, str]:
        command = ["db", *arguments, "--database-url", database_url]
        code = await to_thread.run_sync(main, command)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


async def typed(log: SqlEventLog, name: str, count: int) -> None:
    """A document that was typed, with checkpoints at each hundredth version."""
    record = (await log.create(new_document(name)))[0]
    replica, text = Replica(record.crdt_client_id), ""
    events: list[EventRecord] = []
    checkpoints: list[Checkpoint] = []
    for version in range(1, count + 1):
        ops = insertion(version // 2, "äx"[version % 2])
        update = replica.edit(ops)
        text = apply(text, ops)
        event_id = f"s-{version}-{version:012x}"
        digest = update_digest(update)
        events.append(EventRecord(version, event_id, ops, update, "u", "U", "s", version, digest))
        if version % 100 == 0:
            checkpoints.append(
                Checkpoint(version, text, replica.state(), KnownState().encode_pairs())
            )
    await append(log, record.key, *events, at_ms=now_ms())
    for checkpoint in checkpoints:
        await log.save_checkpoint(record.key, checkpoint)


async def test_what_is_compacted_is_verified_and_takes_less(database_url: str, run: Run) -> None:
    log = open_log(database_url)
    await typed(log, "notes", 460)
    await typed(log, "other", 30)
    before = json.loads((await run("stats", "notes", "--json"))[1])
    assert (before["versions"], before["rows"], before["checkpoints"]) == (460, 460, 4)
    code, _, told = await run("compact", "--all")
    assert (code, told.splitlines()[0]) == (0, "300 events were moved into segments.")
    after = json.loads((await run("stats", "notes", "--json"))[1])
    assert (after["versions"], after["rows"], after["segments"]) == (460, 160, 1)
    assert after["total_bytes"] < before["total_bytes"]
    code, out, told = await run("stats")
    assert code == 0
    assert [line.split("\t")[0] for line in out.splitlines()] == ["document", "notes", "other"]
    assert told.startswith("The database has ")
    equal = "notes\t460 events\t4 checkpoints\tequal\nother\t30 events\t0 checkpoints\tequal\n"
    assert (await run("verify"))[:2] == (0, equal)
    for command in ("stats", "compact", "verify"):
        assert (await run(command, "nowhere"))[0] == 1
    await log.aclose()


async def test_a_document_that_rests_keeps_few_rows_and_is_verified(
    database_url: str, run: Run
) -> None:
    log = open_log(database_url)
    await typed(log, "notes", 460)
    await log.aclose()
    assert (await run("compact", "--all"))[0] == 0
    before = json.loads((await run("stats", "notes", "--json"))[1])
    await run_sql(database_url, "UPDATE documents SET updated_at_ms = 1")
    code, _, told = await run("compact", "--all")
    assert (code, told.splitlines()[0]) == (0, "100 events were moved into segments.")
    after = json.loads((await run("stats", "notes", "--json"))[1])
    assert (after["rows"], after["segments"], after["checkpoints"]) == (60, 1, 4)
    assert after["checkpoints_bytes"] < before["checkpoints_bytes"]
    assert (await run("verify"))[:2] == (0, "notes\t460 events\t4 checkpoints\tequal\n")


def file_bytes(database_url: str) -> int:
    return Path(str(make_url(database_url).database)).stat().st_size


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_free_pages_are_given_back(database_url: str, run: Run) -> None:
    log = open_log(database_url)
    await typed(log, "notes", 2_000)
    await log.aclose()
    before = file_bytes(database_url)
    assert (await run("compact", "--all"))[0] == 0
    assert file_bytes(database_url) < before - 100_000
    assert "0 of them free" in (await run("stats"))[2]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_as_many_free_pages_are_given_back_as_were_asked_for(database_url: str) -> None:
    store = open_whole(database_url)
    await typed(store.log, "notes", 2_000)
    key = (await store.care.document_keys(0, 1))[0]
    while await store.compaction.step(key, PLAIN_RULE, LATER_MS):
        while await store.compaction.remove_rows(key):
            pass
    before, free = await store.care.database_bytes()
    pages = free // 4_096
    assert pages > 40
    assert await store.care.give_back(30) == pages - 30
    assert await store.care.database_bytes() == (before - 30 * 4_096, free - 30 * 4_096)
    assert await store.care.give_back(10_000) == 0
    assert (await store.care.database_bytes())[1] == 0
    await store.aclose()


@pytest.mark.parametrize(
    ("damage", "difference"),
    [
        ("UPDATE events SET ops = '[\"y\"]' WHERE version = 305", "at 400 has another text"),
        ("UPDATE events SET ops = '[\"y\"]' WHERE version = 450", "the updates show another text"),
        ("UPDATE events SET ops = '[9999,\"y\"]' WHERE version = 305", "the ops after version 3"),
        ("UPDATE events SET nonce = NULL, id = 'x' WHERE version = 350", None),
        ("DELETE FROM events WHERE version = 400", "after version 3"),
        ("UPDATE checkpoints SET text = {bytes} WHERE version = 200", "checkpoint at 200 is dam"),
        ("UPDATE checkpoints SET text = (SELECT text FROM checkpoints WHERE version = 100) "
         "WHERE version = 200", "the checkpoint at 200 has another text"),
        ("UPDATE checkpoints SET state = (SELECT state FROM checkpoints WHERE version = 300) "
         "WHERE version = 400", "the state at 400 shows another text"),
        ("UPDATE segments SET data = {bytes}", "after version 0: versions 1 to 300 are damaged"),
        ("UPDATE segments SET first_version = 2", "the next segment has 2 to 300"),
        ("UPDATE documents SET compacted_version = 299", "segments end at 300, not at 299"),
        ("DELETE FROM segment_ids", "is not found by its id"),
    ],
)  # fmt: skip
async def test_first_difference_is_told(
    database_url: str,
    run: Run,
    damage: str,
    difference: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.service.log_verification._IDS_EVERY", 100)
    log = open_log(database_url)
    await typed(log, "notes", 460)
    await log.aclose()
    assert (await run("compact", "--all"))[0] == 0
    wrong = "x'00ff'" if database_url.startswith("sqlite") else "'\\x00ff'::bytea"
    await run_sql(database_url, damage.format(bytes=wrong))
    code, out, told = await run("verify", "notes")
    if difference is None:
        assert code == 0
    else:
        assert (code, told) == (1, "quire: 1 documents differ from their log\n")
        assert difference in out
