"""Restoring documents that are more than plain text: what a rich editor writes comes back whole."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from sync.shells.reversal_process import BusyError, ReversalError, Task, find_reversal
from sync.yjs.gate import KnownState, Ready, inspect
from sync.yjs.reversal import Reversal
from tests.integration.http_app import application
from tests.integration.peer import Peer, connect
from tests.integration.scene import fresh_name
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("restore")) as process:
        yield process


class Editor:
    """A rich editor: a replica whose changes go through a socket, one event each."""

    def __init__(self, peer: Peer, name: str) -> None:
        self.replica: Doc[Any] = Doc()
        self.versions: dict[int, Any] = {}
        """What the document looked like at each version that this editor made."""
        self._peer = peer
        self._name = name
        self._made: list[bytes] = []
        self._watch = self.replica.observe(lambda event: self._made.append(event.update))

    async def change(self, change: Callable[["Doc[Any]"], object]) -> int:
        """Make a change and wait until it is acknowledged; returns its version."""
        self._made.clear()
        with self.replica.transaction():
            change(self.replica)
        (update,) = self._made
        ack = await self._peer.update(self._name, f"e.{len(self.versions)}", update)
        version = int(ack["version"])
        self.versions[version] = shown(self.replica)
        return version

    async def see(self, version: int) -> Any:
        """What the document looks like once that version has come."""
        while True:
            message = await self._peer.expect("updates")
            self.replica.apply_update(message["update"])
            if message["to"] >= version:
                return shown(self.replica)


def shown(doc: "Doc[Any]") -> Any:
    """All that a user of any of the roots would see."""
    marked = [(part, marks or {}) for part, marks in doc.get("content", type=Text).diff()]
    prose = str(doc.get("prose", type=XmlFragment))
    board = doc.get("board", type=Map).to_py()
    return marked, prose, board, doc.get("todo", type=Array).to_py()


def paragraph(doc: "Doc[Any]", text: str, level: int) -> None:
    element = XmlElement("paragraph", {"level": str(level)})
    doc.get("prose", type=XmlFragment).children.append(element)
    element.children.append(XmlText(text))


def first_text(doc: "Doc[Any]") -> XmlText:
    text = doc.get("prose", type=XmlFragment).children[0].children[0]
    assert isinstance(text, XmlText)
    return text


@asynccontextmanager
async def writing(server: ServerProcess) -> AsyncIterator[tuple[str, Editor, httpx.AsyncClient]]:
    name = fresh_name()
    async with (
        connect(server, "msgpack") as peer,
        httpx.AsyncClient(
            base_url=f"{server.url}/api/documents/{name}", trust_env=False, timeout=PATIENCE_S
        ) as http,
    ):
        await peer.join(name, "yjs")
        yield name, Editor(peer, name), http


async def restored(http: httpx.AsyncClient, version: int, **fields: Any) -> dict[str, Any]:
    answer = await http.post("/restore", json={"version": version, **fields})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_prose_lists_maps_and_marks_come_back_whole(server: ServerProcess) -> None:
    async with writing(server) as (_, editor, http):
        await editor.change(lambda doc: paragraph(doc, "Hello 😀 world", 1))
        await editor.change(lambda doc: first_text(doc).format(0, 5, {"bold": True}))
        await editor.change(lambda doc: doc.get("board", type=Map).update({"a": 1, "b": Text("x")}))
        await editor.change(lambda doc: doc.get("todo", type=Array).extend(["milk", {"n": 2}]))
        await editor.change(lambda doc: doc.get("content", type=Text).insert(0, "plain é😀"))
        old = await editor.change(
            lambda doc: doc.get("content", type=Text).format(0, 5, {"em": True})
        )
        await editor.change(lambda doc: paragraph(doc, "A second one", 2))
        await editor.change(lambda doc: first_text(doc).format(0, 3, {"bold": None}))
        await editor.change(lambda doc: doc.get("prose", type=XmlFragment).children.__delitem__(0))
        await editor.change(lambda doc: doc.get("board", type=Map).update({"a": 2, "c": 3}))
        await editor.change(lambda doc: doc.get("board", type=Map).pop("b"))
        await editor.change(lambda doc: doc.get("todo", type=Array).clear())
        head = await editor.change(lambda doc: doc.get("content", type=Text).clear())

        answer = await restored(http, old, id="back-1")
        assert answer["version"] == head + 1
        assert answer["ops"] == [{"insert": "plain é😀"}]
        assert await editor.see(head + 1) == editor.versions[old]
        # The same id again is the same answer, and no event, although the head is another now.
        assert await restored(http, old, id="back-1") == answer
        clash = await http.post("/restore", json={"version": 1, "id": "back-1"})
        assert (clash.status_code, clash.json()["code"]) == (409, "duplicate_id")
        newest = (await http.get("/history?order=desc&limit=1")).json()["events"]
        assert [(event["version"], event["id"]) for event in newest] == [(head + 1, "back-1")]
        # And the other way.
        await restored(http, head)
        assert await editor.see(head + 2) == editor.versions[head]


async def test_restoring_what_the_document_holds_already_is_no_event(server: ServerProcess) -> None:
    async with writing(server) as (_, editor, http):
        old = await editor.change(lambda doc: paragraph(doc, "Hello", 1))
        await editor.change(lambda doc: first_text(doc).format(0, 2, {"bold": True}))
        head = await editor.change(lambda doc: first_text(doc).format(0, 2, {"bold": None}))
        for version in (old, head):
            assert await restored(http, version, id="x") == {"id": "x", "version": head, "ops": []}
        nowhere = await http.post("/restore", json={"version": head + 1})
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_version")


async def test_only_characters_changed_is_a_text_event_beside_other_content(
    server: ServerProcess,
) -> None:
    async with writing(server) as (_, editor, http):
        await editor.change(lambda doc: paragraph(doc, "Hello", 1))
        old = await editor.change(lambda doc: doc.get("content", type=Text).insert(0, "ab😀c"))
        await editor.change(lambda doc: doc.get("content", type=Text).__delitem__(slice(1, 6)))
        head = await editor.change(lambda doc: doc.get("content", type=Text).insert(0, "x"))
        await restored(http, old)
        event = (await http.get(f"/history/{head + 1}")).json()["event"]
        assert event["type"] == "text_edit"
        assert await editor.see(head + 1) == editor.versions[old]


async def test_a_concurrent_edit_of_what_stays_survives_the_restore(server: ServerProcess) -> None:
    async with writing(server) as (name, editor, http):
        await editor.change(lambda doc: paragraph(doc, "stays", 1))
        old = await editor.change(lambda doc: paragraph(doc, "goes", 2))
        head = await editor.change(
            lambda doc: doc.get("prose", type=XmlFragment).children.__delitem__(1)
        )
        await restored(http, old)
        # This editor has not seen the restore yet.
        late: Doc[Any] = Doc()
        late.apply_update(editor.replica.get_update())
        before = late.get_state()
        first_text(late).insert(5, " here")
        async with connect(server, "msgpack", name="Ben") as ben:
            await ben.join(name, "yjs")
            await ben.update(name, "b.1", late.get_update(before))
        prose = (await editor.see(head + 2))[1]
        assert prose == (
            '<paragraph level="1">stays here</paragraph><paragraph level="2">goes</paragraph>'
        )


async def test_a_list_that_holds_half_read_characters_ends_in_time() -> None:
    # A nested list with a string in it, which no editor makes: reading it never ends in yrs.
    nested = bytes.fromhex("010201000701016c000400010004f09f988000")
    assert isinstance(inspect(nested, KnownState()), Ready)
    with pytest.raises(ReversalError, match="more than 5 s"):
        await find_reversal(Task([], [nested], 7, "content"), time_limit_s=5)


@pytest.mark.parametrize(
    ("raised", "answer"),
    [
        (ReversalError("it takes too long"), (409, "not_restorable")),
        (BusyError("too many"), (429, "rate_limited")),
    ],
)
async def test_what_cannot_be_brought_back_is_refused_and_nothing_changes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    answer: tuple[int, str],
) -> None:
    async def fail(_: Task) -> Reversal:
        raise raised

    monkeypatch.setattr("app.service.version_restore.find_reversal", fail)
    async with application(tmp_path) as quire:
        await quire.create("notes", "a😀b")
        # One character less, but two units: counting does not tell that it was all.
        await quire.edit("notes", 1, {"retain": 1}, {"delete": 1})
        refused = await quire.refused("POST", "/api/documents/notes/restore", json={"version": 1})
        assert refused == answer
        assert (await quire.ok("GET", "/api/documents/notes"))["version"] == 2
