"""The preparation of compaction in a process of its own, so that nobody who writes waits for it.

Python runs one thread at a time: made in a thread, a segment costs whoever edits some milliseconds
of waiting. This process reads the database itself, at the lowest priority, and hands back what is
to be stored; it never writes. It is started when there is work, and ends with its standard input.
Each message, of both directions, is its length (4 bytes) and that many bytes of MessagePack.
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from typing import BinaryIO, Final, Literal, TypeVar

import msgspec

from storage.compaction.piece import CompactionRule
from storage.compaction.preparation import (
    PreparedCheckpoints,
    PreparedSegment,
    ThreadPreparation,
)
from storage.compaction.segment_row import UnequalError
from storage.database import open_database
from sync.port import StoreError

TIME_LIMIT_S: Final = 120.0
"""The time limit of one task, on a machine that has other things to do."""
_MAX_BYTES: Final = 256 << 20
_MEMORY_BYTES: Final = 2 << 30
"""Of addresses: a database file is mapped into them, too."""
_LENGTH_BYTES: Final = 4
_LOWEST_PRIORITY: Final = 19

Kind = Literal["segment", "checkpoints"]
Answer = TypeVar("Answer", PreparedSegment, PreparedCheckpoints)


class _Task(msgspec.Struct, frozen=True):
    database_url: str
    kind: Kind
    key: int
    rule: CompactionRule
    now_ms: int


class _Unequal(msgspec.Struct, frozen=True):
    """The segment does not give its events back."""

    unequal: str


class _Failed(msgspec.Struct, frozen=True):
    """The store has failed."""

    failed: str


class _Found(msgspec.Struct, frozen=True):
    """The answer that was asked for, as MessagePack."""

    found: msgspec.Raw


class PreparingProcess:
    """A `storage.compaction.preparation.Preparation` in a process of its own; one task at a time.

    Killing that process costs the task at hand (`StoreError`); the next one starts another.
    """

    def __init__(self, database_url: str, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._database_url = database_url
        self._time_limit_s = time_limit_s
        self._process: Process | None = None
        self._asking = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process id while there is one."""
        return None if self._process is None else self._process.pid

    async def segment(self, key: int, rule: CompactionRule, now_ms: int) -> PreparedSegment | None:
        return await self._ask("segment", key, rule, now_ms, PreparedSegment)

    async def checkpoints(
        self, key: int, rule: CompactionRule, now_ms: int
    ) -> PreparedCheckpoints | None:
        return await self._ask("checkpoints", key, rule, now_ms, PreparedCheckpoints)

    async def end(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(
        self, kind: Kind, key: int, rule: CompactionRule, now_ms: int, answer: type[Answer]
    ) -> Answer | None:
        task = _Task(self._database_url, kind, key, rule, now_ms)
        async with self._asking:
            try:
                async with asyncio.timeout(self._time_limit_s):
                    raw = await self._exchange(msgspec.msgpack.encode(task))
            except BaseException as error:
                # Whatever it still says would be taken for the answer to the next task.
                await self.end()
                if isinstance(error, TimeoutError):
                    raise StoreError(f"a segment takes more than {self._time_limit_s} s") from None
                if isinstance(error, (asyncio.IncompleteReadError, OSError)):
                    raise StoreError("the process that makes segments has ended") from None
                raise
        match msgspec.msgpack.decode(raw, type=dict[str, msgspec.Raw]):
            case {"unequal": reason}:
                raise UnequalError(msgspec.msgpack.decode(reason, type=str))
            case {"failed": reason}:
                raise StoreError(msgspec.msgpack.decode(reason, type=str))
            case found:
                return msgspec.msgpack.decode(found["found"], type=answer | None)

    async def _exchange(self, task: bytes) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await _start()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(len(task).to_bytes(_LENGTH_BYTES, "big") + task)
        await stdin.drain()
        size = int.from_bytes(await stdout.readexactly(_LENGTH_BYTES), "big")
        if size > _MAX_BYTES:
            raise OSError("the answer is too large")
        return await stdout.readexactly(size)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """Of the server's environment only what connections to PostgreSQL go by: it has secrets."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    own = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    return (
        own
        | {name: os.environ[name] for name in ("HOME",) if name in os.environ}
        | {"PYTHONPATH": paths}
    )


async def _serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Do tasks until there are no more; all are of one database."""
    preparation: ThreadPreparation | None = None
    while body := _read(tasks):
        task = msgspec.msgpack.decode(body, type=_Task)
        if preparation is None:
            database = open_database(task.database_url, pool_size=2, timeout_s=TIME_LIMIT_S)
            preparation = ThreadPreparation(database)
        answer = msgspec.msgpack.encode(await _answer(preparation, task))
        answers.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
        answers.flush()


async def _answer(preparation: ThreadPreparation, task: _Task) -> _Found | _Unequal | _Failed:
    work = preparation.segment if task.kind == "segment" else preparation.checkpoints
    try:
        found = await work(task.key, task.rule, task.now_ms)
    except UnequalError as error:
        return _Unequal(str(error))
    except StoreError as error:
        return _Failed(str(error))
    return _Found(msgspec.Raw(msgspec.msgpack.encode(found)))


def _read(tasks: BinaryIO) -> bytes:
    size = int.from_bytes(tasks.read(_LENGTH_BYTES), "big")
    return tasks.read(size)


def _be_modest() -> None:
    """Leave the machine to others, and bound the memory."""
    os.nice(_LOWEST_PRIORITY)
    try:
        import resource
    except ImportError:  # not on every system
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def main() -> None:
    """Do the tasks on standard input."""
    _be_modest()
    asyncio.run(_serve(sys.stdin.buffer, sys.stdout.buffer))


if __name__ == "__main__":
    main()
