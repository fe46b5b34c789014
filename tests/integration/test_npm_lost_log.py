"""Clients from npm that bring back what a server has lost, also in the place of its author."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from tests.integration.npm_client import BACKOFF_MS, Kind, npm_client, require_npm_packages
from tests.integration.read_history import read_history
from tests.integration.server import ServerProcess
from tests.integration.test_npm_clients import has_text, http_of, until
from tests.integration.test_npm_refusals import agree_on, served

pytestmark = [pytest.mark.anyio, pytest.mark.p5, pytest.mark.p9]


@pytest.fixture(autouse=True)
def _packages() -> None:
    require_npm_packages()


def forget_log(folder: Path) -> None:
    """Lose the database of a server that does not run."""
    for file in folder.glob("quire.db*"):
        file.unlink()


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
            await client.connect(server, doc, name=name, backoff_ms=BACKOFF_MS)
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


@pytest.mark.parametrize("kind", ["yws", "hocuspocus4"])
async def test_author_whose_id_another_announces_is_told_and_stored_once_that_one_has_left(
    tmp_path: Path, kind: Kind
) -> None:
    doc = "squatted"
    async with AsyncExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path))
        ana = await stack.enter_async_context(npm_client(kind))
        mallory = await stack.enter_async_context(npm_client("yws"))
        await ana.connect(server, doc, name="Ana", backoff_ms=BACKOFF_MS)
        await ana.insert(0, "one")
        await agree_on(server, doc, "one", ana)
        await ana.disconnect()
        await ana.insert(3, " two")
        await run_sync(server.terminate)
        forget_log(tmp_path)
        await run_sync(server.start)
        client_id = (await ana.state()).client
        await mallory.connect(server, doc, name="Mallory", client_id=client_id)
        await mallory.until_saved()
        await ana.reconnect()
        await ana.until(lambda state: 1013 in state.closes)
        await mallory.leave()
        await agree_on(server, doc, "one two", ana)
        await ana.insert(7, " three")
        await agree_on(server, doc, "one two three", ana)
        assert (await ana.state()).stopped is None
        assert {e["actor"]["name"] for e in await read_history(server, doc)} == {"Ana"}


@pytest.mark.parametrize("kind", ["yws", "hocuspocus4"])
async def test_author_whose_id_was_taken_goes_on_under_another_that_yjs_draws(
    tmp_path: Path, kind: Kind
) -> None:
    doc = "taken"
    async with AsyncExitStack() as stack:
        server = stack.enter_context(ServerProcess(tmp_path))
        ana = await stack.enter_async_context(npm_client(kind))
        ben = await stack.enter_async_context(npm_client("yws"))
        mallory = await stack.enter_async_context(npm_client("yws"))
        for client, name in ((ana, "Ana"), (ben, "Ben")):
            await client.connect(server, doc, name=name, backoff_ms=BACKOFF_MS)
            await client.until_saved()
        await ana.insert(0, "one")
        await agree_on(server, doc, "one", ana, ben)
        await ana.disconnect()
        await run_sync(server.terminate)
        forget_log(tmp_path)
        await run_sync(server.start)
        await agree_on(server, doc, "one", ben)
        client_id = (await ana.state()).client
        await mallory.connect(server, doc, name="Mallory", client_id=client_id)
        await until(lambda: has_text(mallory, "one"))
        await mallory.pose(client_id)
        await mallory.insert(3, " evil")
        await agree_on(server, doc, "one evil", ben)
        await ana.reconnect()
        await until(lambda: has_text(ana, "one evil"))
        assert (await ana.state()).client != client_id
        await ana.insert(0, "- ")
        await agree_on(server, doc, "- one evil", ana, ben)
        state = await ana.state()
        assert (state.stopped, state.denied) == (None, [])
        log = await read_history(server, doc)
        actors = {"".join(op.get("insert", "") for op in e["ops"]): e["actor"]["name"] for e in log}
        assert actors == {"one": "Ben", " evil": "Mallory", "- ": "Ana"}
