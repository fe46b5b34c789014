"""The same crash test on servers of others, with what they acknowledge and show.

They have no versions. An edit counts as acknowledged when the server says so (Hocuspocus: a
`SyncStatus` that the edit is taken), and as shown when another client was sent it. After the kill
and the start, a newcomer asks for the document, before any writer is back with what it still has.
"""

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anyio.to_thread import run_sync

from lab.crash.crash_verdict import Verdict
from lab.crash.crash_writer import CrashWriter
from lab.crash.document_record import DocumentRecord
from lab.crash.stock_writer import StockWriter
from lab.crash.watched_document import shown_clocks
from lab.peer_server import PeerKind, PeerServer
from sync.yjs.statevector import decode_state_vector

_WRITERS: Final = 3
_WRITING_S: Final = (1.0, 14.0)
_QUIET_S: Final = 1.0
_NOTHING_S: Final = 6.0
"""Some servers answer before they have loaded the document, and send it then."""


@dataclass
class PeerOutcome:
    """The result of a server of others."""

    name: str
    verdict: Verdict = field(default_factory=Verdict)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


class _PeerDoor:
    """Lets clients in; `is_writing` says whether they may write."""

    def __init__(self, server: PeerServer, *, is_writing: bool) -> None:
        self._server = server
        self.is_writing = is_writing

    async def port(self) -> int:
        return self._server.port


async def run_peer(kind: PeerKind, kills: int, seed: int) -> PeerOutcome:
    """Kill a server so many times, each time with a new document."""
    outcome, dice, started = PeerOutcome(kind.name), random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quire-lab-") as folder:
        server = PeerServer(kind, Path(folder))
        try:
            for number in range(kills):
                doc = f"crash-{seed}-{number}"
                outcome.verdict.add(await _round(server, doc, dice, outcome.problems))
        finally:
            server.kill9()
    outcome.seconds = time.monotonic() - started
    return outcome


async def _round(server: PeerServer, doc: str, dice: random.Random, problems: list[str]) -> Verdict:
    kind, record = server.kind, DocumentRecord()
    door = _PeerDoor(server, is_writing=True)
    writers: list[CrashWriter] = [
        StockWriter(
            doc,
            f"w{number}",
            dice.randrange(1 << 30),
            record,
            problems,
            dialect=kind.dialect,
            path=kind.path,
        )
        for number in range(_WRITERS)
    ]
    await run_sync(server.start)
    tasks = [asyncio.create_task(writer.live(door)) for writer in writers]
    await asyncio.sleep(dice.uniform(*_WRITING_S))
    await run_sync(server.kill9)
    for writer in writers:
        await writer.until_closed()
        writer.absorb()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await run_sync(server.start)
    newcomer = StockWriter(
        doc, "newcomer", 1, DocumentRecord(), problems, dialect=kind.dialect, path=kind.path
    )
    reading = asyncio.create_task(newcomer.live(_PeerDoor(server, is_writing=False)))
    found = await _settled(newcomer)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    verdict = record.judge_clocks(record.acknowledged_clocks, shown_clocks(writers), found)
    verdict.kills = 1
    await run_sync(server.kill9)
    return verdict


async def _settled(newcomer: CrashWriter) -> dict[int, int]:
    """Return the units that a newcomer was given, once no more come."""
    found: dict[int, int] = {}
    risen = time.monotonic()
    while time.monotonic() - risen < (_QUIET_S if found else _NOTHING_S):
        await asyncio.sleep(0.1)
        newcomer.absorb()
        now = dict(decode_state_vector(newcomer.replica.get_state()))
        if now != found:
            found, risen = now, time.monotonic()
    return found
