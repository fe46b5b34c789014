"""The page of the server in the browser, with many connections behind it."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import httpx
import msgspec
import pytest
from playwright.sync_api import expect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from sync.wire.message import JSON_SUBPROTOCOL
from tests.e2e.account_journey import PASSWORD, find_owner_link, join
from tests.e2e.axe import axe_violations
from tests.e2e.conftest import OpenWindow
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOAK

CROWD: Final = 2_000 if SOAK else 60
_AT_ONCE: Final = 20
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_MARKUP: Final = "<img src=x onerror=alert(1)>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    arguments = ("--auth", "accounts", "--max-sockets-per-user", "5000")
    with ServerProcess(tmp_path, arguments=arguments) as running:
        yield running


class Crowd:
    """Many connections of one user, all in one document."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._sockets: list[ClientConnection] = []
        self.here: Future[None] = Future()
        """Done once all are connected."""
        self.closed: Future[int] = Future()
        """The code with which the first of them was closed."""

    async def gather(self) -> None:
        async with httpx.AsyncClient(
            headers={"Origin": self._server.url}, timeout=PATIENCE_S
        ) as http:
            body = {"login": "ana", "password": PASSWORD}
            (await http.post(f"{self._server.url}/api/session", json=body)).raise_for_status()
            cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
        for _ in range(0, CROWD, _AT_ONCE):
            self._sockets += await asyncio.gather(*(self._come(cookie) for _ in range(_AT_ONCE)))

    async def _come(self, cookie: str) -> ClientConnection:
        socket = await connect(
            self._server.ws_url,
            origin=Origin(self._server.url),
            subprotocols=[Subprotocol(JSON_SUBPROTOCOL)],
            additional_headers={"Cookie": cookie},
            open_timeout=PATIENCE_S,
            # Two thousand are told of each who comes: whoever reads for all of them is late with
            # its own pings, and would close what is in order. The server pings.
            ping_interval=None,
            max_queue=None,
        )
        await socket.send(msgspec.json.encode({"type": "auth"}).decode())
        await socket.send(msgspec.json.encode({"type": "join", "doc": "plans"}).decode())
        return socket

    async def live(self) -> None:
        """Come, read on so that nobody is a slow reader, and leave when told to."""
        self._loop, self._left = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.gather()
        except Exception as error:  # noqa: BLE001 - who waits is told
            self.here.set_exception(error)
            return
        reading = [asyncio.create_task(self._read(socket)) for socket in self._sockets]
        self.here.set_result(None)
        await self._left.wait()
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await asyncio.gather(*(socket.close() for socket in self._sockets))

    def leave(self) -> None:
        """Have all of them leave."""
        self._loop.call_soon_threadsafe(self._left.set)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            if closed.rcvd is not None and not self.closed.done():
                self.closed.set_result(closed.rcvd.code)


@contextmanager
def gathered(server: ServerProcess) -> Iterator[Crowd]:
    """Keep the crowd connected, from a thread of its own."""
    crowd = Crowd(server)
    thread = threading.Thread(target=lambda: asyncio.run(crowd.live()))
    thread.start()
    try:
        crowd.here.result(PATIENCE_S)
        yield crowd
    finally:
        crowd.leave()
        thread.join()


def test_operator_sees_the_crowd_and_closes_one_connection(
    server: ServerProcess, open_window: OpenWindow, tmp_path: Path
) -> None:
    ana = open_window("/", _MARKUP)
    join(ana, find_owner_link(server), "ana")
    page = ana.page
    with gathered(server) as crowd:
        ana.visit("/admin")
        connections = page.locator(".admin-figure", has_text="Connections").locator("dd")
        expect(connections).to_have_text(f"{CROWD:,}")
        plans = page.locator(".entry", has=page.get_by_role("link", name="plans")).first
        expect(plans).to_contain_text(f"{CROWD:,} connected")
        close = page.get_by_role("button", name="Close the connection of")
        expect(close.first).to_be_visible()
        assert page.locator("main img").count() == 0, "a name is text"
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert axe_violations(page, colours_only=True) == [], theme
            page.screenshot(path=tmp_path / f"admin-{theme}.png", full_page=True)
        close.first.click()
        assert crowd.closed.result(PATIENCE_S) == 4403
        expect(connections).to_have_text(f"{CROWD - 1:,}")
    expect(connections).to_have_text("0")
    ana.visit("/")


def test_operator_makes_a_document_read_only_while_it_is_open(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/", "Ana")
    join(ana, find_owner_link(server), "ana")
    ana.visit("/d/plans")
    ana.create_if_absent()
    ana.wait_until_saved()
    operator = ana.page.context.new_page()
    operator.goto(f"{server.url}/admin")
    operator.get_by_role("button", name="Manage plans").first.click()
    operator.get_by_role("button", name="Make read-only").click()
    expect(operator.get_by_text("Nobody can change this document")).to_be_visible()
    ana.expect_read_only()
    why = ana.page.get_by_text("An operator has made this document read-only")
    expect(why).to_be_visible()
    marked = operator.locator(".admin-audit .entry", has_text="document.marked")
    expect(marked).to_contain_text("read_only=true")
    expect(operator.get_by_role("heading", name="Read-only documents")).to_be_visible()
    operator.get_by_role("button", name="Allow changes").click()
    ana.expect_writable()
    expect(why).to_be_hidden()
