"""Clients from npm that send what cannot be stored as it is, or may not be stored."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync

from tests.integration.npm_client import KINDS, Kind, NpmClient, npm_client, require_npm_packages
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.integration.test_npm_clients import has_text, http_of, until

pytestmark = [pytest.mark.anyio, pytest.mark.p5, pytest.mark.p9]


@pytest.fixture(autouse=True)
def _packages() -> None:
    require_npm_packages()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("npm")) as running:
        yield running


def forget_log(folder: Path) -> None:
    """Lose the database of a server that does not run."""
    for file in folder.glob("quire.db*"):
        file.unlink()


async def served(http: httpx.AsyncClient, doc: str) -> str:
    answer = await http.get(f"/api/documents/{doc}/text")
    return answer.content.decode() if answer.is_success else ""


async def agree_on(server: ServerProcess, doc: str, text: str, *clients: NpmClient) -> None:
    """Wait until the server and all clients show a text, and nobody has anything unsaved."""
    async with http_of(server) as http:

        async def is_served() -> bool:
            return await served(http, doc) == text

        await until(is_served)
    for client in clients:
        await until(lambda client=client: has_text(client, text))  # type: ignore[misc]
        await client.until_saved()


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_types_nul_or_cuts_emoji_goes_on_writing(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"unfit-{kind}"
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name)
            await client.until_saved()
        await ana.insert(0, "good ")
        await ana.insert(5, "a\0b")
        await ana.insert(8, " more")
        await agree_on(server, doc, "good ab more", ana, ben)
        await ana.insert(12, " 😀!")
        await agree_on(server, doc, "good ab more 😀!", ana, ben)
        await ana.insert(14, "x")
        await ana.insert(15, "y")
        await ana.insert(0, "still ")
        async with http_of(server) as http:

            async def is_stored() -> bool:
                text = await served(http, doc)
                return text.startswith("still ") and "x" in text and "y" in text and "😀" in text

            await until(is_stored)
            text = await served(http, doc)
        assert text in ("still good ab more 😀xy!", "still good ab more xy😀!")
        await agree_on(server, doc, text, ana, ben)
        at = text.index("😀")
        await ana.delete(at, 1)  # half of it
        await ana.insert_units(0, 0xD83D)
        await ana.insert(1, "z")
        text = "\ufffdz" + text.replace("😀", "")
        await agree_on(server, doc, text, ana, ben)
        await ben.insert(0, "and others. ")
        await agree_on(server, doc, "and others. " + text, ana, ben)
        state = await ana.state()
        assert (state.closes, state.stopped, state.denied) == ([], None, [])
        async with npm_client("hocuspocus4") as newcomer:
            await newcomer.connect(server, doc, name="Cleo")
            await agree_on(server, doc, "and others. " + text, newcomer)


@pytest.mark.parametrize("kind", KINDS)
async def test_prosemirror_that_pastes_nul_and_cuts_emoji_goes_on_writing(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"page-{kind}"
    async with npm_client(kind) as ana, npm_client("hocuspocus3") as ben:
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name, editing=True)
            await client.until_saved()

        async def shows(text: str) -> None:
            """Wait until both show it, and nothing that must not be shown."""

            async def is_same() -> bool:
                await ana.until_saved()
                shown = await ana.html()
                return shown == await ben.html() and text in shown and "\0" not in shown

            await until(is_same)

        await ana.set_content("<p>good <strong>😀</strong> day</p>")
        await shows("good")
        await ana.type(1, "a\0b ")
        await shows("ab good")
        await ana.type(4, "more ")
        await shows("ab more good")
        text = (await ana.html()).removeprefix("<p>").replace("<strong>", "")
        await ana.type(1 + text.index("😀") + 1, "cut")  # between the halves
        await ana.type(1, "still ")
        await shows("still ab more good")
        await shows("cut")
        async with npm_client("hocuspocus4") as newcomer:
            await newcomer.connect(server, doc, name="Cleo", editing=True)
            await newcomer.until_saved()
            assert await newcomer.json() == await ana.json() == await ben.json()


@pytest.mark.parametrize("kind", KINDS)
async def test_quill_that_pastes_nul_and_cuts_emoji_goes_on_writing(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"quill-{kind}"
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name, editing="quill")
            await client.until_saved()
        await ana.quill_insert(0, "good 😀 a\0b")
        await ana.quill_insert(0, "very ")
        await ana.quill_delete(10, 1)  # half of the emoji
        await ana.quill_insert(0, "still ")
        for client in (ana, ben):

            async def is_shown(client: NpmClient = client) -> bool:
                return await client.quill_text() == "still very good  ab\n"

            await until(is_shown)
        async with http_of(server) as http:
            assert (await served(http, doc)).removesuffix("\n") == "still very good  ab"


@pytest.mark.parametrize("kind", KINDS)
async def test_client_of_a_full_document_is_told_and_goes_on_once_there_is_room(
    tmp_path: Path, kind: Kind
) -> None:
    doc = "full"
    limit = {"QUIRE_MAX_DOCUMENT_CHARS": "30"}
    with ServerProcess(tmp_path, environment=limit) as server:
        async with npm_client(kind) as ana, npm_client("yws") as ben:
            for client, name in ((ana, "Ana"), (ben, "Ben")):
                await client.connect(server, doc, name=name)
                await client.until_saved()
            await ana.insert(0, "0123456789" * 2)
            await agree_on(server, doc, "0123456789" * 2, ana, ben)
            await ana.insert(20, "too much for it")
            await ana.until(lambda state: 1013 in state.closes)
            await ben.insert(0, "b")
            await until(lambda: has_text(ana, "b" + "0123456789" * 2 + "too much for it"))
            # Deletions make room, the refused client's own too.
            await ana.delete(1, 10)
            await agree_on(server, doc, "b0123456789too much for it", ana, ben)
            assert (await ana.state()).stopped is None
            assert len((await ana.state()).closes) < 10


@pytest.mark.parametrize("carrier", ["yws", "hocuspocus3"])
@pytest.mark.parametrize("author", ["hocuspocus4", "yws"])
async def test_author_goes_on_writing_after_another_has_delivered_its_text_to_an_empty_log(
    tmp_path: Path, author: Kind, carrier: Kind
) -> None:
    doc = "carried"
    async with AsyncExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path))
        ana = await stack.enter_async_context(npm_client(author))
        ben = await stack.enter_async_context(npm_client(carrier))
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name)
            await client.until_saved()
        await ana.insert(0, "one")
        await until(lambda: has_text(ben, "one"))
        await ben.insert(3, " two")
        await agree_on(server, doc, "one two", ana, ben)
        await ana.disconnect()
        await ana.insert(0, "zero ")
        await run_sync(server.terminate)
        forget_log(tmp_path)
        await run_sync(server.start)
        # Ben alone brings what both wrote.
        await agree_on(server, doc, "one two", ben)
        await ana.reconnect()
        await agree_on(server, doc, "zero one two", ana, ben)
        await ana.insert(0, "- ")
        await ben.insert(0, "* ")
        async with http_of(server) as http:

            async def is_stored() -> bool:
                return len(await served(http, doc)) == len("* - zero one two")

            await until(is_stored)
            await agree_on(server, doc, await served(http, doc), ana, ben)
        log = await read_history(server, doc)
        actors = {"".join(op.get("insert", "") for op in e["ops"]): e["actor"]["name"] for e in log}
        assert actors["- "] == actors["zero "] == "Ana"
        assert actors["* "] == "Ben"
        for client in (ana, ben):
            assert (await client.state()).stopped is None
