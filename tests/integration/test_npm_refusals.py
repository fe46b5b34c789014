"""Clients from npm that send what cannot be stored as it is, or may not be stored."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from pycrdt import Doc, XmlFragment

from tests.integration.npm_client import (
    BACKOFF_MS,
    KINDS,
    Kind,
    NpmClient,
    npm_client,
    require_npm_packages,
)
from tests.integration.read_history import read_history, replayed
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
        # y stands before x if the mended emoji was there in time: then 15 is the place behind it.
        assert text in (
            "still good ab more 😀xy!",
            "still good ab more xy😀!",
            "still good ab more 😀yx!",
        )
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


@pytest.mark.parametrize("editing", [True, "prosemirror"], ids=["tiptap", "prosemirror"])
@pytest.mark.parametrize("kind", KINDS)
async def test_prosemirror_that_pastes_nul_and_cuts_emoji_goes_on_writing(
    server: ServerProcess, kind: Kind, editing: bool | Literal["prosemirror"]
) -> None:
    doc = f"page-{kind}-{editing}"
    async with npm_client(kind) as ana, npm_client("hocuspocus3") as ben:
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name, editing=editing)
            await client.until_saved()

        async def shows(text: str) -> None:
            """Wait until both show exactly that, and the log too."""
            for client in (ana, ben):
                await until(lambda client=client: shows_text(client, text))  # type: ignore[misc]
            await ana.until_saved()

        await ana.set_content("<p>good <strong>😀</strong> day <strong>👩‍👧</strong></p>")
        await shows("good 😀 day 👩‍👧")
        await ana.type(1, "a\0b ")
        await ana.type(1, "still ")
        await shows("still ab good 😀 day 👩‍👧")
        between = 1 + len("still ab good ") + 1
        await ana.type(between, "cut")
        await ana.type(1, "and ")
        # y-prosemirror removes the pair, and inserts its halves with the rest.
        await shows("and still ab good \ufffdcut\ufffd day 👩‍👧")
        woman = 1 + len("and still ab good .cut. day ")
        await ana.erase(woman + 1, woman + 2)
        await ben.type(1, "others, ")
        await shows("others, and still ab good \ufffdcut\ufffd day \ufffd\u200d👧")
        for client in (ana, ben):
            state = await client.state()
            assert (state.closes, state.stopped, state.denied) == ([], None, [])
        async with npm_client("hocuspocus4") as newcomer:
            await newcomer.connect(server, doc, name="Cleo", editing=editing)
            await newcomer.until_saved()
            assert await newcomer.json() == await ana.json() == await ben.json()
        root = "prosemirror" if editing == "prosemirror" else "default"
        xml = await read_xml(server, doc, root)
        assert re.sub("<[^>]*>", "", xml) == text_of(await ana.json())


async def shows_text(client: NpmClient, text: str) -> bool:
    return text_of(await client.json()) == text


def text_of(node: dict[str, Any]) -> str:
    """The characters of a ProseMirror document, NUL and halves of pairs too."""
    return str(node.get("text", "")) + "".join(map(text_of, node.get("content", [])))


async def read_xml(server: ServerProcess, doc: str, root: str) -> str:
    """The fragment that yrs has after merging the log."""
    replica: Doc[Any] = Doc()
    for event in await read_history(server, doc):
        replica.apply_update(event["update"])
    return str(replica.get(root, type=XmlFragment))


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
            await until(lambda client=client: quills(client, "still very good  ab\n"))  # type: ignore[misc]
        await ana.quill_insert(0, "😀")
        await ana.quill_insert(1, "cut")
        await ana.quill_insert(0, "and ")
        shown = ""
        for client in (ana, ben):

            async def is_settled(client: NpmClient = client) -> bool:
                nonlocal shown
                shown = await client.quill_text()
                return shown in ("and 😀cutstill very good  ab\n", "and cut😀still very good  ab\n")

            await until(is_settled)
        for client in (ana, ben):
            await until(lambda client=client: quills(client, shown))  # type: ignore[misc]
            assert (await client.state()).closes == []
        async with http_of(server) as http:
            assert (await served(http, doc)).removesuffix("\n") == shown.removesuffix("\n")
        assert replayed(await read_history(server, doc)).removesuffix("\n") == shown.removesuffix(
            "\n"
        )


async def quills(client: NpmClient, text: str) -> bool:
    return await client.quill_text() == text


@pytest.mark.parametrize("kind", KINDS)
async def test_client_of_a_full_document_is_told_and_goes_on_once_there_is_room(
    tmp_path: Path, kind: Kind
) -> None:
    doc = "full"
    limit = {"QUIRE_MAX_DOCUMENT_CHARS": "30"}
    with ServerProcess(tmp_path, environment=limit) as server:
        async with npm_client(kind) as ana, npm_client("yws") as ben:
            for client, name in ((ana, "Ana"), (ben, "Ben")):
                await client.connect(server, doc, name=name, backoff_ms=BACKOFF_MS)
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


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_writes_more_than_a_frame_may_hold_goes_on_once_it_has_deleted_it(
    tmp_path: Path, kind: Kind
) -> None:
    doc = "large"
    limit = {"QUIRE_MAX_MESSAGE_BYTES": "65536"}
    with ServerProcess(tmp_path, environment=limit) as server:
        async with npm_client(kind) as ana, npm_client("yws") as ben:
            for client, name in ((ana, "Ana"), (ben, "Ben")):
                await client.connect(server, doc, name=name, backoff_ms=BACKOFF_MS)
                await client.until_saved()
            await ana.insert(0, "before ")
            await agree_on(server, doc, "before ", ana, ben)
            await ana.insert(7, "x" * 100_000)
            await ana.insert(0, "while ")
            await ana.until(lambda state: state.closes[:1] == [1009])
            # It comes back by itself, sends it again, and is cut off again.
            await ben.insert(7, "ben ")
            await ana.until(lambda state: state.closes.count(1009) >= 2)
            state = await ana.state()
            assert (state.stopped, state.denied) == (None, [])
            assert await has_text(ben, "before ben ")
            await ana.delete((await ana.text()).index("x"), 100_000)
            await ana.insert(0, "after ")
            await agree_on(server, doc, "after while before ben ", ana, ben)


@pytest.mark.parametrize("kind", KINDS)
async def test_client_whose_update_is_malformed_sees_it_and_goes_on(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"malformed-{kind}"
    async with npm_client(kind) as ana, npm_client("yws") as ben:
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name)
            await client.until_saved()
        await ana.insert(0, "good ")
        await agree_on(server, doc, "good ", ana, ben)
        await ana.emit(b"\x01\x01\x05\x00\x0b")
        if kind == "yws":
            state = await ana.until(lambda state: state.stopped is not None)
            assert state.stopped == 4400
            await ana.insert(5, "still ")
            await ana.reconnect()
        else:
            await ana.insert(5, "still ")
            async with http_of(server) as http:

                async def is_stored() -> bool:
                    return await served(http, doc) == "good still "

                await until(is_stored)
            state = await ana.state()
            assert (state.closes, state.unsynced) == ([], 1)
            await ana.disconnect()
            await ana.reconnect()
        await agree_on(server, doc, "good still ", ana, ben)
