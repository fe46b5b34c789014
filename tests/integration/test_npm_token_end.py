"""Clients from npm whose token ends, or is revoked, while they are connected."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from tests.integration.npm_client import KINDS, Kind, NpmClient, npm_client, require_npm_packages
from tests.integration.server import ServerProcess
from tests.integration.test_npm_clients import until
from tests.integration.test_npm_roles import ATTEMPTS_S
from tests.integration.token_client import (
    ENVIRONMENT,
    api_token,
    ask,
    bearer,
    document,
    quire,
    token,
)
from tests.patience import ever_longer

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

LASTS_S = 6.0
"""The time for which the first token lasts; its end is rounded down to a second."""


@pytest.fixture(autouse=True)
def _packages() -> None:
    require_npm_packages()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("npm-token")
    with ServerProcess(folder, environment=ENVIRONMENT) as running:
        yield running


async def stores(server: ServerProcess, doc: str, text: str) -> None:
    reader = bearer(token("ada", {doc: "viewer"}))

    async def is_stored() -> bool:
        path = f"/api/documents/{doc}/text"
        answer = await run_sync(lambda: ask(server, "GET", path, headers=reader))
        return answer.text == text

    await until(is_stored)


async def is_out(kind: Kind, client: NpmClient) -> None:
    """Wait until it was told that its session has ended; it does not try again by itself."""
    if kind == "yws":
        await client.until(lambda state: state.stopped == 4401)
    else:
        state = await client.until(lambda state: state.closes == [1000])
        assert state.denied[0].startswith("auth_failed")
    await asyncio.sleep(ATTEMPTS_S)
    state = await client.state()
    assert len(state.closes) == 1
    assert len(state.denied) == (kind != "yws")


@pytest.mark.parametrize("kind", KINDS)
async def test_client_whose_token_ends_stops_and_goes_on_with_another(
    server: ServerProcess, kind: Kind
) -> None:
    for number, lasts_s in enumerate(ever_longer(LASTS_S)):
        doc = document(server, f"ends-{kind}-{number}")
        async with npm_client(kind) as bob:
            if await writes_before_the_end(server, doc, bob, lasts_s):
                await goes_on_with_another(server, doc, kind, bob)
                return
    raise AssertionError("the machine is too slow to see anything")


async def writes_before_the_end(
    server: ServerProcess, doc: str, bob: NpmClient, lasts_s: float
) -> bool:
    """Write with a token that lasts so long; returns False if it came to its end before."""
    short = token("bob", {doc: "editor"}, lasts_s=lasts_s)
    try:
        async with asyncio.timeout(lasts_s):
            await bob.connect(server, doc, name="x", token=short)
            await bob.until_saved()
            await bob.insert(0, "in time ")
            await stores(server, doc, "in time Hello")
    except TimeoutError:
        return False
    return True


async def goes_on_with_another(server: ServerProcess, doc: str, kind: Kind, bob: NpmClient) -> None:
    await is_out(kind, bob)
    await bob.insert(0, "too late, ")
    await bob.set_token(token("bob", {doc: "editor"}))
    await bob.disconnect()
    await bob.reconnect()
    await stores(server, doc, "too late, in time Hello")
    await bob.until_saved()


@pytest.mark.parametrize("kind", ["hocuspocus3", "hocuspocus4"])
async def test_provider_that_has_another_token_by_then_is_not_interrupted(
    server: ServerProcess, kind: Kind
) -> None:
    for number, lasts_s in enumerate(ever_longer(LASTS_S)):
        doc = document(server, f"renewed-{kind}-{number}")
        async with npm_client(kind) as bob:
            # It ends so late that the server asks only after the other is there.
            short = token("bob", {doc: "editor"}, lasts_s=30 + lasts_s)
            try:
                async with asyncio.timeout(lasts_s):
                    await bob.connect(server, doc, name="x", token=short)
                    await bob.until_saved()
                    before = len((await bob.state()).scopes)
                    await bob.set_token(token("bob", {doc: "viewer"}))
            except TimeoutError:
                continue
            state = await bob.until(lambda state, before=before: len(state.scopes) > before)  # type: ignore[misc]
            await bob.until(lambda state: state.scope == "readonly")
            assert (state.closes, state.denied) == ([], [])
            return
    raise AssertionError("the machine is too slow to see anything")


@pytest.mark.parametrize("kind", KINDS)
async def test_client_whose_api_token_is_revoked_stops(server: ServerProcess, kind: Kind) -> None:
    doc = document(server, f"revoked-{kind}")
    secret, token_id = await run_sync(lambda: api_token(server, "--document", doc))
    async with npm_client(kind) as bot:
        await bot.connect(server, doc, name="x", token=secret)
        await bot.until_saved()
        await bot.insert(0, "in time ")
        await stores(server, doc, "in time Hello")
        place = ("--database-url", server.database_url)
        code, _, err = await run_sync(lambda: quire(server, "token", "revoke", token_id, *place))
        assert code == 0, err
        await is_out(kind, bot)
        await bot.insert(0, "too late ")
        await asyncio.sleep(1)
        await stores(server, doc, "in time Hello")
