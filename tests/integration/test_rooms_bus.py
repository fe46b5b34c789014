"""Two sets of rooms on one log and one bus: what each appends, the other shows."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from storage.log import SqlEventLog, open_event_log
from storage.migrate import upgrade
from sync.effect import CatchUp
from sync.fact import CommitFailed, Deleted, Join, Leave, MoveCursor
from sync.limit import Limits
from sync.port import AppendTransaction, DocumentRecord, EventLog, StoreError
from sync.room.room import Room
from sync.shells.bus.memory_bus import MemoryHub
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Parcel
from sync.user import User
from sync.wire.message import (
    Ack,
    Cursor,
    Joined,
    MemberInfo,
    MemberJoined,
    MemberLeft,
    Outgoing,
    UserInfo,
)
from sync.wire.news import encode_news
from sync.wire.relay import Begin, Came, pack, seal
from tests.patience import PATIENCE_S
from tests.unit.sync.room.driven_room import edit

pytestmark = pytest.mark.anyio

ANA = User("u-ana", "Ana", "#123456")


@asynccontextmanager
async def two_processes(
    folder: Path, *, head_check_interval_s: float = 0.0
) -> AsyncIterator[tuple[MemoryHub, Rooms, Rooms, EventLog]]:
    url = f"sqlite+aiosqlite:///{folder}/quire.db"
    await upgrade(url)
    log = open_event_log(url)
    hub = MemoryHub()
    checks = head_check_interval_s
    async with (
        Rooms(log, Limits(), bus=hub.bus(), head_check_interval_s=checks) as here,
        Rooms(log, Limits(), bus=hub.bus(), head_check_interval_s=checks) as there,
    ):
        yield hub, here, there, log
    await log.aclose()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def write(rooms: Rooms, number: int) -> None:
    room = await rooms.open("notes", ANA)
    submission = replace(
        edit("http", f"e{number}", None, str(number)), session=f"s{number}", role="editor"
    )
    await rooms.submit(room, submission)


async def test_edit_crosses_by_a_message(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (_, here, there, _):
        shown = await here.open("notes", ANA)
        await write(there, 1)
        await until(lambda: shown.text == "1")
        assert await here.wait_beyond("notes", 0) == 1
        await write(here, 2)
        assert shown.text == "21"


async def test_what_was_lost_with_the_bus_is_found_when_it_is_back(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (hub, here, there, _):
        shown = await here.open("notes", ANA)
        await write(there, 1)
        await until(lambda: shown.version == 1)
        hub.interrupt()
        await write(there, 2)
        await asyncio.sleep(0.05)
        assert shown.version == 1
        hub.restore()
        await until(lambda: shown.text == "21")


async def test_store_that_fails_when_the_bus_is_back_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_processes(tmp_path) as (hub, here, there, log):
        shown = await here.open("notes", ANA)
        await write(there, 1)
        await until(lambda: shown.version == 1)
        hub.interrupt()
        await write(there, 2)
        refused: list[Sequence[int]] = []
        answer = log.heads

        async def refuse_twice(keys: Sequence[int]) -> dict[int, DocumentRecord]:
            if len(refused) < 2:
                refused.append(keys)
                raise StoreError("the store is away")
            return await answer(keys)

        monkeypatch.setattr(log, "heads", refuse_twice)
        hub.restore()
        await until(lambda: shown.text == "21")
        assert len(refused) == 2


async def test_rooms_close_while_the_store_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Symptom: a server that got SIGTERM while its database was away never ended."""
    asked = 0

    async def refuse(name: str, *, before: int | None = None) -> None:
        nonlocal asked
        asked += 1
        raise StoreError(f"{name}: the store is away")

    async with asyncio.timeout(PATIENCE_S):
        async with two_processes(tmp_path) as (_, here, _, log):
            room = await here.open("notes", ANA)
            monkeypatch.setattr(log, "open", refuse)
            here.tell(room, CommitFailed())
            await until(lambda: asked > 0)


async def test_work_for_a_room_that_is_cancelled_before_its_first_step_leaves_nothing(
    tmp_path: Path,
) -> None:
    """Symptom: "coroutine 'Executor._look' was never awaited" when rooms closed at once."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with two_processes(tmp_path) as (_, _, closed_first, _):
            room = await closed_first.open("notes", ANA)
            closed_first.tell(room, CommitFailed())
        gc.collect()
    assert [str(each.message) for each in warned if each.category is RuntimeWarning] == []


async def test_defect_while_appending_costs_one_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_processes(tmp_path) as (_, here, _, log):
        shown = await here.open("notes", ANA)
        append = log.append
        failures = 0

        def fail_once() -> AbstractAsyncContextManager[AppendTransaction]:
            nonlocal failures
            failures += 1
            if failures == 1:
                raise ZeroDivisionError("a defect")
            return append()

        monkeypatch.setattr(log, "append", fail_once)
        async with asyncio.timeout(PATIENCE_S):
            await write(here, 1)
        assert (shown.text, failures) == ("1", 2)


async def test_what_was_lost_is_found_without_the_bus_too(tmp_path: Path) -> None:
    async with two_processes(tmp_path, head_check_interval_s=0.05) as (hub, here, there, log):
        hub.interrupt()
        shown = await here.open("notes", ANA)
        await write(there, 1)
        await until(lambda: shown.text == "1")
        await log.update_document("notes", deleted_at_ms=1, updated_at_ms=1)
        await until(lambda: shown.deleted)


async def test_deletion_crosses_by_a_message(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (_, here, there, log):
        shown = await here.open("notes", ANA)
        gone = await there.open("notes", ANA)
        await log.update_document("notes", deleted_at_ms=1, updated_at_ms=1)
        there.tell(gone, Deleted())
        there.changed("notes")
        await until(lambda: shown.deleted)


# --- who is there ---------------------------------------------------------------------------------

ANA_INFO = UserInfo(ANA.id, ANA.name, ANA.color)


class Shown:
    """A session's end of the rooms: all that it is sent."""

    def __init__(self, rooms: Rooms, session: str) -> None:
        self.messages: list[Outgoing] = []
        rooms.sinks[session] = self

    def deliver(self, parcel: Parcel) -> None:
        self.messages.append(parcel.message)

    def settled(self, size: int, ack: Ack | None = None, *, is_followed: bool = False) -> None:
        pass

    def catch_up(self, room: Room, order: CatchUp) -> None:
        pass

    def dismiss(self, doc: str) -> None:
        pass


async def test_who_is_there_crosses(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (_, here, there, _):
        await write(here, 1)
        shown = Shown(here, "a")
        room = await here.open("notes", ANA)
        here.tell(room, Join("a", ANA, "editor", "text"))
        other = await there.open("notes", ANA)
        there.tell(other, Join("b", ANA, "editor", "text"))
        await until(lambda: MemberJoined("notes", "b", ANA_INFO, "text") in shown.messages)
        there.tell(other, MoveCursor("b", 1, 1, 0))
        await until(lambda: Cursor("notes", "b", ANA_INFO, 1, 1, 0) in shown.messages)
        late = Shown(here, "c")
        here.tell(room, Join("c", ANA, "editor", "text"))
        (joined,) = [message for message in late.messages if isinstance(message, Joined)]
        assert {member.session for member in joined.members} == {"a", "b", "c"}
        there.tell(other, Leave("b"))
        await until(lambda: MemberLeft("notes", "b", ANA_INFO) in shown.messages)


async def test_room_that_closes_takes_its_sessions_along(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (_, here, there, _):
        shown = Shown(here, "a")
        room = await here.open("notes", ANA)
        here.tell(room, Join("a", ANA, "editor", "text"))
        other = await there.open("notes", ANA)
        there.tell(other, Join("b", ANA, "editor", "text"))
        await until(lambda: MemberJoined("notes", "b", ANA_INFO, "text") in shown.messages)
        there.discard(other)
        await until(lambda: MemberLeft("notes", "b", ANA_INFO) in shown.messages)


async def test_bus_that_is_back_shows_who_is_there(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (hub, here, there, _):
        shown = Shown(here, "a")
        room = await here.open("notes", ANA)
        here.tell(room, Join("a", ANA, "editor", "text"))
        hub.interrupt()
        other = await there.open("notes", ANA)
        there.tell(other, Join("b", ANA, "editor", "text"))
        await asyncio.sleep(0.05)
        assert not any(isinstance(message, MemberJoined) for message in shown.messages)
        hub.restore()
        await until(lambda: MemberJoined("notes", "b", ANA_INFO, "text") in shown.messages)


async def test_nobody_is_shown_whom_no_process_has_sealed(tmp_path: Path) -> None:
    async with two_processes(tmp_path) as (hub, here, there, log):
        shown = Shown(here, "a")
        room = await here.open("notes", ANA)
        here.tell(room, Join("a", ANA, "editor", "text"))
        forged = (Begin(("none", "x.1")), Came((MemberInfo("f", ANA_INFO, "text"),)))
        attacker = hub.bus()
        async with attacker.listening(_Deaf()):
            for number in range(1, 50):
                (packed,) = pack(forged)
                sealed = seal(bytes(32), "notes", "forged", number, packed)
                attacker.publish("notes", encode_news(sealed))
                attacker.publish("notes", encode_news(sealed)[:-number])
            # Even with the key: who was not asked is not heard.
            (packed,) = pack(forged)
            stranger = seal(await log.relay_key(), "notes", "stranger", 1, packed)
            attacker.publish("notes", encode_news(stranger))
            other = await there.open("notes", ANA)
            there.tell(other, Join("b", ANA, "editor", "text"))
            await until(lambda: MemberJoined("notes", "b", ANA_INFO, "text") in shown.messages)
        assert [m.session for m in shown.messages if isinstance(m, MemberJoined)] == ["b"]


async def test_store_that_fails_at_first_only_delays_who_is_shown(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    await upgrade(url)
    log = open_event_log(url)
    hub = MemoryHub()
    flaky = _FailsTwice(log)
    async with (
        Rooms(flaky, Limits(), bus=hub.bus()) as here,
        Rooms(log, Limits(), bus=hub.bus()) as there,
    ):
        shown = Shown(here, "a")
        room = await here.open("notes", ANA)
        here.tell(room, Join("a", ANA, "editor", "text"))
        other = await there.open("notes", ANA)
        there.tell(other, Join("b", ANA, "editor", "text"))
        await until(lambda: MemberJoined("notes", "b", ANA_INFO, "text") in shown.messages)
    assert flaky.failures == 0
    await log.aclose()


class _FailsTwice(SqlEventLog):
    """A log whose store is away when the key is asked for."""

    def __init__(self, log: SqlEventLog) -> None:
        self.__dict__.update(log.__dict__)
        self.failures = 2

    async def relay_key(self) -> bytes:
        if self.failures:
            self.failures -= 1
            raise StoreError("the store is away")
        return await super().relay_key()


class _Deaf:
    def received(self, document: str, payload: bytes) -> None:
        pass

    def subscribed(self, document: str) -> None:
        pass
