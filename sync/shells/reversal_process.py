"""Finding what brings an old version back, in a process of its own.

The native library holds the interpreter while it works, and there is content on which it would
never come back: nothing that reads a whole document of any shape may run beside the rooms (P8).
The process reads a `Task` from its standard input and writes what `sync.yjs.replica.reverse` says.
"""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Final

import msgspec

from sync.yjs.reversal import Reversal, reverse

TIME_LIMIT_S: Final = 30
"""How long finding it may take."""
MAX_AT_ONCE: Final = 2
"""Processes at once."""


class ReversalError(Exception):
    """It was not found: it took too long, or the content broke the process."""


class BusyError(Exception):
    """There are as many at work as there may be; ask again."""


class Task(msgspec.Struct, frozen=True):
    """What `reverse` is to be called with."""

    before: list[bytes]
    after: list[bytes]
    client_id: int
    text_root: str


_at_work = 0


async def find_reversal(task: Task, *, time_limit_s: float = TIME_LIMIT_S) -> Reversal:
    """Have `reverse` called; cancelling ends the process.

    Raises:
        ReversalError: there is no answer.
        BusyError: it was not tried.
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
        # Not the server's environment: there are secrets in it.
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
    """Have the system end this process if the server, killed itself, no longer can."""
    try:
        import resource
    except ImportError:  # not on every system
        return
    resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S + 1))


def main() -> None:
    """Answer one task."""
    _end_in_time()
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    found = reverse(task.before, task.after, task.client_id, task.text_root)
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    main()
