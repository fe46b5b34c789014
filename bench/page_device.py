"""Measure how soon a document of 1 MB is there when it comes from the device, without a network.

From the start of the navigation to the first words in the editor: the page comes from its service
worker and the document from the browser's IndexedDB, where an earlier visit has left both.
"""

import statistics
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from bench.page_response import FIRST_TEXT, create_large, launch, open_window, sample_text
from bench.server import Server

_CHARS: Final = 1_000_000
_VISITS: Final = 5
_STORED: Final = """async () => {
  while (navigator.serviceWorker.controller === null || !(await isKept())) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  function isKept() {
    const {connected, version, pending} = window.quire.state();
    return connected && version > 0 && pending === 0;
  }
}"""


async def page_device() -> dict[str, Any]:
    """Return milliseconds from the navigation to the first text, of several visits."""
    with Server() as server:
        await create_large(f"http://127.0.0.1:{server.port}", sample_text(_CHARS))
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            try:
                times = await _visits(browser, f"http://127.0.0.1:{server.port}/d/large")
            finally:
                await browser.close()
    return {
        "bench": "device",
        "chars": _CHARS,
        "first_text_ms": round(statistics.median(times)),
        "worst_ms": round(max(times)),
    }


async def _visits(browser: Browser, url: str) -> list[float]:
    window = await open_window(browser, url, "both")
    await window.evaluate(FIRST_TEXT)
    # The second visit is the first that the service worker serves, if it is ready by then.
    await window.evaluate("async () => void (await navigator.serviceWorker.ready)")
    await window.reload()
    await window.evaluate(FIRST_TEXT)
    await window.evaluate(_STORED)
    await window.wait_for_timeout(3_000)
    await window.context.set_offline(True)
    return [await _visit(window) for _ in range(_VISITS)]


async def _visit(window: Page) -> float:
    await window.reload()
    time: float = await window.evaluate(FIRST_TEXT)
    await window.wait_for_timeout(1_500)
    return time
