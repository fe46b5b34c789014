"""`kill -9` under load (P1, P2, P3, P4, P5), round after round; more rounds with QUIRE_SOAK=1."""

import asyncio
import random
from pathlib import Path

import anyio.to_thread
import pytest

from tests.integration.peer import connect
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.integration.writer import TextWriter, Writer, YjsWriter, hold_against_log
from tests.patience import SOAK

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
]

ROUNDS = 25 if SOAK else 3


@pytest.mark.parametrize("seed", [1])
async def test_crash_under_load_loses_nothing_that_anyone_was_told_or_shown(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    doc = "crashing"
    with ServerProcess(tmp_path) as server:
        texts = [TextWriter(server, doc, f"text{n}", seed * 100 + n) for n in range(2)]
        replicas = [YjsWriter(server, doc, f"yjs{n}", seed * 100 + 10 + n) for n in range(2)]
        writers: list[Writer] = [*texts, *replicas]
        for _ in range(ROUNDS):
            await write_until_killed(server, writers, dice.randint(50, 400))
            await anyio.to_thread.run_sync(server.start)
        # Twice: what comes back in the first part is news to those who were done before.
        await asyncio.gather(*(writer.flush() for writer in writers))
        async with connect(server) as newcomer:
            joined = await newcomer.join(doc)
        await asyncio.gather(*(writer.finish(joined["version"]) for writer in writers))
        log = await read_history(server, doc)
    hold_against_log(log, writers, joined["text"])


async def write_until_killed(server: ServerProcess, writers: list[Writer], acks: int) -> None:
    """Let all write; kill the server when so many acks have come, in the midst of it."""
    start = sum(len(writer.acked) for writer in writers)
    runs = [asyncio.create_task(writer.write_until_cut()) for writer in writers]
    watched = writers[0]
    await watched.wait_for(lambda: sum(len(writer.acked) for writer in writers) >= start + acks)
    await anyio.to_thread.run_sync(server.kill9)
    for run in runs:
        await run
