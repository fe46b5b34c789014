"""Clients that write without a pause, come back after every cut, and note what they are told.

A writer keeps what a good client keeps: the last version that it has, and every edit that was not
acknowledged, which it sends again verbatim. It keeps no replica to write with, so that one process
can run many of them: a text writer knows the length of its text, a Yjs writer puts each character
behind its last one. What Yjs writers are sent is merged into a replica when a verdict is due.
"""

import asyncio
import random
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from pycrdt import Doc

from bench.websocket import encode
from lab.crash.document_record import DocumentRecord
from lab.socket_client import RawConnection, open_socket
from sync.yjs.statevector import decode_state_vector

MAX_IN_FLIGHT: Final = 120
_BURST: Final = 6
_BETWEEN_BURSTS_S: Final = 0.004
_RETRY_S: Final = 0.03
_RESEND_S: Final = 0.2
_JOIN_S: Final = 20.0


class Door(Protocol):
    """The place to connect to, and the leave to write."""

    @property
    def is_writing(self) -> bool:
        """False while a server is down or judged."""

    async def port(self) -> int:
        """Wait until there is a server to connect to; return its port."""


class CrashWriter:
    """One author in one document.

    Args:
        record: takes notes of all that it is told and shown.
        problems: takes sentences about what no verdict counts, such as a refused edit.
    """

    def __init__(
        self, doc: str, name: str, seed: int, record: DocumentRecord, problems: list[str]
    ) -> None:
        self.doc = doc
        self.name = name
        self.record = record
        self.joins = 0
        self.connection: RawConnection | None = None
        self.replica: Doc[Any] = Doc()
        """All that it was sent as Yjs updates; up to date after `absorb`."""
        self.client_id = 0
        """The CRDT client id that it writes under; 0: none of its own."""
        self._dice = random.Random(seed)
        self._problems = problems
        self._received: list[bytes] = []
        self._ready: asyncio.Event = asyncio.Event()
        self._resend_at = 0.0

    # --- life -----------------------------------------------------------------------------------

    async def live(self, door: Door) -> None:
        """Connect, write and come back until cancelled."""
        while True:
            with suppress(OSError, TimeoutError):
                await self._visit(await door.port(), door)
            await asyncio.sleep(_RETRY_S * (0.5 + self._dice.random()))

    async def until_closed(self) -> None:
        """Wait until all that the server has sent is read, and the connection is over."""
        connection = self.connection
        if connection is not None:
            await connection.closed

    def cut(self) -> None:
        """Lose the connection."""
        if self.connection is not None:
            self.connection.cut()

    def absorb(self) -> None:
        """Merge what came into the replica."""
        received, self._received = self._received, []
        for update in received:
            self.replica.apply_update(update)

    def shown_clocks(self) -> dict[int, int]:
        """Return the units of others that it was shown."""
        clocks = dict(decode_state_vector(self.replica.get_state()))
        clocks.pop(self.client_id, None)
        return clocks

    async def _visit(self, port: int, door: Door) -> None:
        self._ready = asyncio.Event()
        self._resend_at = 0.0
        connection = await open_socket(port, self.path, self._receive)
        self.connection = connection
        try:
            self._greet()
            async with asyncio.timeout(_JOIN_S):
                while not self._ready.is_set() and connection.is_open:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.05):
                            await self._ready.wait()
            if connection.is_open:
                self.joins += 1
                self._resume()
                await self._pump(connection, door)
        finally:
            connection.close()
            await connection.closed

    async def _pump(self, connection: RawConnection, door: Door) -> None:
        while connection.is_open:
            if door.is_writing:
                await connection.writable()
                if self._resend_at and time.monotonic() > self._resend_at:
                    self._resend_at = 0.0
                    self._resume()
                for _ in range(min(_BURST, self._room_left()) if self._ready.is_set() else 0):
                    self._write()
            await asyncio.sleep(_BETWEEN_BURSTS_S)

    def _send(self, payload: bytes) -> None:
        connection = self.connection
        if connection is not None and connection.is_open:
            connection.send(payload)

    def _say(self, **fields: Any) -> None:
        self._send(encode(**fields))

    def _send_again_soon(self) -> None:
        self._resend_at = self._resend_at or time.monotonic() + _RESEND_S

    def _tell_problem(self, problem: str) -> None:
        self._problems.append(f"{self.name} in {self.doc}: {problem}")

    # --- what kinds of writers do differently ---------------------------------------------------

    @property
    def path(self) -> str:
        raise NotImplementedError

    def _greet(self) -> None:
        """Say who it is, and join."""
        raise NotImplementedError

    def _resume(self) -> None:
        """Send again what is not acknowledged."""
        raise NotImplementedError

    def _room_left(self) -> int:
        """Return how many edits may be sent now."""
        raise NotImplementedError

    def _write(self) -> None:
        """Make an edit, and send it."""
        raise NotImplementedError

    def _receive(self, payload: bytes, at: float) -> None:
        raise NotImplementedError
