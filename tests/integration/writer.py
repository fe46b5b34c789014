"""Clients that write without a pause and come back after every crash; no test is in here.

`hold_against_log` then says whether what the promises say is so.

A writer keeps what a good client keeps: its replica, the last version it has, and every edit that
was not acknowledged, which it sends again verbatim. It also remembers everything that it was ever
told and shown, so that a test can hold that against the log.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from websockets.exceptions import ConnectionClosed, WebSocketException

from sync.names import Mode
from sync.text.delta import apply, from_wire
from tests.integration.dialect_writer import DialectWriter
from tests.integration.peer import PRESENCE, Message, Peer, connect, ops_of
from tests.integration.read_history import replayed
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

MAX_IN_FLIGHT: Final = 100


class Writer:
    """One author in one document; see `TextWriter` and `YjsWriter`."""

    mode: Mode

    def __init__(self, server: ServerProcess, doc: str, name: str, seed: int) -> None:
        self.name = name
        self.version = 0
        self.unacked: dict[str, Message] = {}
        self.acked: dict[str, int] = {}
        self.unchanged: set[str] = set()
        """Of those, what was acknowledged as changing nothing, or as known already."""
        self.sessions: list[str] = []
        self.close_code: int | None = None
        self._server = server
        self._doc = doc
        self._epoch: str | None = None
        self._dice = random.Random(seed)
        self._made = 0
        self._goal: int | None = None
        self._changed = asyncio.Condition()

    @property
    def text(self) -> str:
        raise NotImplementedError

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something that the writer received makes the condition true."""
        async with self._changed:
            await self._changed.wait_for(condition)

    def move(self, server: ServerProcess) -> None:
        """Connect to another process of the same service the next time."""
        self._server = server

    async def write_until_cut(self) -> None:
        """Write until the connection breaks."""
        self._goal = None
        await self._run(lambda: False, writes=True)

    async def write_up_to(self, goal: int) -> bool:
        """Write until `goal` edits were made in all; returns whether all are acknowledged.

        If not, the connection broke.
        """
        self._goal = goal
        await self._run(self._is_done, writes=True)
        return self._is_done()

    async def flush(self) -> None:
        """Write nothing new; return when all is acknowledged."""
        await self._run(lambda: not self.unacked)
        assert not self.unacked

    async def finish(self, total: int) -> None:
        """Write nothing new; return when all is acknowledged and version `total` has come."""
        await self._run(lambda: not self.unacked and self.version >= total)
        assert not self.unacked
        assert self.version == total

    def _is_done(self) -> bool:
        return self._made == self._goal and not self.unacked

    async def _run(self, done: Callable[[], bool], *, writes: bool = False) -> None:
        with suppress(WebSocketException, OSError, EOFError):
            async with connect(self._server, "msgpack", name=self.name) as peer:
                self.sessions.append(peer.session)
                await self._rejoin(peer)
                writing = asyncio.create_task(self._write(peer)) if writes else None
                try:
                    while not done():
                        await self._take(await peer.receive())
                except ConnectionClosed as closed:
                    self.close_code = closed.rcvd.code if closed.rcvd else 1006
                finally:
                    if writing is not None:
                        writing.cancel()
                        with suppress(asyncio.CancelledError, WebSocketException):
                            await writing

    async def _rejoin(self, peer: Peer) -> None:
        await peer.send(
            "join", doc=self._doc, mode=self.mode, since=self.version, epoch=self._epoch
        )
        joined = await peer.expect("joined")
        assert joined["recovered"] is (self._epoch is not None), "the log lost what it had shown"
        assert joined["version"] >= self.version
        self._epoch = joined["epoch"]
        if not joined["recovered"]:
            self._begin(joined)
        for message in list(self.unacked.values()):
            await peer.send(**message)

    async def _write(self, peer: Peer) -> None:
        while self._made != self._goal:
            await self.wait_for(lambda: len(self.unacked) < MAX_IN_FLIGHT)
            self._made += 1
            edit = self._edit(f"{self.name}.{self._made}")
            self.unacked[edit["id"]] = edit
            await peer.send(**edit)

    async def _take(self, message: Message) -> None:
        async with self._changed:
            match message["type"]:
                case "ack":
                    if not message.get("changed", True):
                        self.unchanged.add(message["id"])
                    self._settle(message["id"], message["version"])
                    self._acknowledged(message)
                case "events" | "updates":
                    self._shown(message)
                case kind:
                    assert kind in PRESENCE, message
            self._changed.notify_all()

    def _settle(self, event_id: str, version: int) -> None:
        assert self.acked.get(event_id, version) == version, "two versions for one edit"
        self.acked[event_id] = version
        self.unacked.pop(event_id, None)

    def _begin(self, joined: Message) -> None:
        raise NotImplementedError

    def _edit(self, event_id: str) -> dict[str, Any]:
        raise NotImplementedError

    def _acknowledged(self, ack: Message) -> None:
        raise NotImplementedError

    def _shown(self, message: Message) -> None:
        raise NotImplementedError


class TextWriter(Writer):
    """Writes text events on the newest version it has, many on one base."""

    mode: Mode = "text"

    def __init__(self, server: ServerProcess, doc: str, name: str, seed: int) -> None:
        super().__init__(server, doc, name, seed)
        self.shown: dict[int, str] = {}
        """The id at each version after the first that it joined at, from events and acks."""
        self.first = 0
        """That version, and the text that it was given there."""
        self.first_text = ""
        self._text = ""

    @property
    def text(self) -> str:
        return self._text

    def _begin(self, joined: Message) -> None:
        self._text, self.version = joined["text"], joined["version"]
        self.first_text, self.first = joined["text"], joined["version"]

    def _edit(self, event_id: str) -> dict[str, Any]:
        at = self._dice.randint(0, len(self._text))
        edit = {"doc": self._doc, "id": event_id, "base": self.version, "pos": at}
        length = min(3, len(self._text) - at)
        if length and self._dice.random() < 0.4:
            return {"kind": "text_delete", **edit, "len": length}
        return {"kind": "text_insert", **edit, "text": self._dice.choice(["ab", "😀", "c\n"])}

    def _acknowledged(self, ack: Message) -> None:
        if ack.get("changed", True):
            self._advance(ack["version"], ack["id"], ack["ops"])
        else:
            assert ack["version"] <= self.version, "an ack overtook the events before it"

    def _shown(self, message: Message) -> None:
        for event in message["events"]:
            if event["id"] in self.unacked:
                self._settle(event["id"], event["version"])
            self._advance(event["version"], event["id"], None, event)

    def _advance(self, version: int, event_id: str, ops: Any, event: Message | None = None) -> None:
        assert version == self.version + 1, f"{version} came after {self.version}"
        self.version = version
        self.shown[version] = event_id
        self._text = apply(self._text, from_wire(ops) if event is None else ops_of(event))


class YjsWriter(Writer):
    """Writes Yjs updates."""

    mode: Mode = "yjs"

    def __init__(self, server: ServerProcess, doc: str, name: str, seed: int) -> None:
        super().__init__(server, doc, name, seed)
        self.shown: list[bytes] = []
        """Every update received."""
        self.made: dict[str, bytes] = {}
        """Every update sent, by its id."""
        self._replica = YjsReplica(seed)

    @property
    def text(self) -> str:
        return self._replica.text

    def _begin(self, joined: Message) -> None:
        self._replica.apply(joined["state"])
        self.version = joined["version"]

    def _edit(self, event_id: str) -> dict[str, Any]:
        size = len(self.text)
        at = self._dice.randint(0, size)
        deleted = min(3, size - at) if self._dice.random() < 0.4 else 0
        update = self._replica.edit((at, deleted, "" if deleted else "yz"))
        self.made[event_id] = update
        return {"kind": "update", "doc": self._doc, "id": event_id, "update": update}

    def _acknowledged(self, ack: Message) -> None:
        if ack.get("changed", True):
            self.version = max(self.version, ack["version"])

    def _shown(self, message: Message) -> None:
        assert message["from"] <= self.version + 1, "a gap"
        self.version = max(self.version, message["to"])
        self.shown.append(message["update"])
        self._replica.apply(message["update"])


def hold_against_log(
    log: list[Message],
    writers: Sequence[Writer],
    text: str,
    others: Sequence[DialectWriter] = (),
) -> None:
    """P1, P2, P3 and P5, for writers that have all finished.

    Args:
        log: all events of the document, with `ops` and `update`.
        writers: all who wrote into it.
        text: what a newcomer is shown.
        others: those who wrote into it and were never told under which ids.
    """
    assert [event["version"] for event in log] == list(range(1, len(log) + 1))
    versions = {event["id"]: event["version"] for event in log}
    assert len(versions) == len(log), "an edit is in the log twice"
    told = {each: at for writer in writers for each, at in writer.acked.items()}
    assert len(told) == sum(len(writer.acked) for writer in writers)
    unchanged = {each for writer in writers for each in writer.unchanged}
    for each, version in told.items():
        assert versions.get(each, version) == version
        assert each in versions or each in unchanged, f"{each} is not in the log"
    untold = {writer.name for writer in others}
    known = {event["id"] for event in log if event["actor"]["name"] not in untold}
    assert known <= told.keys(), "the log has what nobody wrote"
    final = YjsReplica()
    for event in log:
        final.apply(event["update"])
    before = final.state
    for writer in writers:
        if isinstance(writer, TextWriter):
            later = {event["version"]: event["id"] for event in log[writer.first :]}
            assert writer.shown == later, f"{writer.name} joined at {writer.first}"
            assert writer.first_text == replayed(log[: writer.first])
        elif isinstance(writer, YjsWriter):
            for update in (*writer.shown, *(writer.made[each] for each in writer.acked)):
                final.apply(update)
    for other in others:
        final.apply(other.replica.state)
    assert final.state == before, "somebody was told or shown what the log does not have"
    shown = {writer.text for writer in writers} | {other.replica.text for other in others}
    assert shown == {replayed(log)} == {text}
