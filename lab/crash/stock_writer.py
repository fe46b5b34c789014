"""Writers of the Yjs dialects, y-websocket and Hocuspocus, to any server that speaks them.

They do what a stock provider does: on each connection both sides say what they have, and send what
the other lacks. Each edit inserts one character, so a state vector counts them.
"""

from collections import deque
from typing import Final

from bench.typing_update import Typist
from lab.crash.crash_writer import MAX_IN_FLIGHT, CrashWriter
from lab.crash.document_record import DocumentRecord
from sync.names import Dialect
from sync.wire.hocuspocus import FrameType, encode_address
from sync.wire.ysync import NO_CHANGE, SyncKind, encode_sync
from sync.yjs.statevector import decode_state_vector
from sync.yjs.varint import MalformedError, Reader

_TOKEN: Final = b"\x02\x00\x03tok"
_SYNC_REPLY: Final = 4
_MAX_BYTES: Final = 1 << 26
_BURST: Final = 2
"""Edits at once of a y-websocket client, which is told of none and so goes by the clock."""


class StockWriter(CrashWriter):
    """One author.

    Args:
        path: where the dialect is served, with `{doc}` and `{name}` filled in.
    """

    def __init__(
        self,
        doc: str,
        name: str,
        seed: int,
        record: DocumentRecord,
        problems: list[str],
        *,
        dialect: Dialect,
        path: str,
    ) -> None:
        super().__init__(doc, name, seed, record, problems)
        self.client_id = self._dice.randrange(1, 1 << 31)
        self._typist = Typist(self.client_id)
        self._made: list[bytes] = []
        self._path = path.format(doc=doc, name=name)
        self._prefix = encode_address(doc) if dialect == "hocuspocus" else b""
        self._waiting: deque[int] = deque()
        """Of each frame that is to get a SyncStatus, the units that there are with it."""
        self._has = 0
        """Of its units, those that the server said on connecting that it has."""

    @property
    def path(self) -> str:
        return self._path

    def _greet(self) -> None:
        self._waiting.clear()
        if self._prefix:
            self._send(self._prefix + _TOKEN)
        self.absorb()
        self._sync(SyncKind.STEP1, self.replica.get_state())

    def _resume(self) -> None:
        """Send again all that the server said it lacks."""
        self._give(self._has)

    def _room_left(self) -> int:
        return MAX_IN_FLIGHT - len(self._waiting) if self._prefix else _BURST

    def _write(self) -> None:
        self._made.append(self._typist.type())
        self._give(len(self._made) - 1)

    def _give(self, first: int) -> None:
        for number in range(first, len(self._made)):
            self._sync(SyncKind.UPDATE, self._made[number])
            if self._prefix:
                self._waiting.append(number + 1)

    def _sync(self, kind: SyncKind, data: bytes) -> None:
        self._send(self._prefix + encode_sync(kind, data))

    def _receive(self, payload: bytes, at: float) -> None:
        if not payload.startswith(self._prefix) or len(payload) <= len(self._prefix):
            return  # a ping
        reader = Reader(payload[len(self._prefix) :])
        try:
            kind = reader.number()
            if kind in (FrameType.SYNC, _SYNC_REPLY):
                self._take_sync(reader.number(), reader.data(_MAX_BYTES))
            elif self._prefix and kind == FrameType.SYNC_STATUS:
                self._take_status(reader.number())
            elif kind == FrameType.AUTH and self._prefix and reader.number() == 1:
                self._tell_problem("the token was refused")
        except MalformedError as error:
            self._tell_problem(f"sent what cannot be read: {error}")

    def _take_sync(self, kind: int, data: bytes) -> None:
        if kind == SyncKind.STEP1:
            self._has = decode_state_vector(data).get(self.client_id, 0)
            self._sync(SyncKind.STEP2, NO_CHANGE)
            if self._prefix:
                self._waiting.append(self._has)
            self._ready.set()
            return
        self._received.append(data)

    def _take_status(self, applied: int) -> None:
        if not self._waiting:
            return
        units = self._waiting.popleft()
        if applied:
            self.record.acknowledge_clock(self.client_id, units)
        else:
            self.cut()  # it comes back, and sends what is lacking
