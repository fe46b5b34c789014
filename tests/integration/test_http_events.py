"""Server-Sent Events: what is committed, in order, once; exact resumption; a clean end."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.http_app import EventStream, application

pytestmark = pytest.mark.anyio

EVENTS = "/api/documents/notes/events"


async def test_stream_starts_at_the_head_and_tells_what_comes(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="old")
        async with EventStream(quire.app, EVENTS) as stream:
            assert stream.status == 200
            await quire.edit("notes", None, {"insert": "new\n"})
            told = await stream.next()
            assert told is not None
            assert (told.id, told.event) == (2, "text_insert")
            history = await quire.ok("GET", "/api/documents/notes/history?after=1")
            assert told.data == history["events"][0]


@pytest.mark.parametrize("way", ["header", "query", "both"])
async def test_stream_resumes_exactly_after_a_version(tmp_path: Path, way: str) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        for _ in range(5):
            await quire.edit("notes", None, {"insert": "y"})
        headers = {} if way == "query" else {"Last-Event-ID": "2"}
        query = {"header": "", "query": "?since=2", "both": "?since=4"}[way]
        async with EventStream(quire.app, EVENTS + query, headers) as stream:
            await quire.edit("notes", None, {"insert": "z"})
            told = [await stream.next() for _ in range(5)]
            assert [each.id for each in told if each is not None] == [3, 4, 5, 6, 7]


async def test_stream_resumes_from_the_log_after_a_restart(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        await quire.edit("notes", None, {"insert": "y"})
    async with (
        application(tmp_path) as quire,
        EventStream(quire.app, f"{EVENTS}?since=0") as stream,
    ):
        told = [await stream.next() for _ in range(2)]
        assert [each.id for each in told if each is not None] == [1, 2]


async def test_stream_counts_utf16_units_when_asked(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="😀")
        path = f"{EVENTS}?since=1&position_encoding=utf-16"
        async with EventStream(quire.app, path) as stream:
            for pos in (1, 2):
                await quire.edit("notes", None, {"retain": pos}, {"insert": "x"})
                told = await stream.next()
                assert told is not None
                assert told.data["pos"] == pos + 1


async def test_stream_survives_that_its_room_is_unloaded(tmp_path: Path) -> None:
    async with application(tmp_path, unload_after_s=0.1) as quire:
        await quire.create(text="x")
        async with EventStream(quire.app, EVENTS) as stream:
            room = quire.state.rooms.find("notes")
            # Unloading is told to nobody but those who wait for the next version.
            while quire.state.rooms.find("notes") is room:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await quire.edit("notes", None, {"insert": "y"})
            told = await stream.next()
            assert told is not None
            assert told.id == 2


async def test_position_that_is_not_of_this_history_is_a_conflict(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        document = await quire.create(text="x")
        unknown = (409, "base_unknown")
        assert await quire.refused("GET", f"{EVENTS}?since=2") == unknown
        assert await quire.refused("GET", f"{EVENTS}?since=1&epoch=other") == unknown
        last = {"Last-Event-ID": "77"}
        assert await quire.refused("GET", EVENTS, headers=last) == unknown
        async with EventStream(quire.app, f"{EVENTS}?since=1&epoch={document['epoch']}") as stream:
            assert stream.status == 200
        for unusable in ("x", "-1", "1.5", "9" * 5000):
            refused = await quire.refused("GET", EVENTS, headers={"Last-Event-ID": unusable})
            assert refused == (422, "invalid_message")


async def test_stream_ends_when_the_server_stops(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        async with EventStream(quire.app, EVENTS) as stream:
            quire.state.rooms.draining = True
            assert await stream.next() is None
        assert await quire.refused("GET", EVENTS) == (503, "store_unavailable")
        assert await quire.refused("GET", "/readyz") == (503, "store_unavailable")


async def test_streams_are_bounded_and_counted(tmp_path: Path) -> None:
    async with application(tmp_path, max_event_streams=1) as quire:
        await quire.create()
        async with EventStream(quire.app, EVENTS):
            assert await quire.refused("GET", EVENTS) == (429, "rate_limited")
            assert "quire_event_streams 1" in (await quire.http.get("/metrics")).text
        async with EventStream(quire.app, EVENTS) as again:
            assert again.status == 200


async def test_streams_are_bounded_for_each_user_and_each_address(tmp_path: Path) -> None:
    bounds = {"max_event_streams_per_user": 1, "max_event_streams_per_address": 2}
    ana, ben = {"X-Quire-Name": "Ana"}, {"X-Quire-Name": "Ben"}
    async with application(tmp_path, **bounds) as quire:
        await quire.create()

        def stream(name: dict[str, str], address: str) -> EventStream:
            return EventStream(quire.app, EVENTS, name, address=address)

        async with stream(ana, "203.0.113.1") as first:
            assert first.status == 200
            assert await quire.refused("GET", EVENTS, headers=ana) == (429, "rate_limited")
            async with stream({}, "203.0.113.1") as second, stream(ben, "203.0.113.1") as third:
                assert (second.status, third.status) == (200, 429)
            async with stream(ben, "203.0.113.3") as elsewhere:
                assert elsewhere.status == 200
            # Those who give no name are nobody in particular, and count by address alone.
            async with (
                stream({}, "203.0.113.2") as fourth,
                stream({}, "203.0.113.2") as fifth,
                stream({}, "203.0.113.2") as sixth,
            ):
                assert [fourth.status, fifth.status, sixth.status] == [200, 200, 429]
        async with stream(ana, "203.0.113.1") as again, stream({}, "203.0.113.1") as more:
            assert (again.status, more.status) == (200, 200)
        assert quire.app.state.event_streams.count == 0


async def test_silent_stream_is_kept_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http.routes.events.KEEPALIVE_S", 1.0)
    async with application(tmp_path) as quire:
        await quire.create()
        async with EventStream(quire.app, EVENTS) as stream:
            while ": keepalive" not in stream.blocks:
                await stream.skip()
