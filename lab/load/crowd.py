"""Clients that cost little, for load: many join, some write, all note when what comes."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal

from bench.typing_update import Typist
from bench.websocket import encode
from lab.client_message import Ack, AuthOk, Joined, Updates, decode_incoming
from lab.socket_client import RawConnection, open_socket
from sync.wire.hocuspocus import FrameType, encode_address
from sync.wire.ysync import SyncKind, encode_sync
from sync.yjs.varint import MalformedError, Reader

Speech = Literal["quire.v1", "hocuspocus"]
_TOKEN: Final = b"\x02\x00\x03tok"
_NOTHING: Final = b"\0"
JOIN_S: Final = 60.0
GATHER_S: Final = 90.0
"""The time in which a crowd comes together; a measurement is then of those who are there."""
_KIND: Final = slice(1, 13)
_NOTICES: Final = frozenset({b"\xa4type\xadmember", b"\xa4type\xabmember"})
"""The beginnings of what tells that others have come and gone, behind the number of fields."""


class Attendant:
    """One client of one document.

    Args:
        number: makes its name, and the CRDT client id that it writes under.
        path: of the socket; `{name}` is filled in.
    """

    def __init__(self, number: int, doc: str, speech: Speech = "quire.v1", path: str = "/ws"):
        self.number = number
        self.doc = doc
        self.connection: RawConnection | None = None
        self.acks_s: list[float] = []
        """The time that each acknowledgement took."""
        self.shown: list[tuple[int, float]] = []
        """The last version of each update that came, and when."""
        self.awareness: list[tuple[float, bytes]] = []
        """The messages of presence, each with its time."""
        self.received_bytes = 0
        self.on_ack: Callable[[int, float], None] | None = None
        """Called with the version of each ack and its time."""
        self.version = 0
        self.epoch = ""
        self.since: str | None = None
        """The epoch in which it goes on from `version`, as one who comes back; None: it is new."""
        self._speech = speech
        self._path = path.format(name=f"Client%20{number}")
        self._prefix = encode_address(doc) if speech == "hocuspocus" else b""
        self._typist = Typist(1_000_000 + number)
        self._sent: deque[float] = deque()
        self._made = 0
        self._ready: asyncio.Future[None] | None = None

    # --- life -----------------------------------------------------------------------------------

    async def come(self, port: int, source: str | None = None) -> None:
        """Connect and join; returns once it has joined.

        Raises:
            OSError, TimeoutError: it was not let in.
        """
        ready = self._ready = asyncio.get_running_loop().create_future()
        self._sent.clear()
        connection = await open_socket(port, self._path, self._receive, source=source)
        self.connection = connection
        if self._speech == "quire.v1":
            self._send(encode(type="auth", name=f"Client {self.number}"))
        else:
            self._send(self._prefix + _TOKEN)
            self._send(self._prefix + encode_sync(SyncKind.STEP1, _NOTHING))
        waited = asyncio.wait((ready, connection.closed), return_when=asyncio.FIRST_COMPLETED)
        try:
            async with asyncio.timeout(JOIN_S):
                await waited
            if not ready.done():
                raise ConnectionError("closed before it had joined")
        except BaseException:
            connection.cut()
            raise

    def leave(self) -> None:
        """Go away without a word."""
        if self.connection is not None:
            self.connection.cut()

    @property
    def is_here(self) -> bool:
        return self.connection is not None and self.connection.is_open

    # --- what it does ---------------------------------------------------------------------------

    def type(self) -> None:
        """Type a character."""
        self._made += 1
        update = self._typist.type()
        self._sent.append(time.perf_counter())
        if self._speech == "quire.v1":
            event_id = f"{self.number}.{self._made}"
            self._send(encode(type="update", doc=self.doc, id=event_id, update=update))
        else:
            self._send(self._prefix + encode_sync(SyncKind.UPDATE, update))

    def move(self, update: bytes) -> None:
        """Send an awareness update."""
        self._send(encode(type="awareness", doc=self.doc, update=update))

    @property
    def waiting(self) -> int:
        """The edits that are not acknowledged."""
        return len(self._sent)

    def _send(self, payload: bytes) -> None:
        """Send if the connection is open; what is typed while it is not is never acknowledged."""
        if self.connection is not None and self.connection.is_open:
            self.connection.send(payload)

    # --- what it is told ------------------------------------------------------------------------

    def _receive(self, payload: bytes, at: float) -> None:
        self.received_bytes += len(payload)
        if payload[_KIND] in _NOTICES:
            return  # of a large room there are millions
        if self._speech == "hocuspocus":
            self._receive_stock(payload, at)
            return
        match decode_incoming(payload):
            case Updates(to=version):
                self.shown.append((version, at))
            case Ack(version=version):
                self._acknowledged(version, at)
            case AuthOk():
                since = {} if self.since is None else {"since": self.version, "epoch": self.since}
                self._send(encode(type="join", doc=self.doc, mode="yjs", **since))
            case Joined(version=version, epoch=epoch):
                self.version, self.epoch = version, epoch
                self._is_ready()
            case None:
                self.awareness.append((at, payload))
            case _:
                pass

    def _receive_stock(self, payload: bytes, at: float) -> None:
        if not payload.startswith(self._prefix) or len(payload) <= len(self._prefix):
            return
        reader = Reader(payload[len(self._prefix) :])
        with suppress(MalformedError):
            kind = reader.number()
            if kind == FrameType.SYNC_STATUS and self._sent:
                self._acknowledged(0, at)
            elif kind == FrameType.SYNC and reader.number() == SyncKind.STEP2:
                self._is_ready()

    def _acknowledged(self, version: int, at: float) -> None:
        if self._sent:
            self.acks_s.append(at - self._sent.popleft())
        if self.on_ack is not None:
            self.on_ack(version, at)

    def _is_ready(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)


async def gather_crowd(
    crowd: Sequence[Attendant],
    port: int,
    *,
    at_once: int = 50,
    source: str | None = None,
    within_s: float = GATHER_S,
) -> float:
    """Let all come, so many at a time; returns how many seconds that took.

    Those who are not let in, or not in time, are not here.
    """
    started = time.perf_counter()
    waiting = iter(crowd)

    async def bring() -> None:
        for client in waiting:
            with suppress(OSError, TimeoutError):
                await client.come(port, source)

    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await asyncio.gather(*(bring() for _ in range(at_once)))
    return time.perf_counter() - started


def count_present(crowd: Iterable[Attendant]) -> int:
    """Return how many are here."""
    return sum(client.is_here for client in crowd)


async def type_for(
    writers: Sequence[Attendant], rate_per_s: float, seconds: float, drain_s: float = 10.0
) -> int:
    """Have them type in turn, so many characters a second in all; returns how many were typed.

    Returns when all are acknowledged, or after `drain_s` more.
    """
    started, typed = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < seconds:
        due = min(int(passed * rate_per_s), int(seconds * rate_per_s))
        while typed < due:
            writers[typed % len(writers)].type()
            typed += 1
        await asyncio.sleep(0.002)
    deadline = time.perf_counter() + drain_s
    while any(w.waiting for w in writers) and time.perf_counter() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return typed


def dismiss(crowd: Iterable[Attendant]) -> None:
    """Let all go."""
    for client in crowd:
        client.leave()
