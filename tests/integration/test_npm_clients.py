"""Clients from npm, unchanged, against a real server: y-websocket, Hocuspocus 3 and 4, TipTap."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import msgspec
import pytest
from anyio.to_thread import run_sync

from sync.client import Client, Document, Timing, connect
from tests.integration.npm_client import (
    FIRST_TOKEN,
    KINDS,
    Kind,
    NpmClient,
    npm_client,
    require_npm_packages,
)
from tests.integration.peer import Peer
from tests.integration.read_history import read_history, replayed
from tests.integration.server import ServerProcess
from tests.integration.writer import YjsWriter
from tests.patience import PATIENCE_S, SOAK

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_packages")]

EDITS_EACH: Final = 400 if SOAK else 80
ROUNDS: Final = 8
PER_ROUND: Final = EDITS_EACH // ROUNDS
AFTER_CRASH: Final = 2
"""Rounds that nobody begins before the server was killed."""
PATIENT: Final = Timing(connect_timeout_s=PATIENCE_S, close_timeout_s=PATIENCE_S)
FILLERS: Final = ("", "a", "bc", "é", "\n", "😀", "👩‍👧", "…")


@pytest.fixture(scope="module")
def _packages() -> None:
    require_npm_packages()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("npm")) as running:
        yield running


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@asynccontextmanager
async def http_of(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
        yield http


# --- one document, five kinds of clients ----------------------------------------------------------


class Author(Protocol):
    """Makes its share of the edits."""

    async def write_round(self, number: int) -> None:
        """Make `PER_ROUND` edits."""

    async def settle(self) -> None:
        """Wait until all is saved, as far as it can tell."""


class NpmAuthor:
    """A provider that edits, and is offline for every third round."""

    def __init__(self, client: NpmClient, first_token: int) -> None:
        self._client = client
        self._token = first_token

    async def write_round(self, number: int) -> None:
        offline = number % 3 == 1
        if offline:
            await self._client.disconnect()
        await self._client.edit_randomly(
            PER_ROUND, seed=self._token, token=self._token, burst=10, pause_ms=20
        )
        self._token += PER_ROUND
        if offline:
            await self._client.reconnect()

    async def settle(self) -> None:
        await self._client.until_saved()

    async def text(self) -> str:
        return await self._client.text()


class TokenEdits:
    """Edits as `tests/npm/edits.mjs` draws them, in code points."""

    def __init__(self, first_token: int) -> None:
        self._token = first_token
        self._dice = random.Random(first_token)

    def draw(self, text: str) -> tuple[int, int, str]:
        """Position, characters to delete there, and what to insert."""
        at = self._dice.randint(0, len(text))
        deleted = 0
        if self._dice.random() < 1 / 3:
            near = text[at : at + 3]
            tokens = [index for index, char in enumerate(near) if ord(char) >= FIRST_TOKEN]
            deleted = tokens[0] if tokens else len(near)
        inserted = chr(self._token) + self._dice.choice(FILLERS)
        self._token += 1
        return at, deleted, inserted


class TextAuthor:
    """A `quire.v1` client in text mode; it leaves the document for every third round."""

    def __init__(self, client: Client, doc: Document, first_token: int) -> None:
        self._client = client
        self.document = doc
        self._edits = TokenEdits(first_token)

    async def write_round(self, number: int) -> None:
        if number % 3 == 2:
            await self.document.leave()
            self.document = await self._client.join(self.document.name)
        for made in range(PER_ROUND):
            at, deleted, inserted = self._edits.draw(self.document.text)
            self.document.edit_nowait([op for op in (at, inserted, -deleted) if op != 0])
            await asyncio.sleep(0.02 if made % 10 == 9 else 0)

    async def settle(self) -> None:
        await self.document.settled()

    async def text(self) -> str:
        return self.document.text


class YjsAuthor(YjsWriter):
    """A `quire.v1` client in yjs mode, on a new socket for every round."""

    def __init__(self, server: ServerProcess, doc: str, name: str, first_token: int) -> None:
        super().__init__(server, doc, name, first_token)
        self._edits = TokenEdits(first_token)
        self._left = 0

    async def write_round(self, number: int) -> None:
        self._left = PER_ROUND
        # Over and over if the server goes away.
        while self._left or self.unacked:
            await self._run(lambda: not (self._left or self.unacked), writes=True)
            await asyncio.sleep(0.02)

    async def settle(self) -> None:
        await self.flush()

    async def read_up_to(self, version: int) -> str:
        """The text, once that version has come."""
        await self.finish(version)
        return self.text

    async def _write(self, peer: Peer) -> None:
        while self._left:
            self._left -= 1
            self._made += 1
            edit = self._edit(f"{self.name}.{self._made}")
            self.unacked[edit["id"]] = edit
            await peer.send(**edit)
            await asyncio.sleep(0.02 if self._made % 10 == 9 else 0)

    def _edit(self, event_id: str) -> dict[str, Any]:
        update = self._replica.edit(self._edits.draw(self.text))
        self.made[event_id] = update
        return {"kind": "update", "doc": self._doc, "id": event_id, "update": update}


async def test_five_kinds_of_clients_agree_and_every_edit_is_in_the_log_once(
    tmp_path: Path,
) -> None:
    doc = "together"
    first = {name: FIRST_TOKEN + 0x1000 * n for n, name in enumerate([*KINDS, "text", "yjs"])}
    async with AsyncExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path))
        quire = await stack.enter_async_context(connect(server.url, name="text", timing=PATIENT))
        text_author = TextAuthor(quire, await quire.join(doc), first["text"])
        yjs_author = YjsAuthor(server, doc, "yjs", first["yjs"])
        npm_authors: list[NpmAuthor] = []
        for kind in KINDS:
            client = await stack.enter_async_context(npm_client(kind))
            await client.connect(server, doc, name=kind)
            await client.until_saved()
            npm_authors.append(NpmAuthor(client, first[kind]))
        authors: list[Author] = [*npm_authors, text_author, yjs_author]

        killed = asyncio.Event()

        async def write(author: Author) -> None:
            for number in range(ROUNDS):
                if number == ROUNDS - AFTER_CRASH:
                    await killed.wait()
                await author.write_round(number)
            await author.settle()

        async def crash() -> None:
            async def is_busy() -> bool:
                return len(tokens_of(text_author.document.text)) >= EDITS_EACH

            await until(is_busy)
            await run_sync(server.kill9)
            killed.set()
            await run_sync(server.start)

        async with asyncio.TaskGroup() as tasks:
            for author in authors:
                tasks.create_task(write(author))
            tasks.create_task(crash())

        everything = Counter(
            chr(token + made) for token in first.values() for made in range(EDITS_EACH)
        )
        async with http_of(server) as http:

            async def all_is_saved() -> bool:
                answer = await http.get(f"/api/documents/{doc}/text")
                return tokens_of(answer.text) == everything

            await until(all_is_saved)
            answer = await http.get(f"/api/documents/{doc}/text")
        served = answer.content.decode()
        showing: list[NpmAuthor | TextAuthor] = [*npm_authors, text_author]
        for each in showing:
            await until(lambda each=each: has_text(each, served))  # type: ignore[misc]
        log = await read_history(server, doc)
        assert await yjs_author.read_up_to(len(log)) == served
        for npm_author in npm_authors:
            await npm_author.settle()

    assert replayed(log) == served
    logged: Counter[str] = Counter()
    for event in log:
        inserted = tokens_of("".join(op.get("insert", "") for op in event["ops"]))
        logged += inserted
        authors_of_it = {name for name in first if any(is_by(first[name], t) for t in inserted)}
        assert authors_of_it <= {event["actor"]["name"]}, "an edit under somebody else's name"
    assert logged == everything


def tokens_of(text: str) -> Counter[str]:
    return Counter(char for char in text if ord(char) >= FIRST_TOKEN)


def is_by(first_token: int, token: str) -> bool:
    return first_token <= ord(token) < first_token + EDITS_EACH


# --- TipTap ---------------------------------------------------------------------------------------


async def test_tiptap_document_survives_restarts_and_is_restored_to_an_earlier_version(
    tmp_path: Path,
) -> None:
    doc = "page"
    async with AsyncExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path))
        http = await stack.enter_async_context(http_of(server))
        ana, ben = [
            await stack.enter_async_context(editor(server, doc, kind))
            for kind in ("hocuspocus3", "hocuspocus4")
        ]
        await ana.set_content("<h1>Title</h1><p>Hello <strong>bold 😀</strong> world</p>")
        await agree(ana, ben)
        await type_at_once(ana, ben, FIRST_TOKEN)
        early = await agree(ana, ben)
        early_version = await head_of(http, doc)
        assert len(typed_into(early)) == 40

        assert await run_sync(server.terminate) == 0
        await type_at_once(ana, ben, FIRST_TOKEN + 0x1000)  # kept by the editors until
        await run_sync(server.start)
        assert len(typed_into(await agree(ana, ben))) == 80

        writing = asyncio.create_task(type_at_once(ana, ben, FIRST_TOKEN + 0x2000))
        await run_sync(server.kill9)
        await run_sync(server.start)
        await writing
        await ben.insert_content(0, "<h1>Another</h1>")
        late = await agree(ana, ben)
        assert len(typed_into(late)) == 120
        async with editor(server, doc, "hocuspocus4") as newcomer:
            assert await newcomer.json() == late

        answer = await http.post(f"/api/documents/{doc}/restore", json={"version": early_version})
        assert answer.is_success, answer.text
        for client in (ana, ben):

            async def shows_early(client: NpmClient = client) -> bool:
                return await client.json() == early

            await until(shows_early)

        await ben.insert_content(0, "<p>After</p>")
        final = await agree(ana, ben)
        assert final["content"][1:] == early["content"]
        async with editor(server, doc, "hocuspocus3") as newcomer:
            assert await newcomer.json() == final
        log = await read_history(server, doc)
    assert {event["type"] for event in log} == {"update"}


@asynccontextmanager
async def editor(server: ServerProcess, doc: str, kind: Kind) -> AsyncIterator[NpmClient]:
    """A TipTap editor that shows what the server has."""
    async with npm_client(kind) as client:
        await client.connect(server, doc, name=kind, editing=True)
        await client.until_saved()
        yield client


async def type_at_once(one: NpmClient, other: NpmClient, token: int) -> None:
    """Both type twenty characters of their own, and some more."""
    await asyncio.gather(
        one.type_randomly(20, seed=token, token=token, burst=5, pause_ms=20),
        other.type_randomly(20, seed=token + 1, token=token + 100, burst=5, pause_ms=20),
    )


async def agree(one: NpmClient, other: NpmClient) -> dict[str, Any]:
    """Wait until both have saved and show the same; returns that."""
    shown: list[dict[str, Any]] = []

    async def is_same() -> bool:
        await one.until_saved()
        await other.until_saved()
        shown[:] = [await one.json(), await other.json()]
        return shown[0] == shown[1]

    await until(is_same)
    return shown[0]


def typed_into(document: dict[str, Any]) -> Counter[str]:
    """The tokens in a ProseMirror document."""
    return tokens_of(msgspec.json.encode(document).decode())


async def head_of(http: httpx.AsyncClient, doc: str) -> int:
    answer = await http.get(f"/api/documents/{doc}")
    assert answer.status_code == 200, answer.text
    version: int = answer.json()["version"]
    return version


# --- presence and closing -------------------------------------------------------------------------


async def test_every_kind_of_client_sees_the_others_and_their_carets_until_they_leave(
    server: ServerProcess,
) -> None:
    doc = "presence"
    async with AsyncExitStack() as stack:
        clients: dict[Kind, NpmClient] = {}
        for kind in KINDS:
            clients[kind] = await stack.enter_async_context(npm_client(kind))
            await clients[kind].connect(server, doc, name=f"name of {kind}")
            await clients[kind].until_saved()
        await clients["yws"].insert(0, "Hello 😀 world")
        for place, (kind, client) in enumerate(clients.items()):
            await until(lambda client=client: has_text(client, "Hello 😀 world"))  # type: ignore[misc]
            await client.announce({"user": {"name": "somebody else"}, "tool": kind})
            await client.caret(place, 8 + place)

        def seen_by(kind: Kind) -> dict[str, tuple[int, int]]:
            return {
                f"name of {other}": (place, 8 + place)
                for place, other in enumerate(KINDS)
                if other in clients and other != kind
            }

        for kind, client in clients.items():
            await until(lambda kind=kind, client=client: shows(client, seen_by(kind)))  # type: ignore[misc]
            tools = {state["tool"] for state in await client.others()}
            assert tools == set(clients) - {kind}

        for kind in list(clients):
            await clients.pop(kind).leave()
            for other, client in clients.items():
                await until(lambda other=other, client=client: shows(client, seen_by(other)))  # type: ignore[misc]


@pytest.mark.parametrize("kind", KINDS)
async def test_text_mode_client_and_yjs_editor_see_each_others_carets(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"carets-{kind}"
    async with connect(server.url, name="Ada", timing=PATIENT) as quire, npm_client(kind) as client:
        document = await quire.join(doc)
        await document.insert(0, "Hello 😀 world")
        await client.connect(server, doc, name="Ben")
        await until(lambda: has_text(client, "Hello 😀 world"))
        document.cursor(6, 7)
        await until(lambda: shows(client, {"Ada": (6, 8)}))

        await client.caret(2, 8)

        async def ben_is_shown() -> bool:
            return [(c.user.name, c.anchor, c.head) for c in document.cursors.values()] == [
                ("Ben", 2, 7)
            ]

        await until(ben_is_shown)
        await client.leave()

        async def ben_is_gone() -> bool:
            return not document.cursors

        await until(ben_is_gone)


async def has_text(client: NpmClient | NpmAuthor | TextAuthor, text: str) -> bool:
    return await client.text() == text


async def shows(client: NpmClient, expected: dict[str, tuple[int, int]]) -> bool:
    """Whether exactly these others are there, by name, with their carets."""
    carets = {}
    for state in await client.others():
        cursor = state["cursor"] or {"anchor": None, "head": None}
        carets[state.get("user", {}).get("name")] = (cursor["anchor"], cursor["head"])
    return carets == expected


@pytest.mark.parametrize("kind", ["hocuspocus3", "hocuspocus4"])
async def test_hocuspocus_providers_of_two_documents_share_a_socket(
    server: ServerProcess, kind: Kind
) -> None:
    async with npm_client(kind) as one, http_of(server) as http:
        await one.connect(server, f"{kind}-one", name="Ana")
        two = await one.open_beside(1, f"{kind}-two")
        for client, text in ((one, "first"), (two, "second")):
            await client.until_saved()
            await client.insert(0, text)
            await client.until_saved()
        await one.disconnect()  # and with it the socket of both
        await two.insert(0, "kept ")
        await one.reconnect()
        for client, name, text in ((one, "one", "first"), (two, "two", "kept second")):
            await client.until_saved()
            answer = await http.get(f"/api/documents/{kind}-{name}/text")
            assert answer.text == await client.text() == text


async def test_session_aware_hocuspocus_providers_of_one_document_share_a_socket(
    server: ServerProcess,
) -> None:
    async with npm_client("hocuspocus4") as one, npm_client("hocuspocus3") as witness:
        await one.connect(server, "twice", name="Ana", session_aware=True)
        two = await one.open_beside(1, "twice", session_aware=True)
        await witness.connect(server, "twice", name="Ben")
        for client in (one, two, witness):
            await client.until_saved()
        await one.insert(0, "one ")
        await until(lambda: has_text(two, "one "))
        await two.insert(4, "two")
        await two.until_saved()
        for client in (one, witness):
            await until(lambda client=client: has_text(client, "one two"))  # type: ignore[misc]
        await two.leave()
        await one.insert(0, "still ")
        await one.until_saved()
        await until(lambda: has_text(witness, "still one two"))


async def test_y_websocket_client_stops_when_its_document_is_deleted(
    server: ServerProcess,
) -> None:
    async with npm_client("yws") as client, http_of(server) as http:
        await client.connect(server, "doomed", name="Ana")
        await client.insert(0, "Hello")

        async def is_saved() -> bool:
            answer = await http.get("/api/documents/doomed/text")
            return answer.text == "Hello"

        await until(is_saved)
        headers = {"X-Quire-Name": "Ana"}
        answer = await http.delete("/api/documents/doomed", headers=headers)
        assert answer.is_success, answer.text
        state = await client.until(lambda state: state.stopped is not None)
        assert state.stopped == 4404
        assert state.closes == [4404]


@pytest.mark.skipif(not SOAK, reason="--soak: has to wait for 40 s")
async def test_idle_clients_without_awareness_are_not_cut(server: ServerProcess) -> None:
    """Clients close the line themselves after 30 s in which the server says nothing."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(npm_client(kind)) for kind in KINDS]
        for client in clients:
            await client.connect(server, "idle", name=client.kind)
            await client.until_saved()
            await client.announce(None)
        await asyncio.sleep(40)
        for client in clients:
            state = await client.state()
            assert (state.status, state.closes) == ("connected", [])
