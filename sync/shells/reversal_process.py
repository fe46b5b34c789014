"""The search for the update that brings an old version back, in a process of its own.

The native library holds the interpreter's lock while it works, and on some content it never
returns. So no code that reads a whole document of any shape may run in the process of the rooms
(P8). This process reads a `Task` from its standard input and writes the result of
`sync.yjs.reversal.reverse`.
"""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Final

import msgspec

from sync.yjs.reversal import Reversal, reverse

TIME_LIMIT_S: Final = 30
"""The time limit of one search."""
MAX_AT_ONCE: Final = 2
"""The most searches at once."""


class ReversalError(Exception):
    """The search failed: it took too long, or the content ended the process."""


class BusyError(Exception):
    """The most searches are under way already; ask again later."""


class Task(msgspec.Struct, frozen=True):
    """The arguments of `reverse`."""

    before: list[bytes]
    after: list[bytes]
    client_id: int
    text_root: str


_at_work = 0


async def find_reversal(task: Task, *, time_limit_s: float = TIME_LIMIT_S) -> Reversal:
    """Call `reverse` in a process of its own; cancelling ends the process.

    Raises:
        ReversalError: there is no answer.
        BusyError: too many searches are under way.
    """
    global _at_work
    if _at_work >= MAX_AT_ONCE:
        raise BusyError("too many versions are being brought back")
    _at_work += 1
    try:
        return await _ask(task, time_limit_s)
    finally:
        _at_work -= 1


async def _ask(task: Task, time_limit_s: float) -> Reversal:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # The server's environment is not passed on: it has secrets.
        env={"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
    )
    try:
        async with asyncio.timeout(time_limit_s):
            answer, _ = await process.communicate(msgspec.msgpack.encode(task))
    except TimeoutError:
        raise ReversalError(f"it takes more than {time_limit_s} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise ReversalError(f"the process ended with {process.returncode}")
    return msgspec.msgpack.decode(answer, type=Reversal)


def _end_in_time() -> None:
    """Have the system end this process in time, in case the server is killed and cannot."""
    try:
        import resource
    except ImportError:  # not on every system
        return
    resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S + 1))


def main() -> None:
    """Read one task from standard input and write its result to standard output."""
    _end_in_time()
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    found = reverse(task.before, task.after, task.client_id, task.text_root)
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    main()
