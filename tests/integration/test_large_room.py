"""A room that is large enough to gather its notices, over real sockets: all learn who is there."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from sync.presence.notices import SMALL_ROOM
from sync.wire.message import Encoding
from sync.yjs.awareness import decode_awareness, encode_awareness
from tests.integration.peer import Message, Peer, connect
from tests.integration.scene import fresh_name
from tests.integration.server import ServerProcess

pytestmark = pytest.mark.anyio

LATE = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("large")) as process:
        yield process


class Witness:
    """A peer, the sessions that it was told of, and the awareness states."""

    def __init__(self, peer: Peer, joined: Message) -> None:
        self.peer = peer
        self.members = {member["session"] for member in joined["members"]}
        self.states: dict[int, str | None] = {}

    def hear(self, message: Message) -> None:
        match message["type"]:
            case "member_joined":
                assert message["session"] not in self.members, "told twice"
                self.members.add(message["session"])
            case "member_left":
                self.members.remove(message["session"])
            case "awareness":
                for entry in decode_awareness(message["update"]):
                    self.states[entry.client] = entry.state
            case kind:
                raise AssertionError(f"{kind} came")

    async def hear_until(self, members: set[str], clients: set[int]) -> None:
        while self.members != members or {c for c, s in self.states.items() if s} != clients:
            self.hear(await self.peer.receive())


async def test_each_member_of_a_large_room_learns_of_all_who_come_and_go(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    async with AsyncExitStack() as stack:

        async def come(number: int) -> Witness:
            encoding: Encoding = "msgpack" if number % 2 else "json"
            peer = await stack.enter_async_context(
                connect(server, encoding, name=f"Member {number}")
            )
            return Witness(peer, await peer.join(doc, mode="yjs"))

        crowd = [await come(number) for number in range(SMALL_ROOM)]
        # All at once, so that most of them are held back.
        crowd += await asyncio.gather(*(come(SMALL_ROOM + number) for number in range(LATE)))
        for number, witness in enumerate(crowd[-LATE:]):
            state = encode_awareness([(1_000 + number, 1, '{"n":1}')])
            await witness.peer.send("awareness", doc=doc, update=state)
        for witness in crowd[:3]:
            await witness.peer.send("leave", doc=doc)
        present = {witness.peer.session for witness in crowd[3:]}
        clients = {1_000 + number for number in range(LATE)}
        for number, witness in enumerate(crowd[3:-LATE]):
            await witness.hear_until(present, clients)
            assert number or len(witness.states) == LATE
        for number, witness in enumerate(crowd[-LATE:]):
            await witness.hear_until(present, clients - {1_000 + number})
