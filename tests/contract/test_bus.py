"""Every bus: in memory, and over a real Redis."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from sync.port import MAX_BUS_PAYLOAD_BYTES, Bus
from sync.shells.bus.memory_bus import MemoryHub
from sync.shells.bus.redis_bus import Pace, RedisBus
from tests.patience import PATIENCE_S, SOON_S
from tests.redis_server import RedisServer, running_redis, running_sentinel

pytestmark = pytest.mark.anyio

_BRISK = Pace(silence_s=PATIENCE_S, least_backoff_s=0.05, most_backoff_s=0.2, close_s=PATIENCE_S)
"""Tries again soon, but gives no connection up; sends all that it has at the end."""


class Ear:
    """Notes what it hears; a message that begins with `!` makes it raise."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.subscriptions: list[str] = []

    def received(self, document: str, payload: bytes) -> None:
        self.messages.append((document, payload))
        if payload.startswith(b"!"):
            raise RuntimeError("this listener does not like it")

    def subscribed(self, document: str) -> None:
        self.subscriptions.append(document)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 (conditions of any kind)
            await asyncio.sleep(0.005)


async def hear(bus: Bus, ear: Ear, *documents: str) -> None:
    """Subscribe and wait until that is confirmed."""
    before = len(ear.subscriptions)
    for document in documents:
        bus.subscribe(document)
    await until(lambda: set(documents) <= set(ear.subscriptions[before:]))


@asynccontextmanager
async def listening(bus: Bus) -> AsyncIterator[Ear]:
    ear = Ear()
    async with bus.listening(ear):
        await until(lambda: bus.is_up)
        yield ear


# --- the two kinds ------------------------------------------------------------------------------


class Place(Protocol):
    """Where buses meet."""

    def bus(self) -> Bus: ...

    async def interrupt(self) -> None: ...

    async def restore(self) -> None: ...


class MemoryPlace:
    def __init__(self) -> None:
        self._hub = MemoryHub()

    def bus(self) -> Bus:
        return self._hub.bus()

    async def interrupt(self) -> None:
        self._hub.interrupt()

    async def restore(self) -> None:
        self._hub.restore()


class RedisPlace:
    """Channels of this test alone, on the Redis of all."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.prefix = f"{uuid.uuid4().hex}:"

    def bus(self, pace: Pace = _BRISK, url: str = "") -> Bus:
        return RedisBus(url or self.server.url, prefix=self.prefix, pace=pace)

    def publish_as_stranger(self, document: str, payload: bytes) -> None:
        self.server.ask("PUBLISH", self.prefix + document, payload)

    async def interrupt(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def restore(self) -> None:
        await asyncio.to_thread(self.server.start)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_place(server: RedisServer) -> RedisPlace:
    return RedisPlace(server)


@pytest.fixture
def own_redis_place(redis_place: RedisPlace) -> RedisPlace:
    """One whose Redis may be killed or paused; it has to run again at the end."""
    if not redis_place.server.is_ours:
        pytest.skip("the Redis of QUIRE_TEST_REDIS_URL is not ours to stop")
    return redis_place


@pytest.fixture(params=["memory", "redis"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "memory":
        return MemoryPlace()
    found: RedisPlace = request.getfixturevalue("redis_place")
    return found


@pytest.fixture(params=["memory", "redis"])
def mortal_place(request: pytest.FixtureRequest) -> Place:
    if request.param == "memory":
        return MemoryPlace()
    found: RedisPlace = request.getfixturevalue("own_redis_place")
    return found


# --- both ---------------------------------------------------------------------------------------


async def test_bus_delivers_in_order_to_all_subscribers_and_to_the_sender(place: Place) -> None:
    here, there = place.bus(), place.bus()
    async with listening(here) as ear, listening(there) as far_ear:
        await hear(here, ear, "notes")
        await hear(there, far_ear, "notes")
        sent = [("notes", str(number).encode()) for number in range(1_000)]
        for document, payload in sent:
            here.publish(document, payload)
        assert not ear.messages, "nothing is delivered within the call"
        await until(lambda: len(ear.messages) == len(far_ear.messages) == len(sent))
        assert ear.messages == far_ear.messages == sent
        await until(lambda: here.counters.published == len(sent))
    assert (here.counters.received, there.counters.published) == (len(sent), 0)
    assert (here.counters.dropped, here.counters.reconnects) == (0, 0)


async def test_bus_delivers_only_what_is_subscribed_at_that_moment(place: Place) -> None:
    bus = place.bus()
    async with listening(bus) as ear:
        await hear(bus, ear, "mine", "fence")
        bus.publish("other", b"1")
        bus.publish("mine", b"2")
        await until(lambda: ("mine", b"2") in ear.messages)
        bus.unsubscribe("mine")
        bus.unsubscribe("mine")
        bus.unsubscribe("never")
        bus.publish("mine", b"3")
        bus.publish("fence", b"")
        await until(lambda: ("fence", b"") in ear.messages)
        assert ear.messages == [("mine", b"2"), ("fence", b"")]


async def test_bus_carries_every_byte_up_to_the_bound_and_counts_what_is_larger(
    place: Place,
) -> None:
    bus = place.bus()
    payloads = [b"", bytes(range(256)), b"\r\n$-1\r\n*3\r\n", bytes(MAX_BUS_PAYLOAD_BYTES)]
    async with listening(bus) as ear:
        await hear(bus, ear, "notes")
        bus.publish("notes", bytes(MAX_BUS_PAYLOAD_BYTES + 1))
        for payload in payloads:
            bus.publish("notes", payload)
        await until(lambda: len(ear.messages) == len(payloads))
        assert [payload for _, payload in ear.messages] == payloads
        assert (bus.counters.oversized, bus.counters.dropped) == (1, 0)


async def test_subscribing_again_is_confirmed_again_and_twice_is_once(place: Place) -> None:
    bus = place.bus()
    bus.subscribe("early")
    async with listening(bus) as ear:
        await until(lambda: ear.subscriptions == ["early"])
        bus.subscribe("early")
        bus.subscribe("notes")
        bus.subscribe("notes")
        await until(lambda: ear.subscriptions == ["early", "notes"])
        bus.unsubscribe("notes")
        bus.subscribe("notes")
        await hear(bus, ear, "fence")
        assert sorted(ear.subscriptions) == ["early", "fence", "notes", "notes"]
        bus.publish("notes", b"1")
        await until(lambda: ear.messages == [("notes", b"1")])


@pytest.mark.parametrize("pauses", [(0, 0, 0), (1, 0, 2), (3, 1, 0), (2, 5, 1)])
async def test_the_last_of_quick_changes_decides(place: Place, pauses: Sequence[int]) -> None:
    bus = place.bus()
    async with listening(bus) as ear:
        await hear(bus, ear, "off")
        for pause in pauses:
            bus.unsubscribe("off")
            bus.subscribe("on")
            for _ in range(pause):
                await asyncio.sleep(0)
            bus.subscribe("off")
            bus.unsubscribe("on")
        bus.subscribe("on")
        confirmed = len(ear.subscriptions)
        bus.unsubscribe("off")
        await until(lambda: "on" in ear.subscriptions[confirmed:])
        await hear(bus, ear, "fence")
        for document in ("off", "on", "fence"):
            bus.publish(document, b"")
        await until(lambda: ("fence", b"") in ear.messages)
        assert ear.messages == [("on", b""), ("fence", b"")]
        assert "off" not in ear.subscriptions[confirmed:]


async def test_bus_holds_many_subscriptions(place: Place) -> None:
    bus = place.bus()
    documents = [f"document-{number}" for number in range(1_200)]
    for document in documents[:600]:
        bus.subscribe(document)
    async with listening(bus) as ear:
        for document in documents[600:]:
            bus.subscribe(document)
        await until(lambda: len(ear.subscriptions) == len(documents))
        assert set(ear.subscriptions) == set(documents)
        for document in documents[::2]:
            bus.unsubscribe(document)
        for document in documents[-20:]:
            bus.publish(document, b"")
        await until(lambda: len(ear.messages) == 10)
        assert ear.messages == [(document, b"") for document in documents[-19::2]]


async def test_bus_outlives_a_listener_that_raises(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    bus = place.bus()
    async with listening(bus) as ear:
        await hear(bus, ear, "notes")
        bus.publish("notes", b"!")
        bus.publish("notes", b"after")
        await until(lambda: len(ear.messages) == 2)
        assert bus.is_up
    assert "does not like it" in caplog.text


async def test_bus_that_is_down_drops_and_counts_and_comes_back(mortal_place: Place) -> None:
    here, there = mortal_place.bus(), mortal_place.bus()
    async with listening(here) as ear, listening(there) as far_ear:
        await hear(here, ear, "kept", "left")
        await hear(there, far_ear, "kept")
        await mortal_place.interrupt()
        await until(lambda: not here.is_up and not there.is_up)
        confirmed = len(ear.subscriptions)
        here.publish("kept", b"lost")
        here.unsubscribe("left")
        here.subscribe("new")
        await until(lambda: here.counters.dropped == 1)
        await mortal_place.restore()
        await until(lambda: {"kept", "new"} <= set(ear.subscriptions[confirmed:]))
        await until(lambda: far_ear.subscriptions == ["kept", "kept"])
        await until(lambda: here.is_up and there.is_up)
        for document in ("left", "new", "kept"):
            there.publish(document, b"found")
        await until(lambda: ("kept", b"found") in ear.messages and bool(far_ear.messages))
        assert ear.messages == [("new", b"found"), ("kept", b"found")]
        assert far_ear.messages == [("kept", b"found")]
        assert "left" not in ear.subscriptions[confirmed:]
        assert here.counters.reconnects > 0


async def test_bus_starts_without_the_other_side_and_finds_it_later(mortal_place: Place) -> None:
    bus, ear = mortal_place.bus(), Ear()
    await mortal_place.interrupt()
    bus.subscribe("notes")
    bus.publish("notes", b"not listening yet")
    async with bus.listening(ear):
        assert not bus.is_up
        bus.publish("notes", b"nobody there")
        await mortal_place.restore()
        await until(lambda: bus.is_up and ear.subscriptions == ["notes"])
        bus.publish("notes", b"there")
        await until(lambda: ear.messages == [("notes", b"there")])
    assert bus.counters.dropped == 2
    assert not bus.is_up
    bus.publish("notes", b"closed")
    assert bus.counters.dropped == 3


async def test_end_of_a_bus_sends_what_waits(place: Place) -> None:
    here, there = place.bus(), place.bus()
    async with listening(there) as far_ear:
        await hear(there, far_ear, "notes")
        async with listening(here):
            for number in range(700):
                here.publish("notes", str(number).encode())
        await until(lambda: len(far_ear.messages) == 700)


async def test_bus_does_not_change_what_is_raised_inside_it(place: Place) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with listening(place.bus()):
            raise KeyError("mine")


# --- Redis --------------------------------------------------------------------------------------


async def test_redis_bus_subscribes_again_after_its_connection_was_killed(
    redis_place: RedisPlace,
) -> None:
    bus = redis_place.bus()
    async with listening(bus) as ear:
        await hear(bus, ear, "one", "two")
        redis_place.server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: sorted(ear.subscriptions) == ["one", "one", "two", "two"])
        redis_place.server.ask("CLIENT", "KILL", "TYPE", "normal")
        await until(lambda: bus.counters.reconnects == 2 and bus.is_up)
        bus.publish("two", b"still")
        await until(lambda: ear.messages == [("two", b"still")])


async def test_redis_bus_is_not_harmed_by_what_strangers_publish(redis_place: RedisPlace) -> None:
    bus = redis_place.bus()
    async with listening(bus) as ear:
        await hear(bus, ear, "notes")
        garbage = [bytes(range(256)), b"", b"*1\r\n$9\r\nsubscribe\r\n", b"\xff" * 10_000]
        for payload in garbage:
            redis_place.publish_as_stranger("notes", payload)
        redis_place.publish_as_stranger("notes", bytes(MAX_BUS_PAYLOAD_BYTES + 1))
        redis_place.publish_as_stranger("notes", bytes(MAX_BUS_PAYLOAD_BYTES))
        await until(lambda: len(ear.messages) == len(garbage) + 1)
        assert [payload for _, payload in ear.messages[:-1]] == garbage
        assert bus.counters.oversized == 1
        assert bus.counters.reconnects == 0
        assert bus.is_up


async def test_redis_bus_finds_a_connection_that_is_open_but_dead(
    own_redis_place: RedisPlace, caplog: pytest.LogCaptureFixture
) -> None:
    bus = own_redis_place.bus(Pace(silence_s=0.5, connect_timeout_s=2.0, most_backoff_s=0.2))
    async with listening(bus) as ear:
        await hear(bus, ear, "notes")
        own_redis_place.server.pause()
        try:
            # Each finds out for itself; one that had not would live on when Redis does.
            await until(lambda: "no publishing connection" in caplog.text)
            await until(lambda: "no subscribing connection" in caplog.text)
            assert not bus.is_up
        finally:
            own_redis_place.server.resume()
        await until(lambda: bus.is_up and len(ear.subscriptions) > 1)


async def test_end_of_a_redis_bus_is_bounded_while_redis_hangs(own_redis_place: RedisPlace) -> None:
    bus = own_redis_place.bus(Pace(close_s=0.2))
    try:
        async with listening(bus):
            own_redis_place.server.pause()
            for _ in range(2_000):
                # More than the sockets between them hold, and more than may wait.
                bus.publish("notes", bytes(16 << 10))
                await asyncio.sleep(0)
            assert bus.counters.dropped > 0
            began = time.monotonic()
        assert time.monotonic() - began < SOON_S
        assert bus.counters.published + bus.counters.dropped == 2_000
    finally:
        own_redis_place.server.resume()


async def test_redis_bus_takes_the_first_node_of_a_cluster_that_answers(
    own_redis_place: RedisPlace,
) -> None:
    port = own_redis_place.server.port
    url = f"redis+cluster://127.0.0.1:1,127.0.0.1:{port},127.0.0.1:2"
    await _works(own_redis_place.bus(url=url))


async def test_redis_bus_finds_the_master_through_sentinel(
    own_redis_place: RedisPlace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sentinel")
    with running_sentinel(folder, "main", own_redis_place.server) as sentinel:
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/main"
        await _works(own_redis_place.bus(url=url))


async def _works(bus: Bus) -> None:
    async with listening(bus) as ear:
        await hear(bus, ear, "notes")
        bus.publish("notes", b"through")
        await until(lambda: ear.messages == [("notes", b"through")])


async def test_redis_bus_says_once_that_redis_is_away_and_why(
    own_redis_place: RedisPlace, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"redis://u:hunter2@127.0.0.1:{own_redis_place.server.port}"
    bus: Bus = own_redis_place.bus(url=url)
    async with bus.listening(Ear()):
        await until(lambda: len(caplog.records) >= 2)
        assert not bus.is_up
    assert "invalid username-password pair" in caplog.text
    assert "hunter2" not in caplog.text
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 2
