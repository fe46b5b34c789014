"""Measure the durable updates per second of one client that does not wait for acks."""

import asyncio
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Iterable
from typing import Any

from bench.figures import show
from bench.stand import Stand
from bench.typing_update import Typist
from bench.websocket import Ack, AuthOk, Connection, Error, Joined, connect, decode, encode


class Writer:
    """One yjs-mode client that sends as fast as the socket takes it."""

    def __init__(self, doc: str) -> None:
        self._doc = doc
        self._connection: Connection | None = None
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._done: asyncio.Future[float] = loop.create_future()
        self._expected = 0
        self.acknowledged = 0
        self.versions = 0

    async def open(self, port: int) -> None:
        """Connect and join."""
        self._connection = await connect(port, self._receive)
        self._connection.send(encode(type="auth", name="Writer"))
        await self._ready

    async def write(self, updates: Iterable[bytes], count: int) -> tuple[float, float]:
        """Send all; returns when that began, and when the last of `count` acks was there.

        Raises:
            ConnectionError: the server closed the connection before.
        """
        assert self._connection is not None, "connected"
        self._expected = count
        start = time.perf_counter()
        for number, update in enumerate(updates):
            self._connection.send(
                encode(type="update", doc=self._doc, id=f"u{number}", update=update)
            )
            await self._connection.writable()
            if self._connection.closed.done():
                break
            if number % 50 == 0:
                await asyncio.sleep(0)
        await asyncio.wait((self._done, self._connection.closed), return_when=FIRST_COMPLETED)
        if not self._done.done():
            raise ConnectionError(f"closed after {self.acknowledged} of {count} acks")
        return start, self._done.result()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _receive(self, payload: bytes, at: float) -> None:
        match decode(payload):
            case Ack(version=version):
                self.acknowledged += 1
                self.versions = max(self.versions, version)
                if self.acknowledged == self._expected:
                    self._done.set_result(at)
            case AuthOk():
                assert self._connection is not None, "connected"
                self._connection.send(encode(type="join", doc=self._doc, mode="yjs"))
            case Joined():
                self._ready.set_result(None)
            case Error(code=code, message=message):
                self._done.set_exception(RuntimeError(f"{code}: {message}"))
            case _:
                pass


async def pipeline(count: int = 20_000) -> dict[str, Any]:
    """One writer, `count` keystrokes, nothing but TCP holding it back."""
    typist = Typist(4_711)
    updates = [typist.type() for _ in range(count)]
    with Stand() as stand:
        writer = Writer("pipeline")
        await writer.open(stand.server.port)
        await stand.begin()
        span = await writer.write(updates, count)
        taken = await stand.end()
        writer.close()
        assert writer.versions == count, "every update has a version of its own"
        seconds = stand.seconds(*span)
    return {
        "bench": "one client pipelining",
        "updates": count,
        "durable_updates_per_s": round(count / seconds),
        "durable_updates_per_s_wall": round(count / (span[1] - span[0])),
        **taken,
    }


if __name__ == "__main__":
    show(asyncio.run(pipeline()))
