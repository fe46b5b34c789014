"""The stock y-websocket client with a ticket in its address, over losses of its connection."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from app.identity.secret_hash import secret_hash
from storage.store import open_store
from tests.integration.npm_client import BACKOFF_MS, npm_client, require_npm_packages
from tests.integration.server import ServerProcess
from tests.integration.token_client import ENVIRONMENT, document, ticket, token
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

RETURN_S: Final = 2


@pytest.fixture(autouse=True)
def packages() -> None:
    require_npm_packages()


async def bound_until_ms(server: ServerProcess, secret: str) -> int:
    """Return until when a ticket may be used again; 0: it may not."""
    store = open_store(server.database_url)
    try:
        found = await store.identity.reuse_ticket(secret_hash(secret), int(time.time() * 1000))
        return 0 if found is None else found.bound_until_ms or 0
    finally:
        await store.aclose()


async def wait_for_end(
    server: ServerProcess, secret: str, condition: Callable[[int], bool]
) -> None:
    """Wait until the end of a ticket's return meets a condition."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition(await bound_until_ms(server, secret)):
                return
            await asyncio.sleep(0.05)


async def test_ywebsocket_comes_back_by_its_ticket_long_after_it_was_issued(
    tmp_path: Path,
) -> None:
    environment = ENVIRONMENT | {"QUIRE_TICKET_RETURN_S": "60"}
    with ServerProcess(tmp_path, environment=environment) as server:
        notes = document(server, "notes")
        shown = token("ada", {"notes": "editor"})
        secret = ticket(server, shown, document=notes)
        async with npm_client("yws") as ana:
            await ana.connect(server, notes, name="x", token=secret, backoff_ms=BACKOFF_MS)
            await ana.until(lambda state: state.synced)
            await asyncio.to_thread(server.restart)
            await ana.until(lambda state: bool(state.closes))
            await ana.until(lambda state: state.synced)
            await ana.disconnect()
            await ana.reconnect()
            await ana.until(lambda state: state.synced)
            assert (await ana.state()).stopped is None


async def test_ticket_lasts_as_long_as_its_socket_and_then_ends(tmp_path: Path) -> None:
    environment = ENVIRONMENT | {"QUIRE_TICKET_RETURN_S": str(RETURN_S)}
    with ServerProcess(tmp_path, environment=environment) as server:
        notes = document(server, "notes")
        secret = ticket(server, token("ada", {"notes": "editor"}), document=notes)
        async with npm_client("yws") as ana:
            await ana.connect(server, notes, name="x", token=secret, backoff_ms=BACKOFF_MS)
            await ana.until(lambda state: state.synced)
            first = await bound_until_ms(server, secret)
            # Renewed twice: it would have ended by now.
            await wait_for_end(server, secret, lambda end: end > first + RETURN_S * 1000)
            await ana.disconnect()
            await wait_for_end(server, secret, lambda end: end == 0)
            await ana.reconnect()
            state = await ana.until(lambda state: state.stopped is not None)
            # For good: there is no loop of attempts.
            assert state.stopped == 4401
