"""Line ends and byte order marks through every door: HTTP, sockets, command line, client."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sync.client import connect as connect_client
from sync.text.delta import apply, from_wire
from tests.integration.http_app import Application, application
from tests.integration.npm_client import node_program, require_npm_packages
from tests.integration.peer import Message, connect
from tests.integration.scene import fresh_name
from tests.integration.server import ROOT, ServerProcess
from tests.integration.test_cli import Shell
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"
WINDOWS = "\ufeff# Title\r\n\r\nold\rMac\r\n"
STORED = "# Title\n\nold\nMac\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("newlines")) as process:
        yield process


async def put(quire: Application, text: str, base: int) -> dict[str, object]:
    return await quire.ok("PUT", f"{BASE}/text", content=text, headers={"If-Match": f'"{base}"'})


async def test_document_is_created_with_line_feeds_and_says_so(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        created = await quire.create(text=WINDOWS)
        assert created["normalized"] is True
        assert await quire.text("notes") == STORED
        assert "normalized" not in await quire.ok("GET", BASE)
        assert "normalized" not in await quire.create("plain", text=STORED)
        empty = await quire.create("mark", text="\ufeff")
        assert (empty["version"], empty["normalized"]) == (0, True)


async def test_text_that_differs_in_line_ends_alone_changes_nothing(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text=STORED)
        same = await put(quire, WINDOWS, 1)
        assert (same["version"], same["ops"], same["normalized"]) == (1, [], True)
        written = await put(quire, WINDOWS + "new\r\n", 1)
        assert written["ops"] == [{"retain": len(STORED)}, {"insert": "new\n"}]
        assert await quire.text("notes") == STORED + "new\n"
        again = await put(quire, WINDOWS + "new\r\n", 1)
        assert (again["version"], again["ops"]) == (2, written["ops"]), "sent again, done once"
        assert "normalized" not in await put(quire, "other\n", 2)


async def test_edit_answers_with_what_is_stored(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="a\nb")
        edit = {"id": "e1", "base": 1, "ops": [{"retain": 3}, {"insert": "\r\nc\rd"}]}
        written = await quire.ok("POST", f"{BASE}/edits", json=edit)
        assert written["ops"] == [{"retain": 3}, {"insert": "\nc\nd"}]
        assert written["normalized"] is True
        assert await quire.ok("POST", f"{BASE}/edits", json=edit) == written
        other = {**edit, "ops": [{"retain": 3}, {"insert": "\nc\nd"}]}
        assert await quire.refused("POST", f"{BASE}/edits", json=other) == (409, "duplicate_id")
        # An editor that turns the text into CRLF inserts the CRs alone.
        turned = await quire.edit("notes", 1, {"retain": 1}, {"insert": "\r"})
        assert (turned["version"], turned["ops"], turned["normalized"]) == (2, [], True)
        event = await quire.ok("GET", f"{BASE}/history/2")
        assert event["text"] == await quire.text("notes") == "a\nb\nc\nd"


async def test_text_is_exported_with_the_line_ends_that_are_asked_for(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="a\n\nb")
        for newline, text in (("crlf", b"a\r\n\r\nb"), ("lf", b"a\n\nb")):
            answer = await quire.http.get(f"{BASE}/text", params={"newline": newline})
            assert answer.content == text
        bad = await quire.refused("GET", f"{BASE}/text", params={"newline": "cr"})
        assert bad == (422, "invalid_message")


@pytest.mark.p2
@pytest.mark.p3
async def test_text_mode_shows_the_stored_text_to_author_and_others(server: ServerProcess) -> None:
    doc = fresh_name()
    async with connect(server, "json") as ana, connect(server, "json", name="Ben") as ben:
        await ana.join(doc)
        await ben.join(doc)
        ack = await ana.insert(doc, "a.1", "\ufeffone\r\ntwo\r", base=0)
        assert (ack["version"], ack["ops"]) == (1, [{"insert": "one\ntwo\n"}])
        (event,) = (await ben.expect("events"))["events"]
        assert event["text"] == "one\ntwo\n"
        again = await ana.insert(doc, "a.1", "\ufeffone\r\ntwo\r", base=0)
        assert (again["version"], again["changed"]) == (1, False), "its digest is of what was sent"
        cut = await ana.insert(doc, "a.2", "\n", base=1, pos=8)
        assert cut["ops"] == [{"retain": 8}, {"insert": "\n"}], "cut apart, they are two breaks"


async def test_python_client_ends_with_the_text_of_the_server(server: ServerProcess) -> None:
    name = fresh_name()
    async with (
        asyncio.timeout(PATIENCE_S),
        connect_client(server.url, name="Ana") as ana,
        connect_client(server.url, name="Ben") as ben,
    ):
        mine, other = await ana.join(name), await ben.join(name)
        typed = mine.insert_nowait(0, "\ufeffone\r\ntwo")
        later = mine.insert_nowait(len(mine.text), "\r\nthree")
        mine.insert_nowait(1, ">")
        assert mine.text == "\ufeff>one\r\ntwo\r\nthree", "until the server has answered"
        await typed
        await later
        await mine.settled()
        assert mine.text == mine.committed_text == await other.wait_for(mine.version)
        assert mine.text == ">one\ntwo\nthree"
        await mine.insert(len(mine.text), "\r\n")
        assert mine.text == mine.committed_text == ">one\ntwo\nthree\n"


async def old_document(server: ServerProcess, name: str, text: str) -> None:
    """A document as it was written before line ends were normalised: a Yjs update still can."""
    async with connect(server, "msgpack", name="Old") as peer:
        await peer.join(name, mode="yjs")
        await peer.update(name, "old.1", YjsReplica().insert(0, text))


async def test_old_document_keeps_its_versions_and_is_healed_by_a_whole_text(
    server: ServerProcess, tmp_path: Path
) -> None:
    name = fresh_name()
    await old_document(server, name, WINDOWS)
    shell = Shell(tmp_path, server.url)
    cat = await asyncio.to_thread(shell.run, "cat", name)
    assert cat.stdout == WINDOWS.encode(), "versions name the same text for ever"
    lf = await asyncio.to_thread(shell.run, "cat", name, "--newline", "lf")
    assert lf.stdout == ("\ufeff" + STORED).encode()
    (tmp_path / "old.md").write_bytes(WINDOWS.encode())
    pushed = await asyncio.to_thread(shell.run, "push", name, "old.md")
    assert pushed.stdout == b"2\n"
    assert (await asyncio.to_thread(shell.run, "cat", name)).stdout == STORED.encode()
    assert (tmp_path / "old.md").read_bytes() == WINDOWS.encode()
    old = await asyncio.to_thread(shell.run, "cat", name, "--version", "1")
    assert old.stdout == WINDOWS.encode()


async def restore(server: ServerProcess, name: str, version: int) -> Message:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
        answer = await http.post(f"/api/documents/{name}/restore", json={"version": version})
        assert answer.is_success, answer.text
        body: Message = answer.json()
        return body


@pytest.mark.parametrize("version", [1, 2])
async def test_restored_version_comes_back_normalised(tmp_path: Path, version: int) -> None:
    with ServerProcess(tmp_path) as server:
        name = fresh_name()
        await old_document(server, name, WINDOWS)
        async with connect(server, "json") as ana:
            text = (await ana.join(name))["text"]
            assert text == WINDOWS
            ack = await ana.insert(name, "a.1", "more", base=1, pos=len(text))
            assert ack["version"] == 2
            current = text = apply(text, from_wire(ack["ops"]))
            expected = STORED if version == 1 else STORED + "more"
            written = await restore(server, name, version)
            assert written["normalized"] is True
            assert apply(current, from_wire(written["ops"])) == expected
            (event,) = (await ana.expect("events"))["events"]
            assert event["version"] == 3
            again = await restore(server, name, 3)
            assert (again["version"], again["ops"]) == (3, [])


async def test_push_keeps_the_line_ends_of_a_windows_file(
    server: ServerProcess, tmp_path: Path
) -> None:
    name = fresh_name()
    shell = Shell(tmp_path, server.url)
    path = tmp_path / "windows.md"
    path.write_bytes("\ufeffone\r\ntwo\r\n".encode())
    first = await asyncio.to_thread(shell.run, "push", name, path.name)
    assert (first.stdout, first.stderr) == (b"1\n", b""), "the file lacks nothing"
    assert path.read_bytes() == "\ufeffone\r\ntwo\r\n".encode()
    assert (await asyncio.to_thread(shell.run, "push", name, path.name)).stdout == b"1\n"
    async with connect(server, "json", name="Ben") as ben:
        await ben.join(name)
        await ben.insert(name, "b.1", "zero\n", base=1)
    path.write_bytes("\ufeffone\r\ntwo\r\nthree\r\n".encode())
    assert (await asyncio.to_thread(shell.run, "push", name, path.name)).stdout == b"3\n"
    assert path.read_bytes() == "\ufeffzero\r\none\r\ntwo\r\nthree\r\n".encode()
    assert (await asyncio.to_thread(shell.run, "cat", name)).stdout == b"zero\none\ntwo\nthree\n"
    exported = await asyncio.to_thread(shell.run, "cat", name, "--newline", "crlf", "-o", "copy.md")
    assert exported.returncode == 0
    assert (tmp_path / "copy.md").read_bytes() == b"zero\r\none\r\ntwo\r\nthree\r\n"
    assert (await asyncio.to_thread(shell.run, "push", name, "copy.md")).stdout == b"3\n"


@pytest.mark.parametrize("editor", ["codemirror", "quill"])
def test_stock_editors_write_line_feeds_and_count_crlf_as_one(editor: str) -> None:
    """Facts that decision 0016 stands on, of the published packages."""
    require_npm_packages()
    node, environment = node_program()
    program = ROOT / "tests" / "npm" / "line_ends.mjs"
    printed = subprocess.check_output(
        [node, str(program), editor],
        stdin=subprocess.DEVNULL,
        env=environment,
        timeout=PATIENCE_S,
    )
    assert json.loads(printed) == {
        "shown": 3,
        "typed": "a\rX\nb",
        "written": "p\nq\nr",
        "pasted": "p\nq\nr",
    }
