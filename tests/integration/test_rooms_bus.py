"""Two sets of rooms on one log and one bus: what each appends, the other shows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from storage.log import open_event_log
from storage.migrate import upgrade
from sync.fact import Deleted
from sync.limit import Limits, User
from sync.port import EventLog
from sync.shells.memory_bus import MemoryHub
from sync.shells.rooms import Rooms
from tests.patience import PATIENCE_S
from tests.unit.driven_room import edit

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
    submission = replace(edit("http", f"e{number}", None, str(number)), session=f"s{number}")
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
