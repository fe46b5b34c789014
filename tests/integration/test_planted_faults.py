"""Faults planted in a real server, which a real Prometheus sees and has alerts of.

`test_alerts` has those of a server with four processes: it is down, its database takes no writes,
Redis is away and messages are dropped, a process is missing, records of the audit trail are dropped
(there, three may wait), a process has too much memory (there, more than 1 MB). With QUIRE_SOAK=1
there are readers that sleep, a busy database and a process without a turn, too, which take half a
minute more.
"""

import asyncio
import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from app.cli.main import main
from tests.free_port import free_port
from tests.images import make_image
from tests.integration.peer import connect
from tests.integration.prometheus_server import (
    Prometheus,
    impatient_configuration,
    prometheus_folder,
    running_prometheus,
)
from tests.integration.server import ServerProcess
from tests.integration.test_slow_reader import sleeper, write
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S, SOAK

pytestmark = pytest.mark.anyio
PLANTED: Final = (
    *("QuireRefusals", "QuireReturnsIncomplete", "QuireUpdatesParked", "QuireImagesFail"),
    *("QuireWebhookLag", "QuireWebhookDead", "QuireReadersLag", "QuireReadersCut"),
    *("QuireAppendsFail", "QuireDocumentsReadOnly", "QuireServerErrors", "QuireFilesShort"),
)
"""Alerts that a busy machine alone does not cause."""
SLEEPERS: Final = 16
_WRITES: Final = 24
"""Of 400 kB each: more than the kernel and an outbox hold for one sleeper."""
_SLOW_CONSUMER_S: Final = 8
Plant = Callable[[], Coroutine[Any, Any, None]]


class Faults:
    """Plants faults in one server until Prometheus tells of them."""

    def __init__(self, server: ServerProcess, folder: Path, prometheus: Prometheus) -> None:
        self._server = server
        self._folder = folder
        self._prometheus = prometheus
        self._count = 0

    async def until_told(self, plant: Plant, *names: str) -> None:
        """Plant a fault, again and again, until these alerts have fired."""
        waiting = set(names)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                planting = asyncio.create_task(plant())
                while not planting.done():
                    waiting -= await self.told(waiting)
                    await asyncio.wait([planting], timeout=0.3)
                await planting
                waiting -= await self.told(waiting)
                if not waiting:
                    return

    async def told(self, names: set[str]) -> set[str]:
        """Return which of these alerts fire."""
        found = await self._prometheus.query('ALERTS{alertstate="firing"}')
        return names & {each["metric"]["alertname"] for each in found}

    def number(self) -> int:
        self._count += 1
        return self._count

    def http(self) -> httpx.AsyncClient:
        headers = {"X-Quire-Name": "Ana"}
        url = self._server.url
        return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=PATIENCE_S)

    def database(self) -> sqlite3.Connection:
        path = self._folder / "quire.db"
        return sqlite3.connect(
            path, isolation_level=None, timeout=PATIENCE_S, check_same_thread=False
        )

    def slow_to_plant(self) -> list[Coroutine[Any, Any, None]]:
        """Return what takes long, and is planted along with others if there is time."""
        names = ("QuireReadersLag", "QuireReadersCut")
        return [self.until_told(self.sleeping_readers, *names)] if SOAK else []

    # --- the faults -------------------------------------------------------------------------------

    async def nonsense(self) -> None:
        """Messages of no type, until the server has enough of them."""
        async with connect(self._server, name="Ana") as ana:
            with suppress(ConnectionClosed):
                for _ in range(200):
                    await ana.send("nonsense")

    async def returns_to_another_history(self) -> None:
        """Clients that come back with a version of an epoch that is none."""
        async with connect(self._server, name="Ana") as ana:
            for _ in range(5):
                await ana.join("notes", since=1, epoch="another")

    async def updates_without_their_first(self) -> None:
        """Updates that build on one that never comes."""
        async with connect(self._server, "msgpack", name="Ana") as ana:
            doc, replica = f"parked-{self.number()}", YjsReplica()
            await ana.join(doc, "yjs")
            replica.insert(0, "the first")
            for number in range(120):
                update = replica.insert(0, "x")
                await ana.send("update", doc=doc, id=f"u.{number}", update=update)
            await asyncio.sleep(3)

    async def images_without_a_place(self) -> None:
        """A file where the folder of images should be."""
        (self._folder / "images").write_bytes(b"no folder")
        async with self.http() as http:
            image = make_image("png")
            assert (await http.post("/api/documents/notes/files", content=image)).is_error

    async def sleeping_readers(self) -> None:
        """Readers that read nothing, until they are cut off."""
        doc = f"asleep-{self.number()}"
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(connect(self._server, "msgpack", name="Ana"))
            await writer.join(doc)
            sleepers = [
                await stack.enter_async_context(sleeper(self._server, doc)) for _ in range(SLEEPERS)
            ]
            await write(writer, None, doc, range(_WRITES))
            await asyncio.sleep(_SLOW_CONSUMER_S + 2)
            for each in sleepers:
                each.socket.transport.abort()  # it would not hear the goodbye

    async def busy_database(self) -> None:
        """Another program that holds the one lock on writing."""
        async with connect(self._server, name="Ana") as ana:
            await ana.join("notes")
            with closing(self.database()) as database:
                await asyncio.to_thread(database.execute, "BEGIN IMMEDIATE")
                await ana.send(
                    "text_insert", doc="notes", id=f"b.{self.number()}", base=None, pos=0, text="x"
                )
                await asyncio.sleep(1.5)
                database.execute("COMMIT")
            await ana.until(lambda message: message["type"] == "ack")

    async def stopped_process(self) -> None:
        """A process that gets no turn."""
        os.kill(self._server.pid, signal.SIGSTOP)
        await asyncio.sleep(0.7)
        os.kill(self._server.pid, signal.SIGCONT)
        await asyncio.sleep(1)

    async def broken_database(self) -> None:
        """A database that has no events any more, neither to add nor to read."""
        with closing(self.database()) as database, suppress(sqlite3.OperationalError):
            database.execute("ALTER TABLE events RENAME TO lost")
        body: dict[str, Any] = {"base": None, "ops": [{"insert": "x"}]}
        async with self.http() as http:
            asked = (http.post("/api/documents/notes/edits", json=body) for _ in range(4))
            assert {answer.status_code for answer in await asyncio.gather(*asked)} == {503}

    async def receiver_that_is_away(self) -> None:
        """A webhook that takes nothing; what waits is made as old as it would be in two hours."""
        number = self.number()
        async with self.http() as http:
            made = await http.post("/api/documents", json={"name": f"told-{number}"})
            assert made.is_success
        with closing(self.database()) as database:
            if not database.execute("SELECT count(*) FROM webhooks").fetchone()[0]:
                given = ["webhook", "add", "--database-url", self._server.database_url]
                allowed = ["--webhook-allowed-networks", "127.0.0.1"]
                address = f"http://127.0.0.1:{free_port()}/"
                assert await asyncio.to_thread(main, [*given, *allowed, address]) == 0
                return
            database.execute("UPDATE webhook_deliveries SET at_ms = at_ms - 7200000")
            database.execute("UPDATE webhook_deliveries SET is_dead = (key % 2 = 0)")
        await asyncio.sleep(2)

    async def short_of_files(self) -> None:
        """A limit on open files that is nearly reached."""
        opened = len(os.listdir(f"/proc/{self._server.pid}/fd"))
        _, hard = resource.prlimit(self._server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self._server.pid, resource.RLIMIT_NOFILE, (opened + 4, hard))
        await asyncio.sleep(2)


async def test_prometheus_tells_of_each_fault_that_is_planted(tmp_path: Path) -> None:
    programs = prometheus_folder()
    images = tmp_path / "images"
    arguments = (
        *("--image-url", images.as_uri()),
        *("--slow-consumer-timeout-s", str(_SLOW_CONSUMER_S)),
        *("--webhook-allowed-networks", "127.0.0.1"),
    )
    with ServerProcess(tmp_path, arguments=arguments) as server:
        configuration = impatient_configuration(tmp_path, server.port, interval_s=1, window_s=20)
        with running_prometheus(programs, tmp_path, configuration) as prometheus:
            faults = Faults(server, tmp_path, prometheus)
            async with faults.http() as http:
                made = await http.post("/api/documents", json={"name": "notes", "text": "one"})
                assert made.is_success
            await prometheus.until("quire_events_total == 1")
            assert await faults.told(set(PLANTED)) == set()
            await asyncio.gather(
                faults.until_told(faults.nonsense, "QuireRefusals"),
                faults.until_told(faults.returns_to_another_history, "QuireReturnsIncomplete"),
                faults.until_told(faults.updates_without_their_first, "QuireUpdatesParked"),
                faults.until_told(faults.images_without_a_place, "QuireImagesFail"),
                faults.until_told(
                    faults.receiver_that_is_away, "QuireWebhookLag", "QuireWebhookDead"
                ),
                *faults.slow_to_plant(),
            )
            if SOAK:
                await faults.until_told(faults.busy_database, "QuireCommitsSlow", "QuireEditsSlow")
                await faults.until_told(faults.stopped_process, "QuireLoopDelayed")
            await faults.until_told(
                faults.broken_database,
                *("QuireAppendsFail", "QuireDocumentsReadOnly", "QuireServerErrors"),
            )
            await faults.until_told(faults.short_of_files, "QuireFilesShort")
