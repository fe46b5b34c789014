"""A Quire to crash: one process on SQLite or PostgreSQL, or several with Redis, and its faults."""

import asyncio
import mmap
import os
import random
import resource
import struct
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from anyio.to_thread import run_sync

import lab.server_patch
from tests.integration.server import ROOT, ServerProcess
from tests.postgresql import execute, running_postgresql
from tests.redis_server import RedisServer, running_redis

Fault = Literal["cuts", "redis", "database", "disk", "clock"]
_PATCH: Final = Path(lab.server_patch.__path__[0])
_SMALL_FILE_BYTES: Final = 1 << 16
_CLOCK_JUMP_MS: Final = 3 * 3_600_000
_CUT_ONE: Final = (
    "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'quire' "
    "ORDER BY random() LIMIT 1) AS one"
)


@dataclass(frozen=True)
class Plan:
    """One configuration of a crash test.

    Args:
        kills: processes to end, one after the other or together.
        acks_first: whether the server is the one with the planted defect.
    """

    name: str
    database: Literal["sqlite", "postgresql"]
    processes: int
    faults: tuple[Fault, ...]
    kills: int
    seed: int
    documents: int = 2
    acks_first: bool = False


class QuireService:
    """The servers of one plan; `async with` starts them and leaves nothing of them."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.servers: list[ServerProcess] = []
        self._folder = folder
        self._plan = plan
        self._stack = AsyncExitStack()
        self._database_url: str | None = None
        self._redis: RedisServer | None = None
        self._redis_is_up = True
        self._clock: mmap.mmap | None = None
        self._full: set[int] = set()

    async def __aenter__(self) -> Self:
        stack, plan = self._stack, self._plan
        environment = {}
        if plan.acks_first or "clock" in plan.faults:
            environment["PYTHONPATH"] = f"{_PATCH}{os.pathsep}{ROOT}"
        if plan.acks_first:
            environment["LAB_ACK_FIRST"] = "1"
        if "clock" in plan.faults:
            environment["LAB_CLOCK_FILE"] = str(self._make_clock())
        arguments: tuple[str, ...] = ("--log-level", "error")
        if plan.database == "postgresql":
            server = stack.enter_context(running_postgresql())
            self._database_url = await stack.enter_async_context(server.database())
        if plan.processes > 1:
            self._redis = stack.enter_context(running_redis(self._folder))
            arguments += ("--redis-url", self._redis.url)
        for number in range(plan.processes):
            place = self._folder / f"process{number}"
            place.mkdir()
            process = ServerProcess(
                place,
                database_url=self._database_url,
                arguments=arguments,
                environment=environment,
            )
            stack.callback(process.kill9)
            self.servers.append(process)
        await asyncio.gather(*(run_sync(server.start) for server in self.servers))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    # --- kills ----------------------------------------------------------------------------------

    async def kill(self, numbers: Sequence[int]) -> None:
        """End processes at once, all at the same moment."""
        await asyncio.gather(*(run_sync(self.servers[each].kill9) for each in numbers))
        self._full.difference_update(numbers)

    async def start(self, numbers: Sequence[int]) -> None:
        """Start them again; returns when they are ready."""
        await asyncio.gather(*(run_sync(self.servers[each].start) for each in numbers))

    # --- faults ---------------------------------------------------------------------------------

    async def suffer(self, fault: Fault, dice: random.Random, cut: Callable[[], None]) -> None:
        """Let a fault begin, or end if it lasts.

        Args:
            cut: cuts the connection of one client.
        """
        match fault:
            case "cuts":
                cut()
            case "redis":
                await self._toggle_redis()
            case "database" if self._database_url is not None:
                await execute(self._database_url, _CUT_ONE)
            case "disk":
                self._toggle_disk(dice.randrange(len(self.servers)))
            case "clock" if self._clock is not None:
                wrong_by_ms = dice.randint(-_CLOCK_JUMP_MS, _CLOCK_JUMP_MS)
                self._clock[:8] = struct.pack("<q", wrong_by_ms)

    async def heal(self) -> None:
        """End the faults that last."""
        if not self._redis_is_up:
            await self._toggle_redis()
        for number in list(self._full):
            self._toggle_disk(number)

    async def _toggle_redis(self) -> None:
        assert self._redis is not None, "a plan with this fault has several processes"
        await run_sync(self._redis.kill if self._redis_is_up else self._redis.start)
        self._redis_is_up = not self._redis_is_up

    def _toggle_disk(self, number: int) -> None:
        """Let no file of a server grow past a few pages, as on a disk that is full; or again."""
        is_full = number not in self._full
        pid = self.servers[number].pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        soft = _SMALL_FILE_BYTES if is_full else resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        (self._full.add if is_full else self._full.discard)(number)

    def _make_clock(self) -> Path:
        path = self._folder / "clock"
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._clock = mmap.mmap(file.fileno(), 8)
        return path
