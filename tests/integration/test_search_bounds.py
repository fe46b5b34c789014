"""The bounds of full-text search: how often, how many at once, how long."""

import asyncio
import time
from pathlib import Path

import pytest

from app.service.text_search import SearchBounds
from sync.error import ErrorCode, QuireError
from tests.integration.http_app import application
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

SEARCH = "/api/search?q=apple"
BEN = {"X-Quire-Name": "Ben"}


async def test_searches_of_a_user_are_counted(tmp_path: Path) -> None:
    async with application(tmp_path, searches_per_minute=3) as quire:
        for _ in range(3):
            await quire.ok("GET", SEARCH)
        refused = await quire.http.get(SEARCH)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        await quire.ok("GET", SEARCH, headers=BEN)


async def test_search_that_takes_too_long_is_refused_and_others_go_on(tmp_path: Path) -> None:
    async with application(tmp_path, max_search_s=0.0) as quire:
        await quire.create("notes", "apple pie")
        assert await quire.refused("GET", SEARCH) == (422, "search_too_slow")
        assert (await quire.ok("GET", "/api/documents"))["documents"]


async def test_few_search_at_once_and_the_others_wait_or_are_told(tmp_path: Path) -> None:
    bounds = SearchBounds(0.2)
    async with bounds.place(), bounds.place():
        with pytest.raises(QuireError) as refused:
            async with bounds.place():
                pytest.fail("there is no place")
        assert refused.value.code is ErrorCode.RATE_LIMITED
        assert refused.value.retry_after_s
    async with bounds.place():
        pass


async def test_text_of_lookalikes_costs_little(tmp_path: Path) -> None:
    """Each place begins like the word that is sought, and none is it."""
    async with application(tmp_path) as quire:
        await quire.create("notes", "apples " * 140_000 + " apple")
        query = {"q": '"apple"'}
        async with asyncio.timeout(PATIENCE_S):
            found = await quire.ok("GET", "/api/search", params=query)
            while not found["results"]:
                await asyncio.sleep(0.2)
                found = await quire.ok("GET", "/api/search", params=query)
        begun = time.process_time()
        found = await quire.ok("GET", "/api/search", params=query)
        assert found["results"][0]["document"]["name"] == "notes"
        assert time.process_time() - begun < 2
