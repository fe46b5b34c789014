"""Writes by request: their reply comes after the commit, and what they may ask for is bounded."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from msgspec.structs import replace

from storage.log import SqlEventLog, open_event_log
from storage.migrate import upgrade
from sync.error import ErrorCode, QuireError
from sync.limit import Limits
from sync.port import AppendTransaction
from sync.shells.rooms.rooms import Rooms
from sync.submission import Submission
from sync.user import User
from tests.integration.http_app import application
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.unit.sync.room.driven_room import edit

pytestmark = pytest.mark.anyio

ANA = User("u-ana", "Ana", "#123456")
BEN = User("u-ben", "Ben", "#123457")
FLUSH_INTERVAL_S = 3.0


class _HeldLog(SqlEventLog):
    """A log whose next commit waits until it is let go."""

    def __init__(self, log: SqlEventLog) -> None:
        self.__dict__.update(log.__dict__)
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()

    @asynccontextmanager
    async def append(self) -> AsyncIterator[AppendTransaction]:
        async with super().append() as transaction:
            yield transaction
            self.reached.set()
            await self.let_go.wait()


@asynccontextmanager
async def held_rooms(folder: Path, **limits: int) -> AsyncIterator[tuple[_HeldLog, Rooms]]:
    url = f"sqlite+aiosqlite:///{folder}/quire.db"
    await upgrade(url)
    log = _HeldLog(open_event_log(url))
    async with asyncio.timeout(PATIENCE_S), Rooms(log, Limits(**limits)) as rooms:
        yield log, rooms
    await log.aclose()


def request(number: int, user: User = ANA, size: int = 10) -> Submission:
    submission = edit(f"r{number}", f"e{number}", None, f"{number};", user=user)
    return replace(submission, role="editor", size=size)


async def refusal_of(asked: "asyncio.Task[object]") -> QuireError:
    with pytest.raises(QuireError) as refused:
        await asked
    return refused.value


@pytest.mark.p1
async def test_request_that_is_cancelled_in_mid_commit_is_durable_and_counted_out(
    tmp_path: Path,
) -> None:
    """Planted bugs: a reply that nobody waits for is not counted out, or never forgotten."""
    async with held_rooms(tmp_path, max_unacknowledged=1) as (log, rooms):
        room = await rooms.open("notes", ANA)
        asked = asyncio.create_task(rooms.submit(room, request(1)))
        await log.reached.wait()
        asked.cancel()
        await asyncio.wait([asked])
        assert asked.cancelled()
        # It is still under way, so that cancelling requests does not get around the bound.
        with pytest.raises(QuireError) as refused:
            await rooms.submit(room, request(2))
        assert refused.value.code is ErrorCode.RATE_LIMITED
        log.let_go.set()
        await rooms.settle()
        assert (await rooms.submit(room, request(3))).version == 2
        assert (await rooms.submit(room, request(1))).version == 1
        assert [each.id for each in await log.read(room.key, 0, 9, 9)] == ["e1", "e3"]


async def test_session_id_of_a_request_under_way_is_refused_to_another(tmp_path: Path) -> None:
    """The reply to the first would go to the second, and the first would wait for ever."""
    async with held_rooms(tmp_path) as (log, rooms):
        room = await rooms.open("notes", ANA)
        asked = asyncio.create_task(rooms.submit(room, request(1)))
        await log.reached.wait()
        with pytest.raises(ValueError, match="session id 'r1' is under way"):
            await rooms.submit(room, replace(request(2), session="r1"))
        log.let_go.set()
        assert (await asked).version == 1
        assert (await rooms.submit(room, replace(request(2), session="r1"))).version == 2


@pytest.mark.p7
async def test_bytes_under_way_are_bounded_for_each_user(tmp_path: Path) -> None:
    async with held_rooms(tmp_path, max_unacknowledged_bytes=100) as (log, rooms):
        room = await rooms.open("notes", ANA)
        first = asyncio.create_task(rooms.submit(room, request(1, size=100)))
        await log.reached.wait()
        with pytest.raises(QuireError) as refused:
            await rooms.submit(room, request(2))
        assert (refused.value.code, refused.value.retryable) == (ErrorCode.RATE_LIMITED, True)
        other = asyncio.create_task(rooms.submit(room, request(3, BEN)))
        log.let_go.set()
        assert [(await each).version for each in (first, other)] == [1, 2]
        assert (await rooms.submit(room, request(4))).version == 3


@pytest.mark.p8
async def test_request_whose_room_is_discarded_is_told_to_come_again(tmp_path: Path) -> None:
    async with held_rooms(tmp_path, max_unacknowledged=2) as (log, rooms):
        room = await rooms.open("notes", ANA)
        taken = asyncio.create_task(rooms.submit(room, request(1)))
        await log.reached.wait()
        waiting = asyncio.create_task(rooms.submit(room, request(2)))
        await asyncio.sleep(0)
        rooms.discard(room)
        for asked in (taken, waiting):
            why = await refusal_of(asked)
            assert (why.code, why.retryable) == (ErrorCode.STORE_UNAVAILABLE, True)
        log.let_go.set()
        await rooms.settle()
        again = await rooms.open("notes", ANA)
        assert again is not room
        # Whether they were committed all the same is the retry's to find out, by their ids.
        acks = [
            await rooms.submit(again, replace(request(number), session=f"again{number}"))
            for number in (1, 2)
        ]
        assert [ack.version for ack in acks] == [1, 2]
        assert [each.id for each in await log.read(room.key, 0, 9, 9)] == ["e1", "e2"]


async def test_rooms_that_close_answer_the_requests_that_wait(tmp_path: Path) -> None:
    async with held_rooms(tmp_path) as (log, rooms):
        room = await rooms.open("notes", ANA)
        asked = asyncio.create_task(rooms.submit(room, request(1)))
        await log.reached.wait()
    assert (await refusal_of(asked)).code is ErrorCode.STORE_UNAVAILABLE


@pytest.mark.p7
async def test_edits_past_a_users_rate_get_429_and_the_time_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.shells.rooms.request._steady_ms", lambda: 1_000)
    async with application(tmp_path, request_edits_per_s=1) as quire:
        await quire.create()
        ops = {"base": None, "ops": [{"insert": "x"}]}
        for _ in range(10):
            await quire.ok("POST", "/api/documents/notes/edits", json=ops)
        response = await quire.http.post("/api/documents/notes/edits", json=ops)
        assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(response.headers["retry-after"]) <= 10
        limited = (429, "rate_limited")
        headers = {"If-Match": "*", "Content-Type": "text/markdown"}
        path = "/api/documents/notes"
        assert await quire.refused("PUT", f"{path}/text", content="y", headers=headers) == limited
        assert await quire.refused("POST", f"{path}/restore", json={"version": 1}) == limited
        new = {"name": "other", "text": "x"}
        assert await quire.refused("POST", "/api/documents", json=new) == limited
        # Nothing half done is left of it, and reading goes on.
        assert await quire.refused("GET", "/api/documents/other") == (404, "unknown_document")
        assert await quire.text("notes") == "x" * 10
        ben = {"X-Quire-Name": "Ben"}
        await quire.ok("POST", "/api/documents/notes/edits", json=ops, headers=ben)


@pytest.mark.p1
async def test_drain_answers_the_requests_that_wait(tmp_path: Path) -> None:
    """The second edit waits for the commit interval when the server is told to stop."""
    environment = {"QUIRE_DRAIN_S": "0.5", "QUIRE_FLUSH_INTERVAL_MS": str(FLUSH_INTERVAL_S * 1000)}
    with ServerProcess(tmp_path, environment=environment) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
            created = await http.post("/api/documents", json={"name": "notes", "text": "0"})
            assert created.status_code == 201

            async def write(number: int) -> httpx.Response:
                body = {"id": f"e{number}", "base": None, "ops": [{"insert": f"{number}"}]}
                return await http.post("/api/documents/notes/edits", json=body)

            begun_s = time.monotonic()
            asked = [asyncio.create_task(write(number)) for number in range(5)]
            # A later connection's answer: by then the server has read the edits, too.
            await asyncio.sleep(0.5)
            assert (await http.get("/healthz")).status_code == 200
            is_done = any(task.done() for task in asked)
            # On a machine that stood still meanwhile, the interval is over.
            assert not is_done or time.monotonic() - begun_s > FLUSH_INTERVAL_S
            stop = partial(server.terminate, within_s=PATIENCE_S)
            assert await anyio.to_thread.run_sync(stop) == 0
            answers = [await task for task in asked]
        assert [answer.status_code for answer in answers] == [200] * 5
        server.start()
        log = {event["id"]: event["version"] for event in await read_history(server, "notes")}
        for answer in answers:
            assert log[answer.json()["id"]] == answer.json()["version"]
