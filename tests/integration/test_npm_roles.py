"""Clients from npm whose role does not allow them to write, or changes while they are connected."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.shells.clock import now_ms
from tests.integration.npm_client import (
    KINDS,
    Kind,
    NpmClient,
    State,
    npm_client,
    require_npm_packages,
)
from tests.integration.server import ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.integration.test_npm_clients import has_text, until
from tests.patience import SOAK

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

ATTEMPTS_S = 40.0 if SOAK else 4.0
"""How long a client is watched for connecting again and again; its own pauses are below 3 s."""


@pytest.fixture(autouse=True)
def _packages() -> None:
    require_npm_packages()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("npm-roles")
    with ServerProcess(folder, arguments=PRIVATE) as running:
        yield running


async def settles_on(shared: SharedDocument, text: str, *clients: NpmClient) -> None:
    """Wait until the log and all clients have a text."""

    async def is_stored() -> bool:
        return await shared.text() == text

    await until(is_stored)
    for client in clients:
        await until(lambda client=client: has_text(client, text))  # type: ignore[misc]


def untroubled(state: State) -> bool:
    return (state.closes, state.stopped, state.denied) == ([], None, [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", ["viewer", "commenter"])
async def test_reader_that_types_is_refused_stays_and_loses_nothing_once_it_may_write(
    server: ServerProcess, kind: Kind, role: str
) -> None:
    doc = f"reads-{kind}-{role}"
    async with (
        SharedDocument(server, doc, role) as shared,
        npm_client(kind) as bob,
        npm_client("yws") as ada,
    ):
        # Deletions: from now on a client that lacks nothing sends more than an empty update.
        await shared.write("two")
        await ada.connect(server, doc, name="Ada")
        await bob.connect(server, doc, name="Bob")
        await ada.until_saved()
        await bob.until_saved()
        assert untroubled(await bob.state())

        typed = 0
        start = time.monotonic()
        while time.monotonic() - start < ATTEMPTS_S:
            await bob.insert(0, "b")
            typed += 1
            await asyncio.sleep(0.2)
        state = await bob.state()
        assert untroubled(state)
        assert state.unsynced == (None if kind == "yws" else typed)
        assert await shared.text() == "two"
        assert await has_text(ada, "two")

        # It sees everybody, and everybody sees it.
        await ada.insert(3, " live")
        await until(lambda: has_text(bob, "b" * typed + "two live"))
        await bob.announce({"mood": "curious"})
        await ada.announce({"mood": "busy"})
        for one, mood in ((ada, "curious"), (bob, "busy")):

            async def is_shown(one: NpmClient = one, mood: str = mood) -> bool:
                return mood in [each.get("mood") for each in await one.others()]

            await until(is_shown)
        assert untroubled(await bob.state())

        await shared.let("editor")
        await settles_on(shared, "b" * typed + "two live", ada, bob)
        await bob.until_saved()
        await bob.insert(0, "and ")
        await settles_on(shared, "and " + "b" * typed + "two live", ada, bob)
        await bob.until_saved()
        state = await bob.state()
        assert untroubled(state)
        if kind != "yws":
            assert state.scopes == ["readonly", "readonly", "read-write"][-len(state.scopes) :]
            assert state.scope == "read-write"


@pytest.mark.parametrize("kind", KINDS)
async def test_writer_whose_role_is_lowered_while_it_types_loses_nothing(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"lowered-{kind}"
    async with (
        SharedDocument(server, doc, "editor", "") as shared,
        npm_client(kind) as bob,
        npm_client("yws") as ada,
    ):
        for client, name in ((bob, "Bob"), (ada, "Ada")):
            await client.connect(server, doc, name=name)
            await client.until_saved()

        async def type_on() -> None:
            for number in range(120):
                await bob.insert(number, chr(ord("a") + number % 26))

        typing = asyncio.create_task(type_on())
        await until(lambda: is_begun(shared))
        await shared.let("viewer")
        await typing
        written = await bob.text()
        assert len(written) == 120
        if kind != "yws":
            await bob.until(lambda state: state.scope == "readonly")
        await ada.insert(0, "!")
        await until(lambda: begins(bob, "!"))
        stored = await shared.text()
        assert ("!" + written).startswith(stored)
        await until(lambda: has_text(ada, stored))
        assert untroubled(await bob.state())
        await shared.let("editor")
        await settles_on(shared, "!" + written, ada, bob)
        await bob.until_saved()


async def is_begun(shared: SharedDocument) -> bool:
    return len(await shared.text()) >= 5


async def begins(client: NpmClient, text: str) -> bool:
    return (await client.text()).startswith(text)


def is_out(kind: Kind, code: int, reason: str, state: State) -> bool:
    """Return whether a client was told that it may not be there, or that nothing is."""
    if kind == "yws":
        return state.stopped == code
    return state.closes == [1000] and (not state.denied or state.denied[0].startswith(reason))


@pytest.mark.parametrize("kind", KINDS)
async def test_client_whose_role_is_taken_away_stops_and_comes_back_with_what_it_typed(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"expelled-{kind}"
    async with SharedDocument(server, doc, "editor") as shared, npm_client(kind) as bob:
        await bob.connect(server, doc, name="Bob")
        await bob.until_saved()
        await shared.expel()
        state = await bob.until(lambda state: is_out(kind, 4403, "forbidden", state))
        assert bool(state.denied) == (kind != "yws")
        for _ in range(int(ATTEMPTS_S / 0.2)):
            await bob.insert(0, "b")
            await asyncio.sleep(0.2)
        typed = await bob.text()
        assert len((await bob.state()).closes) == 1
        assert await shared.text() == "one"
        await shared.let("editor")
        await bob.disconnect()
        await bob.reconnect()
        await settles_on(shared, typed, bob)
        await bob.until_saved()


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_was_never_let_in_is_told_and_does_not_try_again_and_again(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"stranger-{kind}"
    async with SharedDocument(server, doc, None) as shared, npm_client(kind) as bob:
        await bob.connect(server, doc, name="Bob")
        await bob.until(lambda state: state.stopped == 4404 or bool(state.denied))
        for _ in range(int(ATTEMPTS_S / 0.2)):
            await bob.insert(0, "b")
            await asyncio.sleep(0.2)
        state = await bob.state()
        assert not state.synced
        assert len(state.closes) == (kind == "yws")
        assert await shared.text() == "one"


@pytest.mark.parametrize("kind", KINDS)
async def test_client_whose_link_has_expired_is_out_within_a_second(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"lent-{kind}"
    async with SharedDocument(server, doc, None) as shared, npm_client(kind) as bob:
        await shared.lend("editor", now_ms() + 86_400_000)
        await bob.connect(server, doc, name="Bob")
        await bob.until_saved()
        await bob.insert(0, "in time ")
        await settles_on(shared, "in time one", bob)
        ends_ms = now_ms() + 2_000
        await shared.shorten(ends_ms)
        await bob.until(lambda state: is_out(kind, 4403, "forbidden", state))
        assert now_ms() >= ends_ms
        await bob.insert(0, "too late ")
        await asyncio.sleep(1)
        assert await shared.text() == "in time one"


@pytest.mark.parametrize("kind", KINDS)
async def test_client_of_a_document_that_is_deleted_stops(
    server: ServerProcess, kind: Kind
) -> None:
    doc = f"deleted-{kind}"
    async with SharedDocument(server, doc, "editor") as shared, npm_client(kind) as bob:
        await bob.connect(server, doc, name="Bob")
        await bob.until_saved()
        await shared.delete()
        await bob.until(lambda state: is_out(kind, 4404, "unknown_document", state))
        await asyncio.sleep(ATTEMPTS_S)
        assert len((await bob.state()).closes) == 1


@pytest.mark.parametrize("kind", ["hocuspocus3", "hocuspocus4"])
async def test_document_that_is_lost_takes_no_other_on_the_socket_with_it(
    server: ServerProcess, kind: Kind
) -> None:
    async with (
        SharedDocument(server, f"lost-{kind}", "editor") as lost,
        SharedDocument(server, f"kept-{kind}", "editor") as kept,
        npm_client(kind) as bob,
    ):
        await bob.connect(server, lost.doc, name="Bob")
        beside = await bob.open_beside(1, kept.doc)
        for client in (bob, beside):
            await client.until_saved()
        await lost.expel()
        await bob.until(lambda state: is_out(kind, 0, "forbidden", state))
        await beside.insert(0, "still ")
        await bob.insert(0, "gone ")
        await settles_on(kept, "still one", beside)
        await beside.until_saved()
        state = await beside.state()
        assert untroubled(state)
        assert await lost.text() == "one"
        # Back by a token on the open socket.
        await lost.let("editor")
        await bob.send_token("again")
        await bob.until(lambda state: state.scopes[-2:] == ["read-write", "read-write"])


@pytest.mark.parametrize("kind", ["hocuspocus3", "hocuspocus4"])
async def test_token_that_is_no_good_leaves_the_running_session_alone(
    server: ServerProcess, kind: Kind
) -> None:
    async with (
        SharedDocument(server, f"token-{kind}", "editor") as shared,
        npm_client(kind) as bob,
    ):
        await bob.connect(server, shared.doc, name="Bob")
        await bob.until_saved()
        await bob.send_token("qt_nobody-made-this")
        state = await bob.until(lambda state: bool(state.denied) and len(state.scopes) >= 2)
        assert state.denied[0].startswith("auth_failed")
        assert state.scope == "read-write"
        await bob.insert(0, "still ")
        await settles_on(shared, "still one", bob)
        await bob.until_saved()
        await bob.send_token("open")
        await bob.insert(0, "and ")
        await settles_on(shared, "and still one", bob)
        assert (await bob.state()).closes == []
