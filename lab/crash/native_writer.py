"""Writers that speak `quire.v1`: text events, or Yjs updates."""

from typing import Any, Final

from bench.typing_update import Typist
from bench.websocket import encode
from lab.client_message import (
    Ack,
    AuthOk,
    Events,
    Joined,
    Refused,
    Resync,
    Updates,
    content_of,
    decode_incoming,
    growth_of,
    ops_of,
)
from lab.crash.crash_writer import MAX_IN_FLIGHT, CrashWriter
from lab.crash.document_record import DocumentRecord
from sync.error import ErrorCode
from sync.yjs.varint import write_varint

_WORDS: Final = ("ab", "😀", "c\n", "word ", "é")
_ONLY_DELETES: Final = "d"
"""The end of the id of an update that inserts nothing."""


class NativeWriter(CrashWriter):
    """The common part of both kinds."""

    mode = ""

    def __init__(
        self, doc: str, name: str, seed: int, record: DocumentRecord, problems: list[str]
    ) -> None:
        super().__init__(doc, name, seed, record, problems)
        self.version = 0
        self.unacked: dict[str, bytes] = {}
        self._epoch: str | None = None
        self._is_out = False
        """The server has ended its membership, and told it so."""
        self._made = 0

    @property
    def path(self) -> str:
        return "/ws"

    def _greet(self) -> None:
        self._is_out = False
        self._say(type="auth", name=self.name)

    def _join(self) -> None:
        since = {} if self._epoch is None else {"since": self.version, "epoch": self._epoch}
        self._say(type="join", doc=self.doc, mode=self.mode, **since)

    def _resume(self) -> None:
        """Send again what is not acknowledged; first join again, if the server closed the room."""
        if not self._ready.is_set():
            self._join()
            return
        for payload in self.unacked.values():
            self._send(payload)

    def _room_left(self) -> int:
        return MAX_IN_FLIGHT - len(self.unacked)

    def _write(self) -> None:
        self._made += 1
        edit = self._edit()
        event_id = f"{self.name}.{self._made}"
        if edit.get("update", b"\1").startswith(b"\0"):
            event_id += _ONLY_DELETES
        payload = encode(doc=self.doc, id=event_id, **edit)
        self.unacked[event_id] = payload
        self._send(payload)

    def _receive(self, payload: bytes, at: float) -> None:
        match decode_incoming(payload):
            case Ack() as ack:
                self._take_ack(ack)
            case Events() as events:
                self._take_events(events)
            case Updates() as updates:
                self._take_updates(updates)
            case AuthOk():
                self._join()
            case Joined() as joined:
                self._take_joined(joined)
            case Refused() as refused:
                self._take_refusal(refused)
            case Resync():
                self._send_again_soon()
            case None:
                pass

    def _take_joined(self, joined: Joined) -> None:
        if self._epoch is not None and not joined.recovered:
            self._tell_problem(f"joined anew at {joined.version}, had {self.version}")
        self._epoch = joined.epoch
        if not joined.recovered:
            self.version = joined.version
            self._begin(joined)
        is_again = self._is_out
        self._is_out = False
        self._ready.set()
        if is_again:
            self._resume()

    def _take_ack(self, ack: Ack) -> None:
        self.unacked.pop(ack.id, None)
        content = None if ack.ops is None or not ack.changed else content_of(ack.ops)
        # An unchanged edit is known already, and logged at that version; or it changed nothing, as
        # the deletion of what somebody else has deleted, and is not logged.
        is_known = bool(ack.ops) if ack.ops is not None else not ack.id.endswith(_ONLY_DELETES)
        is_logged = ack.changed or is_known
        self.record.acknowledge(ack.id, ack.version if is_logged else 0, content)
        if ack.changed:
            self._advance(ack.version, ack.ops)

    def _take_refusal(self, refused: Refused) -> None:
        if refused.retryable:
            if refused.id is None and self._ready.is_set():
                # The server has closed the room, and says so: whoever was in it is out.
                self._is_out = True
                self._ready.clear()
            self._send_again_soon()
        elif refused.code == ErrorCode.NOT_JOINED and self._is_out:
            pass  # An edit that was under way when the room was closed; it goes out again.
        else:
            self._tell_problem(f"{refused.code}: {refused.message}")
            self.unacked.pop(refused.id or "", None)

    def _edit(self) -> dict[str, Any]:
        raise NotImplementedError

    def _begin(self, joined: Joined) -> None:
        raise NotImplementedError

    def _advance(self, version: int, ops: list[dict[str, Any]] | None) -> None:
        raise NotImplementedError

    def _take_events(self, events: Events) -> None:
        raise NotImplementedError

    def _take_updates(self, updates: Updates) -> None:
        raise NotImplementedError


class TextEventWriter(NativeWriter):
    """Writes text events on the newest version that it has, many on one base."""

    mode = "text"

    def __init__(
        self, doc: str, name: str, seed: int, record: DocumentRecord, problems: list[str]
    ) -> None:
        super().__init__(doc, name, seed, record, problems)
        self._length = 0

    def _begin(self, joined: Joined) -> None:
        self._length = len(joined.text or "")

    def _edit(self) -> dict[str, Any]:
        dice = self._dice
        at = dice.randint(0, self._length)
        edit: dict[str, Any] = {"base": self.version, "pos": at}
        size = min(3, self._length - at)
        if size and dice.random() < 0.4:
            return {"type": "text_delete", **edit, "len": size}
        return {"type": "text_insert", **edit, "text": dice.choice(_WORDS)}

    def _advance(self, version: int, ops: list[dict[str, Any]] | None) -> None:
        if version != self.version + 1:
            self._tell_problem(f"version {version} came after {self.version}")
        self.version = version
        self._length += growth_of(ops or [])

    def _take_events(self, events: Events) -> None:
        for event in events.events:
            ops = ops_of(event)
            content = content_of(ops)
            if event.id in self.unacked:
                del self.unacked[event.id]
                self.record.acknowledge(event.id, event.version, content)
            else:
                self.record.show_event(event.version, event.id, content)
            self._advance(event.version, ops)


class UpdateWriter(NativeWriter):
    """Writes Yjs updates, each with an id."""

    mode = "yjs"

    def __init__(
        self, doc: str, name: str, seed: int, record: DocumentRecord, problems: list[str]
    ) -> None:
        super().__init__(doc, name, seed, record, problems)
        self.client_id = self._dice.randrange(1, 1 << 31)
        self._typist = Typist(self.client_id)
        self._typed = self._deleted = 0

    def _begin(self, joined: Joined) -> None:
        self._received.append(joined.state or b"\0\0")

    def _edit(self) -> dict[str, Any]:
        if self._typed > 8 + 2 * self._deleted and self._dice.random() < 0.3:
            return {"type": "update", "update": self._deletion()}
        self._typed += 1
        return {"type": "update", "update": self._typist.type()}

    def _deletion(self) -> bytes:
        out = bytearray(b"\0\1")
        write_varint(out, self.client_id)
        out += b"\1"
        write_varint(out, self._deleted)
        out += b"\1"
        self._deleted += 1
        return bytes(out)

    def _advance(self, version: int, ops: list[dict[str, Any]] | None) -> None:
        self.version = max(self.version, version)

    def _take_updates(self, updates: Updates) -> None:
        if updates.from_ > self.version + 1:
            self._tell_problem(f"version {updates.from_} came after {self.version}")
        self.version = max(self.version, updates.to)
        self.record.show_range(self.name, updates.from_, updates.to)
        self._received.append(updates.update)
