"""Clients from npm whose way to the server leads through nginx, to a path of its site."""

from collections.abc import Iterator

import pytest

from tests.integration.npm_client import (
    BACKOFF_MS,
    KINDS,
    Kind,
    NpmClient,
    npm_client,
    require_npm_packages,
)
from tests.integration.server import ServerProcess
from tests.integration.test_npm_clients import until
from tests.integration.test_npm_refusals import agree_on, quills, shows_text
from tests.proxy_server import nginx

pytestmark = [pytest.mark.anyio, pytest.mark.p5, pytest.mark.p7]
LIMIT = {"QUIRE_MAX_MESSAGE_BYTES": "65536"}


@pytest.fixture(autouse=True)
def _packages() -> None:
    require_npm_packages()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("npm")
    with ServerProcess(folder, arguments=("--root-path", "/pad"), environment=LIMIT) as running:
        yield running


@pytest.fixture(scope="module")
def site(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site for sockets; nginx leaves its path out towards the server."""
    location = f"location /pad/ {{ proxy_pass {server.url}/; }}"
    with nginx(tmp_path_factory.mktemp("nginx"), location) as proxy:
        yield f"{proxy.url('ws')}/pad"


async def join(site: str, doc: str, **clients: NpmClient) -> None:
    for name, client in clients.items():
        await client.connect(site, doc, name=name, backoff_ms=BACKOFF_MS)
        await client.until_saved()


@pytest.mark.parametrize("kind", KINDS)
async def test_client_behind_nginx_goes_on_writing_after_what_cannot_be_stored(
    server: ServerProcess, site: str, kind: Kind
) -> None:
    doc = f"unfit-{kind}"
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        await join(site, doc, ana=ana, ben=ben)
        await ana.insert(0, "good ")
        await ana.insert(5, "a\0b")
        await ana.insert_units(0, 0xD83D)  # half of an emoji
        await ana.insert(1, "z")
        await ben.insert(0, "and ")
        for client in (ana, ben):
            await until(lambda client=client: shows_length(client, len("and \ufffdzgood ab")))  # type: ignore[misc]
        await agree_on(server, doc, await ana.text(), ana, ben)
        assert (await ana.state()).closes == []


async def shows_length(client: NpmClient, length: int) -> bool:
    return len(await client.text()) == length


@pytest.mark.parametrize("kind", KINDS)
async def test_client_behind_nginx_learns_that_its_message_was_too_big_and_goes_on(
    server: ServerProcess, site: str, kind: Kind
) -> None:
    doc = f"large-{kind}"
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        await join(site, doc, ana=ana, ben=ben)
        await ana.insert(0, "x" * 8_000_000)
        await ana.until(lambda state: state.closes[:1] == [1009])
        await ana.delete(0, 8_000_000)
        await ana.insert(0, "after")
        await agree_on(server, doc, "after", ana, ben)


@pytest.mark.parametrize("kind", KINDS)
async def test_editors_behind_nginx_go_on_after_pasting_nul_and_cutting_emoji(
    site: str, kind: Kind
) -> None:
    async with npm_client(kind) as ana, npm_client("hocuspocus4") as ben:
        for client in (ana, ben):
            await client.connect(site, f"page-{kind}", name="Ana", editing="prosemirror")
            await client.until_saved()
        await ana.set_content("<p>good <strong>😀</strong> day</p>")
        await ana.type(1, "a\0b ")
        for client in (ana, ben):
            await until(lambda client=client: shows_text(client, "ab good 😀 day"))  # type: ignore[misc]
        await ana.type(1 + len("ab good ") + 1, "cut")
        await ana.type(1, "and ")
        for client in (ana, ben):
            await until(lambda client=client: shows_text(client, "and ab good \ufffdcut\ufffd day"))  # type: ignore[misc]
        assert (await ana.state()).closes == []
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        for client in (ana, ben):
            await client.connect(site, f"quill-{kind}", name="Ana", editing="quill")
            await client.until_saved()
        await ana.quill_insert(0, "good 😀 a\0b")
        await ana.quill_delete(5, 1)  # half of the emoji
        await ana.quill_insert(0, "still ")
        for client in (ana, ben):
            await until(lambda client=client: quills(client, "still good  ab\n"))  # type: ignore[misc]
        assert (await ana.state()).closes == []
