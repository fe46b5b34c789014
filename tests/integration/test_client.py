"""The Python client against a real server process: typing at once, crashes, resumption, closing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync

from sync.client import (
    Change,
    Client,
    ConnectionLost,
    Document,
    DocumentEvent,
    Events,
    NotSaved,
    Timing,
    Withdrawn,
    connect,
)
from sync.error import ErrorCode, QuireError
from sync.text.delta import apply, deletion, insertion
from sync.wire.message import Encoding
from tests.free_port import free_port
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOON_S

pytestmark = pytest.mark.anyio

QUICK = Timing(connect_timeout_s=PATIENCE_S, close_timeout_s=PATIENCE_S)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what no event of the client tells."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("client")) as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """One that a test may kill."""
    with ServerProcess(tmp_path, arguments=("--max-message-bytes", "8192")) as running:
        yield running


@asynccontextmanager
async def author(
    server: ServerProcess, name: str, encoding: Encoding = "msgpack", timing: Timing = QUICK
) -> AsyncIterator[Client]:
    async with asyncio.timeout(PATIENCE_S):
        async with connect(server.url, name=name, encoding=encoding, timing=timing) as client:
            yield client


async def history(server: ServerProcess, name: str) -> list[dict[str, object]]:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        found: list[dict[str, object]] = []
        while True:
            params = {"after": len(found), "limit": 500}
            answer = await http.get(f"{server.url}/api/documents/{name}/history", params=params)
            page = answer.json()["events"]
            found += page
            if not page:
                return found


async def all_of(events: Events) -> list[DocumentEvent]:
    return [event async for event in events]


async def agree(*documents: Document) -> str:
    """Wait until all have everything; returns the one text."""
    for document in documents:
        await document.settled()
    newest = max(document.version for document in documents)
    texts = {await document.wait_for(newest) for document in documents}
    (text,) = texts
    return text


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
async def test_edits_return_the_version_that_has_them(
    server: ServerProcess, encoding: Encoding
) -> None:
    async with author(server, "Ada", encoding) as client:
        doc = await client.join(f"versions-{encoding}")
        assert (doc.text, doc.version) == ("", 0)
        assert await doc.insert(0, "Hello 😀") == 1
        assert await doc.delete(5, 1) == 2
        assert await doc.edit((5, ", ", 1, "!")) == 3
        assert doc.text == doc.committed_text == "Hello, 😀!"
        assert await client.join(doc.name) is doc


async def test_two_clients_typing_at_once_agree_and_lose_nothing(server: ServerProcess) -> None:
    async with author(server, "Ada") as ada, author(server, "Bob", "json") as bob:
        hers, his = await ada.join("typing"), await bob.join("typing")

        async def write(doc: Document, letter: str) -> None:
            for number in range(40):
                doc.insert_nowait(len(doc.text) // 2, letter)
                if number % 10 == 5:
                    doc.delete_nowait(0, 1)
                await asyncio.sleep(0)
                if number % 7 == 0:
                    await doc.settled()

        await asyncio.gather(write(hers, "a"), write(his, "b"))
        text = await agree(hers, his)
        # Who deletes at the same time may delete the same character.
        assert 80 - 8 <= len(text) <= 80 - 4


async def test_events_tell_how_the_text_shown_changes(server: ServerProcess) -> None:
    async with author(server, "Ada") as ada, author(server, "Bob") as bob:
        hers, his = await ada.join("events"), await bob.join("events")
        shown, events = his.text, his.events()
        for number in range(10):
            await hers.insert(0, f"{number} ")
        await his.insert(0, "mine")
        while True:
            change = await anext(events)
            assert isinstance(change, Change)
            if change.own:
                break
            assert change.actor is not None
            assert change.actor.name == "Ada"
            shown = apply(shown, change.shown)
        assert "mine" + shown == his.text
        assert change.version == 11


async def test_presence_shows_members_and_cursors(server: ServerProcess) -> None:
    async with author(server, "Ada") as ada:
        hers = await ada.join("presence")
        await hers.insert(0, "Hello world")
        async with author(server, "Bob") as bob:
            his = await bob.join("presence")
            his.cursor(6, 11)
            await until(lambda: bool(hers.cursors))
            (cursor,) = hers.cursors.values()
            assert (cursor.user.name, cursor.anchor, cursor.head) == ("Bob", 6, 11)
            assert [member.user.name for member in hers.members] == ["Ada", "Bob"]
        await until(lambda: len(hers.members) == 1)
        assert not hers.cursors


async def test_many_documents_share_one_socket(server: ServerProcess) -> None:
    async with author(server, "Ada") as client:
        names = [f"many-{number}" for number in range(8)]
        documents = await asyncio.gather(*(client.join(name) for name in names))
        await asyncio.gather(*(doc.insert(0, doc.name) for doc in documents))
        assert [doc.text for doc in documents] == names
        await documents[0].leave()
        with pytest.raises(ConnectionLost):
            documents[0].insert_nowait(0, "x")
        again = await client.join(names[0])
        assert again.text == names[0]


async def test_edits_survive_a_killed_server_once_each(own_server: ServerProcess) -> None:
    async with author(own_server, "Ada") as ada, author(own_server, "Bob", "json") as bob:
        hers, his = await ada.join("crash"), await bob.join("crash")
        told: dict[str, int] = {}

        async def write(doc: Document, letter: str) -> None:
            for number in range(40):
                word = f"{letter}{number} "
                told[word] = await doc.insert(len(doc.text), word)

        async with asyncio.TaskGroup() as writers:
            writers.create_task(write(hers, "a"))
            writers.create_task(write(his, "b"))
            for least in (10, 40):
                await until(lambda least=least: len(told) >= least)  # type: ignore[misc]
                await run_sync(own_server.restart)
        text = await agree(hers, his)
    words = text.split()
    assert sorted(words) == sorted(word.strip() for word in told)
    log = await history(own_server, "crash")
    assert [event["version"] for event in log] == list(range(1, len(log) + 1))
    inserted = {str(event["version"]): event["text"] for event in log}
    assert all(inserted[str(version)] == word for word, version in told.items())


async def test_offline_edits_are_kept_and_merged(own_server: ServerProcess) -> None:
    async with author(own_server, "Ada") as ada, author(own_server, "Bob") as bob:
        hers, his = await ada.join("offline"), await bob.join("offline")
        await hers.insert(0, "one two three")
        await his.wait_for(1)
        await run_sync(own_server.kill9)
        await ada.wait_online(online=False)
        first = hers.insert_nowait(3, ",")
        hers.insert_nowait(8, ",")
        his.delete_nowait(0, 4)
        his.insert_nowait(0, "zero ")
        assert hers.text == "one, two, three"
        assert hers.unacknowledged == 2
        await run_sync(own_server.start)
        assert await first > 1
        # The comma stood in what he has deleted; which of the two is back first decides its place.
        assert await agree(hers, his) in {"zero ,two, three", ",zero two, three"}


async def test_an_open_but_silent_server_is_taken_for_dead(own_server: ServerProcess) -> None:
    timing = Timing(connect_timeout_s=2.0, close_timeout_s=30.0, ping_interval_s=0.3,
                    ping_timeout_s=0.5)  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        async with connect(own_server.url, name="Ada", timing=timing) as client:
            doc = await client.join("silent")
            await doc.insert(0, "before ")
            own_server.pause()
            try:
                await client.wait_online(online=False)
                edit = doc.insert_nowait(7, "after")
            finally:
                own_server.resume()
            assert await edit == 2
            assert doc.text == "before after"


async def test_a_refused_edit_is_taken_out_of_the_text(own_server: ServerProcess) -> None:
    async with author(own_server, "Ada") as client:
        doc = await client.join("refused")
        await doc.insert(0, "kept")
        with pytest.raises(QuireError) as refused:
            await doc.insert(0, "x" * 9_000)
        assert refused.value.code is ErrorCode.TOO_LARGE
        assert doc.text == "kept"


async def test_a_deleted_document_ends_with_an_error(server: ServerProcess) -> None:
    async with (
        author(server, "Ada") as client,
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http,
    ):
        doc = await client.join("doomed")
        await doc.insert(0, "text")
        events = doc.events()
        name = {"X-Quire-Name": "Ada"}
        answer = await http.delete(f"{server.url}/api/documents/doomed", headers=name)
        assert answer.is_success
        with pytest.raises(QuireError) as ended:
            await all_of(events)
        assert ended.value.code is ErrorCode.UNKNOWN_DOCUMENT
        assert doc.is_closed
        with pytest.raises(QuireError) as refused:
            doc.insert_nowait(0, "x")
        assert refused.value.code is ErrorCode.UNKNOWN_DOCUMENT
        with pytest.raises(QuireError):
            await client.join("doomed")


async def test_closing_waits_for_acknowledgements(server: ServerProcess) -> None:
    async with author(server, "Ada") as client:
        doc = await client.join("closing")
        for number in range(200):
            doc.insert_nowait(0, f"{number} ")
    async with author(server, "Ada") as client:
        assert len((await client.join("closing")).text.split()) == 200


async def test_closing_reports_what_was_not_acknowledged(own_server: ServerProcess) -> None:
    timing = Timing(connect_timeout_s=30.0, close_timeout_s=0.2)
    with pytest.raises(NotSaved) as report:  # noqa: PT012
        async with connect(own_server.url, name="Ada", timing=timing) as client:
            doc = await client.join("lost")
            await doc.insert(0, "a")
            await run_sync(own_server.kill9)
            edit = doc.insert_nowait(1, "b")
    assert report.value.unacknowledged == {"lost": 1}
    with pytest.raises(ConnectionLost):
        await edit


async def test_an_exception_in_the_body_is_not_wrapped_and_does_not_wait(
    own_server: ServerProcess,
) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with connect(own_server.url, name="Ada", timing=QUICK) as client:
            doc = await client.join("raised")
            await run_sync(own_server.kill9)
            doc.insert_nowait(0, "b")
            raise ZeroDivisionError


async def test_cancelling_an_edit_stops_the_waiting_only(server: ServerProcess) -> None:
    async with author(server, "Ada") as client:
        doc = await client.join("cancelled")
        waiting = asyncio.ensure_future(doc.insert(0, "still there"))
        await asyncio.sleep(0)
        waiting.cancel()
        await doc.settled()
        assert doc.committed_text == "still there"


async def test_cancelling_a_client_ends_all_its_tasks(server: ServerProcess) -> None:
    before = asyncio.all_tasks()

    async def hold() -> None:
        async with connect(server.url, name="Ada", timing=QUICK) as client:
            await client.join("held")
            await asyncio.Event().wait()

    task = asyncio.ensure_future(hold())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before


async def test_no_server_is_an_error_after_the_time_allowed() -> None:
    started = time.monotonic()
    with pytest.raises(ConnectionLost, match="no connection"):
        async with connect(f"http://127.0.0.1:{free_port()}", timing=Timing(connect_timeout_s=0.3)):
            pass
    assert time.monotonic() - started < SOON_S


@pytest.mark.parametrize(("name", "token"), [(" ", None), (None, "not taken in open mode")])
async def test_refused_authentication_is_an_error_at_once(
    server: ServerProcess, name: str | None, token: str | None
) -> None:
    with pytest.raises(QuireError) as refused:
        async with connect(server.url, name=name, token=token, timing=QUICK):
            pass
    assert refused.value.code is ErrorCode.AUTH_FAILED


async def test_a_server_of_something_else_is_an_error_at_once(server: ServerProcess) -> None:
    with pytest.raises(ConnectionLost, match="HTTP 40"):
        async with connect(f"{server.url}/nothing", timing=QUICK):
            pass


async def test_edits_outside_the_text_raise_and_change_nothing(server: ServerProcess) -> None:
    async with author(server, "Ada") as client:
        doc = await client.join("outside")
        for ops in (insertion(5, "x"), deletion(0, 1)):
            with pytest.raises(ValueError, match="the text ends at 0"):
                await doc.edit(ops)
        with pytest.raises(ValueError, match="cannot be"):
            await client.join("no/slash")
        assert doc.unacknowledged == 0


async def test_a_refusal_by_the_server_is_announced_as_withdrawn(
    tmp_path: Path,
) -> None:
    arguments = ("--max-document-chars", "12")
    with ServerProcess(tmp_path, arguments=arguments) as small:
        async with author(small, "Ada") as ada, author(small, "Bob") as bob:
            hers, his = await ada.join("full"), await bob.join("full")
            events = his.events()
            # Each fits alone; whichever comes second does not.
            edits = [hers.insert_nowait(0, "x" * 8), his.insert_nowait(0, "y" * 8)]
            results = await asyncio.gather(*edits, return_exceptions=True)
            refused = [each for each in results if isinstance(each, QuireError)]
            assert [each.code for each in refused] == [ErrorCode.DOCUMENT_FULL]
            assert await agree(hers, his) in ("x" * 8, "y" * 8)
            if isinstance(results[1], QuireError):
                seen = [await anext(events), await anext(events)]
                assert any(isinstance(each, Withdrawn) for each in seen)
