"""Signing out ends open sockets within a second, whichever process they are in."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from anyio import to_thread
from websockets.asyncio.client import connect as open_websocket
from websockets.typing import Origin, Subprotocol

from app.cli.main import main
from sync.error import CloseCode
from tests.integration.accounts_app import cookie_value
from tests.integration.peer import Peer
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOON_S

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"
OTHER_PASSWORD = "battery staple"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("accounts")
    with ServerProcess(folder, arguments=("--auth", "accounts")) as running:
        yield running


class Person:
    """A user with a browser in which it is signed in."""

    def __init__(self, server: ServerProcess, http: httpx.AsyncClient, login: str) -> None:
        self.server = server
        self.http = http
        self.login = login

    async def sign_in(self, password: str = PASSWORD) -> None:
        body = {"login": self.login, "password": password}
        assert (await self.http.post("/api/session", json=body)).status_code == 200

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Peer]:
        """An authenticated socket, known by the browser's cookie."""
        headers = {"Cookie": f"quire_session={cookie_value(self.http.cookies, 'quire_session')}"}
        async with open_websocket(
            self.server.ws_url,
            subprotocols=[Subprotocol("quire.v1.json")],
            origin=Origin(self.server.url),
            additional_headers=headers,
            open_timeout=PATIENCE_S,
            proxy=None,
            close_timeout=1,
        ) as socket:
            peer = Peer(socket, "json")
            await peer.send("auth")
            answer = await peer.expect("auth_ok")
            assert answer["user"]["name"] == self.login.title()
            yield peer


@asynccontextmanager
async def person(
    server: ServerProcess, capsys: pytest.CaptureFixture[str], login: str
) -> AsyncIterator[Person]:
    command = ["user", "invite", "--database-url", server.database_url]
    assert await to_thread.run_sync(main, command) == 0
    secret = capsys.readouterr().out.strip().partition("#")[2]
    async with httpx.AsyncClient(
        base_url=server.url,
        headers={"Origin": server.url},
        trust_env=False,
        timeout=PATIENCE_S,
    ) as http:
        body = {"secret": secret, "login": login, "name": login.title(), "password": PASSWORD}
        answer = await http.post("/api/invitations/accept", json=body)
        assert answer.status_code == 200, answer.text
        yield Person(server, http, login)


async def _ends(peer: Peer) -> None:
    start = time.monotonic()
    assert await peer.closed() == CloseCode.NOT_AUTHENTICATED
    assert time.monotonic() - start < SOON_S


async def test_sign_out_here_ends_the_sockets_of_this_browser_alone(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        person(server, capsys, "ada") as ada,
        person(server, capsys, "bea") as bea,
        ada.socket() as elsewhere,
        bea.socket() as other,
    ):
        await ada.sign_in()
        async with ada.socket() as here:
            await other.join("notes")
            await elsewhere.join("notes")
            await here.join("notes")
            assert (await ada.http.delete("/api/session")).status_code == 204
            await _ends(here)
            await other.barrier()
            await elsewhere.insert("notes", "e1", "still here")


async def test_sign_out_everywhere_ends_the_sockets_of_all_browsers(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        person(server, capsys, "cleo") as cleo,
        person(server, capsys, "dora") as dora,
        cleo.socket() as first,
        dora.socket() as other,
    ):
        await cleo.sign_in()
        async with cleo.socket() as second:
            assert (await cleo.http.delete("/api/sessions")).status_code == 204
            await _ends(first)
            await _ends(second)
            await other.barrier()


async def test_new_password_ends_the_sockets_that_the_old_one_opened(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    async with person(server, capsys, "eve") as eve, eve.socket() as before:
        body = {"current": PASSWORD, "new": OTHER_PASSWORD}
        answer = await eve.http.post("/api/account/password", json=body)
        assert answer.status_code == 200, answer.text
        await _ends(before)
        async with eve.socket() as after:
            await after.barrier()


async def test_operators_command_ends_the_sockets_of_who_is_shut_out(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another process changes the database; the server is told by nothing else."""
    async with person(server, capsys, "finn") as finn, finn.socket() as socket:
        await socket.join("notes")
        command = ["user", "disable", "--database-url", server.database_url, "finn"]
        assert await to_thread.run_sync(main, command) == 0
        await _ends(socket)
