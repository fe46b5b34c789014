"""Coming back (P4): exactly what was missed, in order; or a full state, and the word that it is."""

from collections.abc import Iterator
from typing import Any

import pytest

from sync.text.delta import apply
from sync.wire.message import Encoding
from tests.integration.peer import PRESENCE, Message, Peer, connect, ops_of
from tests.integration.scene import fresh_name
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica

pytestmark = [pytest.mark.anyio, pytest.mark.p4]

ENCODINGS: tuple[Encoding, ...] = ("json", "msgpack")
LONG = 1_300
"""More events than a room keeps in memory, so that a replay from the start reads the log."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("replay")) as process:
        yield process


async def write(peer: Peer, doc: str, first: int, last: int) -> None:
    """Append characters to a text-mode document: versions `first` to `last`."""
    for number in range(first, last + 1):
        await peer.send(
            "text_insert", doc=doc, id=f"w.{number}", base=None, pos=number - 1, text="x"
        )
    for number in range(first, last + 1):
        await peer.expect("ack", version=number)


async def read_events(peer: Peer, after: int, upto: int) -> list[dict[str, Any]]:
    """The events of a replay, which must be contiguous and complete."""
    events: list[dict[str, Any]] = []
    while len(events) < upto - after:
        events += (await peer.expect("events"))["events"]
    assert [e["version"] for e in events] == list(range(after + 1, upto + 1))
    return events


async def read_updates(peer: Peer, after: int, upto: int) -> list[bytes]:
    """The updates of a replay in yjs mode, likewise."""
    updates = []
    while after < upto:
        message = await peer.expect("updates")
        assert message["from"] == after + 1
        after = message["to"]
        updates.append(message["update"])
    assert after == upto
    return updates


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_replay_is_exactly_what_was_missed(server: ServerProcess, encoding: Encoding) -> None:
    doc, head = fresh_name(), 12
    async with connect(server) as ana, connect(server, encoding, name="Ben") as ben:
        epoch = (await ana.join(doc))["epoch"]
        await write(ana, doc, 1, head)
        for since in range(head + 1):
            joined = await ben.join(doc, since=since, epoch=epoch)
            assert joined["recovered"] is True
            assert joined["version"] == head
            assert not {"text", "state"} & joined.keys()
            await read_events(ben, since, head)
            joined = await ben.join(doc, "yjs", since=since, epoch=epoch)
            assert joined["recovered"] is True
            assert not {"text", "state"} & joined.keys()
            await read_updates(ben, since, head)
        assert [each for each in await ben.barrier() if each["type"] not in PRESENCE] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"since": 3},
        {"epoch": "right"},
        {"since": 3, "epoch": "another"},
        {"since": 3, "epoch": ""},
        {"since": 3, "epoch": None},
        {"since": 6, "epoch": "right"},
        {"since": 2**53 - 1, "epoch": "right"},
        {"since": None, "epoch": "right"},
    ],
)
async def test_what_cannot_be_replayed_is_sent_in_full(
    server: ServerProcess, encoding: Encoding, claim: dict[str, Any]
) -> None:
    doc = fresh_name()
    async with connect(server, encoding) as ana:
        epoch = (await ana.join(doc))["epoch"]
        await write(ana, doc, 1, 5)
        fields = {**claim, "epoch": epoch} if claim.get("epoch") == "right" else claim
        joined = await ana.join(doc, **fields)
        assert (joined["recovered"], joined["version"], joined["text"]) == (False, 5, "xxxxx")
        joined = await ana.join(doc, "yjs", **fields)
        assert (joined["recovered"], joined["version"]) == (False, 5)
        replica = YjsReplica()
        replica.apply(joined["state"])
        assert replica.text == "xxxxx"
        assert await ana.barrier() == []


async def test_long_replay_comes_from_the_log_and_live_events_follow_without_a_gap(
    server: ServerProcess,
) -> None:
    doc = fresh_name()
    async with (
        connect(server, "msgpack") as ana,
        connect(server, "msgpack", name="Ben") as ben,
        connect(server, "msgpack", name="Yan") as yan,
    ):
        epoch = (await ana.join(doc))["epoch"]
        await write(ana, doc, 1, LONG)
        await ben.send("join", doc=doc, since=0, epoch=epoch)
        await yan.send("join", doc=doc, mode="yjs", since=0, epoch=epoch)
        # While they are caught up, the writer goes on.
        await write(ana, doc, LONG + 1, LONG + 200)
        assert (await ben.expect("joined"))["recovered"] is True
        assert (await yan.expect("joined"))["recovered"] is True
        text = ""
        for event in await read_events(ben, 0, LONG + 200):
            text = apply(text, ops_of(event))
        replica = YjsReplica()
        for update in await read_updates(yan, 0, LONG + 200):
            replica.apply(update)
        assert text == replica.text == "x" * (LONG + 200)
        await write(ana, doc, LONG + 201, LONG + 210)
        await read_events(ben, LONG + 200, LONG + 210)
        await read_updates(yan, LONG + 200, LONG + 210)


@pytest.mark.parametrize("mode", ["text", "yjs"])
async def test_replay_continues_after_a_crash_of_the_server(
    server: ServerProcess, mode: str
) -> None:
    doc = fresh_name()
    async with connect(server) as ana:
        epoch = (await ana.join(doc))["epoch"]
        await write(ana, doc, 1, 20)
    server.restart()
    async with connect(server) as ana:
        joined = await ana.join(doc, mode, since=7, epoch=epoch)
        assert (joined["recovered"], joined["epoch"], joined["version"]) == (True, epoch, 20)
        await (read_events if mode == "text" else read_updates)(ana, 7, 20)


async def test_own_event_in_a_replay_is_its_acknowledgement(server: ServerProcess) -> None:
    """The socket dies before the ack: the event shows that the edit was taken."""
    doc = fresh_name()
    async with connect(server, name="Ben") as ben:
        epoch = (await ben.join(doc))["epoch"]
        async with connect(server) as ana:
            await ana.join(doc)
            await ana.send("text_insert", doc=doc, id="a.1", base=0, pos=0, text="x")
        heard: list[Message] = await ben.until(lambda m: m["type"] in ("events", "member_left"))
        if heard[-1]["type"] == "member_left":
            # What reached the server before its socket was gone may still be committed.
            await ben.barrier()
        async with connect(server) as ana:
            joined = await ana.join(doc, since=0, epoch=epoch)
            if joined["version"]:
                assert (await read_events(ana, 0, 1))[0]["id"] == "a.1"
            await ana.send("text_insert", doc=doc, id="a.1", base=0, pos=0, text="x")
            seen = await ana.until(lambda m: m["type"] == "ack")
            assert (seen[-1]["id"], seen[-1]["version"]) == ("a.1", 1)
