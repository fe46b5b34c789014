"""A thread that does one thing after the other for event loops."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

T = TypeVar("T")

_Job = tuple[asyncio.Future[Any], Callable[[], Any]]


class WorkThread:
    """One thread, which is started for its first call.

    `ThreadPoolExecutor` makes a future of its own for each call beside that of the loop, and keeps
    the two alike: on a thread that is asked for every commit, that costs as much as the commit.
    """

    def __init__(self, name: str) -> None:
        self._name: Final = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: Thread | None = None

    def submit(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Have something done after all that was submitted before; return its result to come.

        A call whose future is cancelled before its turn is left out; later, it goes on.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._thread is None:
            # As a daemon: nobody has to wait for it who ends without closing.
            self._thread = Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True)
            self._thread.start()
        self._jobs.put((future, call))
        return future

    def shut_down(self) -> None:
        """Wait until all that was submitted is done, and end the thread. Nothing comes after it."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        future, call = job
        if future.cancelled():
            continue
        result: Any = None
        failure: BaseException | None = None
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - whoever waits for it is told
            failure = error
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            future.get_loop().call_soon_threadsafe(_tell, future, result, failure)
        # Nothing is kept until the next call comes.
        del job, future, call, result, failure


def _tell(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.cancelled():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
