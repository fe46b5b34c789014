"""A document with an attacker and two bystanders, who must not notice; no test is in here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from sync.names import Mode
from sync.wire.message import Encoding
from tests.integration.peer import PRESENCE, Peer, connect
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

TEXT: Final = "Hello, world"
"""What a scene's document holds, at version 1."""
AUTHOR_CLIENT: Final = 11
"""The CRDT client id that wrote it."""
_names = count(1)


def fresh_name() -> str:
    """A document's name that no test of this run has used."""
    return f"doc-{next(_names)}"


class Scene:
    """Mallory, who attacks, and two who are there: Rita reads text, Yan writes Yjs updates."""

    def __init__(
        self, server: ServerProcess, doc: str, mallory: Peer, rita: Peer, yan: Peer
    ) -> None:
        self.server = server
        self.doc = doc
        self.mallory = mallory
        self.replica = YjsReplica(AUTHOR_CLIENT)
        self._rita = rita
        self._yan = yan
        self._pid = server.pid

    async def assert_unnoticed(self) -> None:
        """The attack was logged nowhere, shown to nobody, and the server works as before.

        An honest edit is the marker: it gets the very next version, and the bystanders have seen
        nothing before it.
        """
        assert (self.server.pid, self.server.is_running) == (self._pid, True)
        ack = await self._yan.update(self.doc, "yan.marker", self.replica.insert(0, "> "))
        assert ack["version"] == 2, "the attack was logged"
        events = await self._rita.expect("events")
        assert [(e["version"], e["id"], e["text"]) for e in events["events"]] == [
            (2, "yan.marker", "> ")
        ]
        for bystander in (self._rita, self._yan):
            heard = await bystander.barrier()
            assert [m for m in heard if m["type"] not in PRESENCE] == []
        async with connect(self.server, name="Newcomer") as newcomer:
            joined = await newcomer.join(self.doc)
            assert (joined["version"], joined["text"]) == (2, "> " + TEXT)


@asynccontextmanager
async def scene(
    server: ServerProcess, encoding: Encoding = "json", mode: Mode | None = "text"
) -> AsyncIterator[Scene]:
    """A scene whose attacker speaks `encoding` and has joined in `mode` (None: not joined)."""
    doc = fresh_name()
    async with (
        connect(server, "msgpack", name="Yan") as yan,
        connect(server, "json", name="Rita") as rita,
        connect(server, encoding, name="Mallory") as mallory,
    ):
        await yan.join(doc, "yjs")
        played = Scene(server, doc, mallory, rita, yan)
        await yan.update(doc, "yan.1", played.replica.insert(0, TEXT))
        await rita.join(doc)
        if mode is not None:
            await mallory.join(doc, mode)
        yield played
