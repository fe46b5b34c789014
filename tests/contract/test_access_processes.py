"""What several processes do at once: use one ticket, change who may do what.

Planted and caught: a ticket that is looked at first and marked as used afterwards (PostgreSQL;
SQLite has one writer at a time); positions of changes from a sequence instead of the locked head.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from storage.access.access_record import AccessChange
from storage.identity.identity_record import TicketRecord
from tests.contract.sample import open_whole
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


async def start(*arguments: str) -> Process:
    """Start a process and wait until it is ready."""
    command = (sys.executable, "-m", "tests.contract.access_process", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        assert await process.stdout.readline() == b"ready\n"
    return process


async def finish(process: Process) -> list[str]:
    """Let a process begin, and return the lines that it prints."""
    async with asyncio.timeout(PATIENCE_S):
        printed, _ = await process.communicate(b"\n")
    assert process.returncode == 0
    return printed.decode().split()


async def test_ticket_is_used_by_exactly_one_of_two_processes(database_url: str) -> None:
    store = open_whole(database_url)
    secrets = [f"secret-{n}" for n in range(60)]
    for secret in secrets:
        ticket = TicketRecord(sha256(secret.encode()).digest(), "{}", None, None, 1_000)
        await store.identity.put_ticket(ticket)
    processes = [await start("use", database_url, *secrets) for _ in range(2)]
    got = await asyncio.gather(*map(finish, processes))
    assert Counter(got[0]) + Counter(got[1]) == Counter(secrets)
    await store.aclose()


async def test_changes_are_seen_in_order_and_without_a_gap(database_url: str) -> None:
    """Whoever reads while others write never has to look back."""
    store = open_whole(database_url)
    processes = [await start("change", database_url, "20") for _ in range(2)]
    writing = asyncio.gather(*map(finish, processes))
    seen: list[AccessChange] = []
    while True:
        is_last = writing.done()
        news = await store.access.changes(len(seen), 5)
        seen += news
        assert [each.position for each in seen] == list(range(1, len(seen) + 1))
        if is_last and not news:
            break
        await asyncio.sleep(0.001)
    await writing
    assert len(seen) == await store.access.head()
    numbers: dict[str | None, list[int]] = {}
    for each in seen:
        numbers.setdefault(each.user_id, []).append(each.at_ms)
    assert len(numbers) == 6
    assert all(sorted(each) == each and set(each) == set(range(20)) for each in numbers.values())
    await store.aclose()
