"""List what a browser fetches for the page of a document at its first load, as bytes on the wire.

Until the text can be written and the page has been quiet for a while: what is loaded later, on
demand, does not belong to it. The cache is empty; headers count.
"""

import os
import shutil
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright

from bench.server import Server

_QUIET_MS: Final = 2_000
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


async def first_load() -> dict[str, Any]:
    """Return the size of the first load in kB (1,000 bytes), and each file of it, largest first."""
    chromium = os.environ.get("QUIRE_TEST_CHROMIUM") or shutil.which("chromium")
    with Server() as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            page = await browser.new_page()
            files = await _fetched(page, f"http://127.0.0.1:{server.port}/d/first-load")
            await browser.close()
    listed = sorted(files.items(), key=lambda file: -file[1])
    return {
        "bench": "first_load",
        "compressed_kb": round(sum(files.values()) / 1_000, 1),
        "requests": len(files),
        "files": {name: round(size / 1_000, 1) for name, size in listed},
    }


async def _fetched(page: Page, url: str) -> dict[str, int]:
    """Open a page; return the bytes of each answer that came for it."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def began(event: dict[str, Any]) -> None:
        names[event["requestId"]] = PurePosixPath(urlsplit(event["response"]["url"]).path).name

    def ended(event: dict[str, Any]) -> None:
        name = names.get(event["requestId"], "?")
        sizes[name] = sizes.get(name, 0) + int(event["encodedDataLength"])

    session.on("Network.responseReceived", began)
    session.on("Network.loadingFinished", ended)
    await page.goto(url)
    await page.locator(".cm-content").wait_for()
    await page.wait_for_timeout(_QUIET_MS)
    return sizes
