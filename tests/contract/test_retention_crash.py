"""`kill -9` at every step of a retention: every version is there as it was, or says it is gone.

Planted and caught: merged events that are stored in a commit of their own, before the segments go.
"""

import subprocess
from collections.abc import Iterator
from random import Random
from typing import Final

import pytest
from anyio import to_thread

from storage.retention.history_thinned import HistoryThinnedError
from storage.store import Store
from sync.port import DocumentRecord
from sync.shells.log_reader import pages, text_at
from sync.text.delta import apply
from tests.contract.sample import open_whole
from tests.contract.test_compaction_crash import compact_until_killed, forking
from tests.contract.test_retention import create, kept_versions
from tests.contract.thinned_history import History
from tests.patience import SOAK

pytestmark = pytest.mark.anyio

KILLS: Final = 210 if SOAK else 12
EVENTS: Final = 150


@pytest.fixture(scope="module")
def forks() -> Iterator[subprocess.Popen[str]]:
    with forking("tests.contract.retention_process") as process:
        yield process


async def require_whole(store: Store, document: DocumentRecord, history: History) -> None:
    key, head = document.key, len(history.events)
    kept = await kept_versions(store, key, head)
    text = ""
    seen = [0]
    async for page in pages(store.log, key, 0, head):
        for event in page:
            text = apply(text, event.ops)
            assert text == history.texts[event.version]
            seen.append(event.version)
    assert seen == kept
    for version in Random(head).sample(range(head), 12):
        if version in kept:
            assert await text_at(store.log, key, version) == history.texts[version]
        else:
            with pytest.raises(HistoryThinnedError):
                await text_at(store.log, key, version)


async def test_killed_at_any_step_it_gives_no_wrong_version(
    database_url: str, forks: subprocess.Popen[str]
) -> None:
    random = Random(3)
    store = open_whole(database_url)
    kills = documents = 0
    while kills < KILLS:
        history = History(random)
        history.write(EVENTS)
        document = await create(store, f"notes{documents}", history.events)
        documents += 1
        ended = "killed"
        while ended == "killed" and kills < KILLS:
            step = random.choice([random.randint(1, 60), random.randint(20, 250)])
            ended = await to_thread.run_sync(
                compact_until_killed, forks, database_url, document.key, documents, step
            )
            kills += ended == "killed"
            assert ended in ("killed", "ended 0")
            await require_whole(store, document, history)
        if ended == "ended 0":
            assert (await store.retention.merged(document.key))[-1][1] == len(history.events)
    await store.aclose()
