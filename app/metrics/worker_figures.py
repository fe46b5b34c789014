"""The figures of all workers behind one port: whichever is asked asks the others.

A scrape reaches one worker. In a folder of their own each has a Unix socket, on which it answers
with its figures, and a file in which it keeps what it answered last:

    scrape ─▶ worker A ── socket ──▶ worker B: reads its figures, keeps them, answers
                  │
                  └── file of C, on whose socket nobody listens any more: its counters stay

So nothing is written while nobody asks, and what was shown once is never shown smaller: a worker
that is killed has kept what it had answered.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from app.metrics.figure import Snapshot, decode_snapshot, encode_snapshot, merge_snapshots
from app.metrics.figures_folder import FiguresFolder
from app.metrics.workers_folder import holding

ANSWER_TIMEOUT_S: Final = 5.0
"""The longest wait for a worker; of one that is too busy, the counters that it kept last count."""
_FIGURES: Final = "figures"


def _say_nothing(_: str) -> bytes:
    return b""


class WorkerFigures(AbstractAsyncContextManager["WorkerFigures"]):
    """The figures of this process and of its siblings.

    Args:
        folder: shared by the workers of one port, and by nobody else; None: there are no others.
        read: returns the figures of this process.
        read_last: returns them when it ends, without waiting for anything.
        respond: answers any other question, of an operator say; empty: it has nothing to say.
    """

    def __init__(
        self,
        folder: Path | None,
        read: Callable[[], Awaitable[Snapshot]],
        read_last: Callable[[], Snapshot],
        respond: Callable[[str], bytes] = _say_nothing,
    ) -> None:
        self._folder = None if folder is None else FiguresFolder(folder)
        self._path = folder
        self._held = ExitStack()
        self._read = read
        self._read_last = read_last
        self._respond = respond
        # A process id comes again; what an earlier one has kept must stay.
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._server: asyncio.Server | None = None

    async def read(self) -> Snapshot:
        """Return the figures of all workers as those of one process."""
        folder = self._folder
        if folder is None:
            return merge_snapshots([await self._read()])
        others = [name for name in folder.workers() if name != self._name]
        own, *answers = await asyncio.gather(
            self._read(), *(_ask_figures(folder.socket(name)) for name in others)
        )
        assert own is not None, "only others may not answer"
        folder.keep(self._name, own)
        answered = {name: answer for name, answer in zip(others, answers, strict=True) if answer}
        ended = folder.kept({self._name, *answered})
        return merge_snapshots([own, *answered.values()], ended)

    async def ask(self, question: str) -> list[bytes]:
        """Return the answers of all workers that have one; this one's own is the first."""
        own, folder = self._respond(question), self._folder
        others = [] if folder is None else [n for n in folder.workers() if n != self._name]
        answers = await asyncio.gather(
            *(_ask(folder.socket(name), question) for name in others if folder is not None)
        )
        return [answer for answer in (own, *answers) if answer]

    async def __aenter__(self) -> Self:
        folder = self._folder
        if folder is not None and self._path is not None:
            self._held.enter_context(holding(self._path))
            for name in folder.workers():
                if await _is_deserted(folder.socket(name)):
                    folder.remove_socket(name)
            folder.put_ended_together()
            self._server = await asyncio.start_unix_server(self._answer, folder.socket(self._name))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        folder = self._folder
        self._held.close()
        if folder is None or self._server is None:
            return
        self._server.close()
        # The folder may be gone: the process that watches over the workers was killed.
        with suppress(OSError):
            folder.keep(self._name, self._read_last())
            folder.remove_socket(self._name)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._folder is not None, "only workers are asked"
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                question = (await reader.readline()).decode().strip()
            if question == _FIGURES:
                own = await self._read()
                self._folder.keep(self._name, own)
                writer.write(encode_snapshot(own))
            elif question:
                writer.write(self._respond(question))
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # whoever asked is gone, or is no worker
        finally:
            writer.close()


async def _ask_figures(socket: Path) -> Snapshot | None:
    """Return the figures of another worker; None: it does not answer."""
    return decode_snapshot(await _ask(socket, _FIGURES))


async def _ask(socket: Path, question: str) -> bytes:
    """Return the answer of another worker; empty: it has none, or does not answer."""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(f"{question}\n".encode())
            return await reader.read(-1)
    except (OSError, TimeoutError):
        return b""
    finally:
        if writer is not None:
            writer.close()


async def _is_deserted(socket: Path) -> bool:
    """Return whether nobody listens on a socket; somebody busy does."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            _, writer = await asyncio.open_unix_connection(socket)
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    return False
