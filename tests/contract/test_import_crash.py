"""`kill -9` at every step of an import, and a full disk: a document is there whole, or not at all.

Planted and caught, each alone: names of versions in a commit after the one that shows the document;
a head that moves in a commit after it.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import pytest
from anyio import to_thread
from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from app.service.backend import Backend
from app.service.document_export import export_file
from app.service.grant import grant_access
from app.service.lifecycle import create_document
from app.service.text_write import edit_text
from app.service.version_names import name_version
from storage.store import Store
from storage.table import authors, checkpoints, events, named_versions, writers
from storage.versions.named_version import NamedVersion, VersionQuery
from sync.port import EventRecord
from sync.shells.log_reader import text_at
from sync.text.delta import Ops, apply
from tests.contract.compacting_log import LATER_MS
from tests.contract.import_process import EVENTS_AT_ONCE, OPERATOR, backend_on
from tests.contract.sample import open_whole
from tests.contract.test_compaction_crash import compact_until_killed, forking
from tests.patience import SOAK

pytestmark = pytest.mark.anyio

KILLS: Final = 70 if SOAK else 9
EVENTS: Final = 4 * EVENTS_AT_ONCE + 3
MANY_STEPS: Final = 1_024
"""More than an import takes."""
LAST_STEPS: Final = 40
"""Those of its last transaction, and around it."""
TABLES: Final = (events, writers, checkpoints, authors, named_versions)


@dataclass(frozen=True, slots=True)
class Original:
    """A document as it was exported into a file."""

    file: Path
    events: list[EventRecord]
    texts: list[str]
    named: list[NamedVersion]


def random_edit(random: Random, text: str) -> Ops:
    at = random.randint(1, len(text) - 1)
    if len(text) > 40 and random.random() < 0.4:
        return (at, -random.randint(1, min(5, len(text) - at)))
    return (at, random.choice(("tea ", "é", "😀\n", "täglich")))


async def named_of(backend: Backend | Store, key: int) -> list[NamedVersion]:
    found = await backend.versions.page(VersionQuery(key, "all", None, 99, LATER_MS))
    return [replace(each, document_key=0) for each in found]


@pytest.fixture
async def original(migrated_file: Path, tmp_path: Path) -> Original:
    path = shutil.copy(migrated_file, tmp_path / "original.db")
    random = Random(1)
    texts = ["", "Täglich 🍵\n"]
    async with backend_on(f"sqlite+aiosqlite:///{path}") as backend:
        grant = await create_document(backend, OPERATOR, name="notes", text=texts[1])
        while len(texts) <= EVENTS:
            ops = random_edit(random, texts[-1])
            await edit_text(backend, grant, event_id=None, base=None, ops=ops)
            texts.append(apply(texts[-1], ops))
        grant = await grant_access(backend, OPERATOR, "notes")
        for version in (3, EVENTS // 2, EVENTS):
            await name_version(backend, grant, version, f"draft {version}", "why")
        parts = [part async for part in export_file(backend, grant)]
        file = tmp_path / "notes.quire"
        file.write_bytes(b"".join(parts))
        key = grant.document.key
        written = await backend.log.read(key, 0, EVENTS, EVENTS)
        return Original(file, written, texts, await named_of(backend, key))


@pytest.fixture
def forks(original: Original) -> Iterator[subprocess.Popen[str]]:
    with forking("tests.contract.import_process", original.file) as process:
        yield process


async def is_there(store: Store, name: str, original: Original) -> bool:
    """Return whether the document is there; raise unless it is whole or not there at all."""
    record = await store.log.find(name)
    listed = await store.log.list_documents(query=None, before=None, limit=100)
    assert (name in [each.name for each in listed]) == (record is not None)
    if record is None:
        return False
    assert await store.log.read(record.key, 0, record.version, EVENTS + 1) == original.events
    assert await named_of(store, record.key) == original.named
    for version in (0, 1, EVENTS // 3, EVENTS - 1, EVENTS):
        assert await text_at(store.log, record.key, version) == original.texts[version]
    opened = await store.log.open(name)
    assert opened is not None
    assert opened.checkpoint is not None
    assert opened.checkpoint.state is not None
    assert opened.checkpoint.text == original.texts[-1]
    return True


async def rows(store: Store) -> list[int]:
    """The number of rows in each of the tables that an import fills."""

    def count(connection: Connection) -> list[int]:
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in TABLES
        ]

    return await store.log._database.read(count)


async def remove_what_is_left(store: Store) -> None:
    await store.imports.give_up_left(LATER_MS)
    await store.shelf.finish_purges()


async def test_killed_at_any_step_it_leaves_all_or_nothing(
    database_url: str, original: Original, forks: subprocess.Popen[str]
) -> None:
    random = Random(2)
    store = open_whole(database_url)
    kills = whole = 0

    async def bring_in(step: int) -> bool:
        """Bring the file in until it is killed at a step; return whether it was."""
        nonlocal kills, whole
        words = (forks, database_url, whole, 0, step)
        ended = await to_thread.run_sync(compact_until_killed, *words)
        assert ended in ("killed", "ended 0"), "what was left of others is not in the way"
        there = await is_there(store, f"notes{whole}", original)
        assert there or ended == "killed"
        kills += ended == "killed"
        whole += there
        return ended == "killed"

    done, end = 0, MANY_STEPS  # kills close in on the last step, then they come anywhere
    while end - done > 1 or kills < KILLS:
        early, late = random.randint(1, end), random.randint(end - LAST_STEPS, end)
        step = (done + end) // 2 if end - done > 1 else random.choice((early, late))
        is_killed = await bring_in(step)
        if end - done > 1:
            done, end = (step, end) if is_killed else (done, step)
        if random.random() < 0.3:
            await remove_what_is_left(store)
    assert not await bring_in(10**9)
    await remove_what_is_left(store)
    for number in range(whole):
        assert await is_there(store, f"notes{number}", original)
    counts = await rows(store)
    assert counts[0] == whole * EVENTS
    assert all(number % whole == 0 for number in counts), "nothing of others is left"
    await store.aclose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_full_disk_leaves_nothing(
    database_url: str, original: Original, forks: subprocess.Popen[str]
) -> None:
    store = open_whole(database_url)
    ended = await to_thread.run_sync(compact_until_killed, forks, database_url, 0, 0, "full")
    assert ended == "ended 3"
    assert not await is_there(store, "notes0", original)
    await remove_what_is_left(store)
    assert await rows(store) == [0] * len(TABLES)
    ended = await to_thread.run_sync(compact_until_killed, forks, database_url, 0, 0, 10**9)
    assert ended == "ended 0"
    assert await is_there(store, "notes0", original)
    await store.aclose()
