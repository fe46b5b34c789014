"""What operators see of the processes of a server, and closing a connection."""

import asyncio
from pathlib import Path

import pytest

from app.metrics.figure import Snapshot
from app.metrics.worker_figures import WorkerFigures
from tests.integration.accounts_app import ORIGIN, Browser, house
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.http_app import EventStream
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio
OVERVIEW = "/api/admin/overview"
AUDIT = "/api/audit?kind=connection.closed"


def cookies(browser: Browser) -> dict[str, str]:
    pairs = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    return {"Cookie": pairs, "Origin": ORIGIN}


async def test_operators_alone_see_who_is_connected_and_close_a_connection(tmp_path: Path) -> None:
    async with house(tmp_path) as accounts:
        ada = await accounts.join("ada", is_operator=True)
        bob = await accounts.join("bob")
        assert await bob.refused("GET", OVERVIEW) == (403, "forbidden")
        async with AsgiSocket(bob.app, "/ws", cookies(bob)) as socket:
            await socket.say("auth")
            hello = await socket.hear("auth_ok")
            await socket.say("join", doc="plans")
            await socket.hear("joined")
            seen = await ada.ok("GET", OVERVIEW)
            (process,) = seen["processes"]
            assert process["connections"] == {"quire": 1, "y-websocket": 0, "hocuspocus": 0}
            assert process["memory_bytes"] > 1 << 20
            assert seen["busiest"] == [{"name": "plans", "version": 0, "members": 1, "chars": 0}]
            (shown,) = seen["slowest"]
            assert (shown["user"], shown["documents"]) == ("Bob", ["plans"])
            assert shown["id"] == hello["session"]
            path = f"/api/admin/connections/{shown['id']}"
            assert await bob.refused("DELETE", path) == (403, "forbidden")
            assert (await ada.http.delete(path)).status_code == 204
            assert await socket.closed_with() == 4403
        assert await ada.refused("DELETE", path) == (404, "unknown_session")
        async with asyncio.timeout(PATIENCE_S):
            while not (listed := (await ada.ok("GET", AUDIT))["entries"]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert [entry["user"]["name"] for entry in listed] == ["Ada"]


async def test_stream_goes_on_until_whoever_looks_is_no_operator_any_more(tmp_path: Path) -> None:
    async with house(tmp_path) as accounts:
        ada = await accounts.join("ada", is_operator=True)
        eve = await accounts.join("eve", is_operator=True)
        eve_id = (await eve.who())["user"]["id"]
        headers = {**cookies(eve), "Accept": "text/event-stream", "Host": "quire.test"}
        async with EventStream(eve.app, OVERVIEW, headers) as stream:
            assert stream.status == 200
            for _ in range(3):  # how soon to come back, and two overviews
                await stream.skip()
            assert stream.blocks[1].startswith('data: {"processes":[{')
            assert stream.blocks[2].startswith('data: {"processes":[{')
            await ada.ok("PATCH", f"/api/users/{eve_id}", json={"operator": False})
            assert await stream.next() is None
        assert ada.app.state.event_streams.count == 0


async def test_any_worker_asks_the_others(tmp_path: Path) -> None:
    def worker(name: str) -> WorkerFigures:
        async def read() -> Snapshot:
            return Snapshot(1, [], [])

        def respond(question: str) -> bytes:
            return f"{name}: {question}".encode() if question != "nothing" else b""

        return WorkerFigures(tmp_path, read, lambda: Snapshot(1, [], []), respond)

    async with worker("one") as one, worker("two") as two:
        assert await one.ask("who") == [b"one: who", b"two: who"]
        assert await two.ask("who") == [b"two: who", b"one: who"]
        assert await one.ask("nothing") == []
    assert await one.ask("who") == [b"one: who"]
