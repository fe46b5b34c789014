"""Recorded sessions of real people through a real server; see `tests/traces/README.md`.

With QUIRE_SOAK=1 the whole of each session is run, in every order; otherwise its beginning.
"""

import asyncio
import gzip
import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any, Final

import pytest

from sync.text.composition import compose
from sync.text.delta import Delta, apply, from_wire, to_wire
from tests.integration.peer import PRESENCE, Peer, connect, ops_of
from tests.integration.read_history import read_history, replayed
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import SOAK

pytestmark = [pytest.mark.anyio, pytest.mark.p2, pytest.mark.p5, pytest.mark.p6]

TRACES: Final = Path(__file__).parents[1] / "traces"
SHORT: Final = None if SOAK else 1_000
LONGER: Final = None if SOAK else 4_000
ALONE: Final = 20_000 if SOAK else 3_000
BURST: Final = 200
"""The most that one author sends before the other has a turn."""
CLIENT_IDS: Final = (1, 2)
"""By author: the smaller for the one whose insertions come first where both insert at one place."""

Txn = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Submitted:
    """One transaction as its author's replica emitted it."""

    index: int
    author: int
    update: bytes

    @property
    def id(self) -> str:
        return f"t.{self.index}"


def load(name: str) -> dict[str, Any]:
    with gzip.open(TRACES / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        trace: dict[str, Any] = json.load(file)
    return trace


@lru_cache(maxsize=1)
def submissions() -> tuple[Submitted, ...]:
    """The concurrent session: each author's replica has exactly what each edit was made on."""
    txns: list[Txn] = load("friendsforever")["txns"]
    replicas = [YjsReplica(client) for client in CLIENT_IDS]
    has: list[set[int]] = [set() for _ in CLIENT_IDS]
    made: list[Submitted] = []
    for index, txn in enumerate(txns):
        author = txn["agent"]
        for missing in sorted(ancestors(txns, txn["parents"], has[author])):
            replicas[author].apply(made[missing].update)
        update = replicas[author].edit(*(tuple(patch) for patch in txn["patches"]))
        assert update, "every transaction changes something"
        made.append(Submitted(index, author, update))
        has[author].add(index)
    return tuple(made)


def ancestors(txns: list[Txn], parents: list[int], has: set[int]) -> list[int]:
    """What `parents` include beyond `has`, which then has it."""
    missing: list[int] = []
    pending = list(parents)
    while pending:
        index = pending.pop()
        if index not in has:
            has.add(index)
            missing.append(index)
            pending += txns[index]["parents"]
    return missing


# --- the orders in which a network could deliver ------------------------------------------------

Turn = tuple[int, list[Submitted]]
"""An author, and what is sent for that author before anyone else's next turn."""


def in_order(made: list[Submitted], _: random.Random) -> Iterator[Turn]:
    """As it was written: nothing comes before what it builds on."""
    for each in made:
        yield each.author, [each]


def in_bursts(made: list[Submitted], dice: random.Random) -> Iterator[Turn]:
    """Each author's in their order, in bursts: one is often ahead of what it builds on."""
    queues = [deque(each for each in made if each.author == author) for author in (0, 1)]
    while any(queues):
        author = dice.choice([author for author in (0, 1) if queues[author]])
        size = min(dice.randint(1, BURST), len(queues[author]))
        yield author, [queues[author].popleft() for _ in range(size)]


def out_of_causal_order(made: list[Submitted], dice: random.Random) -> Iterator[Turn]:
    """In bursts, and each burst shuffled: even an author's own edits come before earlier ones."""
    for author, burst in in_bursts(made, dice):
        dice.shuffle(burst)
        yield author, burst


Order = Callable[[list[Submitted], random.Random], Iterator[Turn]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("traces")) as process:
        yield process


@pytest.mark.parametrize(
    ("order", "seed", "upto"),
    [
        (in_order, 0, SHORT),
        (in_bursts, 1, SHORT),
        (in_bursts, 2, LONGER),
        (out_of_causal_order, 3, LONGER),
        (out_of_causal_order, 4, SHORT),
    ],
)
async def test_two_authors_end_in_the_recorded_text_in_whatever_order_their_edits_arrive(
    server: ServerProcess, order: Order, seed: int, upto: int | None
) -> None:
    made = list(submissions()[:upto])
    doc = f"friends-{order.__name__}-{seed}"
    async with (
        connect(server, "msgpack", name="Author 0") as first,
        connect(server, "msgpack", name="Author 1") as second,
    ):
        authors = (first, second)
        for author in authors:
            await author.join(doc, "yjs")
        readers = [asyncio.create_task(read_acks(author)) for author in authors]
        for who, burst in order(made, random.Random(seed)):
            for each in burst:
                await authors[who].send("update", doc=doc, id=each.id, update=each.update)
        acked: dict[str, int] = {}
        for author, reader in zip(authors, readers, strict=True):
            await author.send("ping", nonce="sent")
            acked |= await reader
        users = [author.user["id"] for author in authors]
    events = await read_history(server, doc)
    assert [event["version"] for event in events] == list(range(1, len(made) + 1))
    assert acked.keys() == {each.id for each in made}
    assert {event["id"]: event["version"] for event in events} == acked
    assert {event["id"]: event["actor"]["id"] for event in events} == {
        each.id: users[each.author] for each in made
    }
    expected = YjsReplica()
    for each in made:
        expected.apply(each.update)
    if upto is None:
        assert expected.text == load("friendsforever")["endContent"]
    assert replayed(events) == expected.text


async def read_acks(peer: Peer) -> dict[str, int]:
    """All acks up to the last, which is known once everything was sent: as many as there are ids.

    Ends when the peer has heard `pong` and every parked update was released.
    """
    acks: dict[str, int] = {}
    wanted: int | None = None
    while wanted is None or len(acks) < wanted:
        message = await peer.receive()
        match message["type"]:
            case "ack":
                assert message["id"] not in acks
                acks[message["id"]] = message["version"]
            case "pong":
                wanted = peer.sent["update"]
            case kind:
                # A resync is asked for while the other author is behind; what is missing comes.
                assert kind in PRESENCE | {"updates", "resync"}, message
    return acks


async def test_one_author_in_text_mode_ends_in_the_recorded_text(server: ServerProcess) -> None:
    trace = load("seph-blog1-first-20000")
    doc = "seph-blog1"
    edits = [delta_of(txn["patches"]) for txn in trace["txns"][:ALONE]]
    final = reduce(apply, edits, "")
    if SOAK:
        assert final == trace["endContent"]
    async with (
        connect(server, "msgpack", name="Seph") as seph,
        connect(server, "msgpack", name="Reader") as reader,
    ):
        await seph.join(doc)
        await reader.join(doc)
        following = asyncio.create_task(follow(reader, len(edits)))
        acks = asyncio.create_task(read_acks_in_order(seph, len(edits)))
        for number, ops in enumerate(edits):
            await seph.send("text_edit", doc=doc, id=f"s.{number}", base=None, ops=to_wire(ops))
        assert await acks == edits
        assert await following == final
    events = await read_history(server, doc)
    assert [event["id"] for event in events] == [f"s.{number}" for number in range(len(edits))]
    assert {event["actor"]["name"] for event in events} == {"Seph"}
    assert replayed(events) == final


def delta_of(patches: list[tuple[int, int, str]]) -> Delta:
    """A transaction as one delta, in canonical form."""
    whole: Delta = ()
    for position, deleted, inserted in patches:
        spans: list[int | str] = [position] if position else []
        spans += [inserted] if inserted else []
        spans += [-deleted] if deleted else []
        whole = compose(whole, spans)
    return whole


async def read_acks_in_order(peer: Peer, count: int) -> list[Delta]:
    """The ops of the acks of versions 1 to `count`."""
    return [from_wire((await peer.expect("ack", version=n + 1))["ops"]) for n in range(count)]


async def follow(peer: Peer, upto: int) -> str:
    """The text that a reader builds from live events."""
    text, version = "", 0
    while version < upto:
        for event in (await peer.expect("events"))["events"]:
            assert event["version"] == version + 1
            version += 1
            text = apply(text, ops_of(event))
    return text
