"""Measure the preview in Chromium: opening a large document, and one edit in one."""

import asyncio
import json
import statistics
import urllib.request
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from bench.page_response import launch
from bench.server import Server

_CHARS: Final = 500_000
_OPEN_CHARS: Final = 980_000
"""As JSON it is 1 MiB, which is what a request may hold."""
_EDITS: Final = 8
_VISITS: Final = 3
_PAUSE_S: Final = 1.2
_WATCH: Final = """
window.seen = { long: [], edits: [], first: null };
new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => {
  for (const one of list.getEntriesByName("quire:preview")) seen.edits.push(one.duration);
}).observe({ type: "measure", buffered: true });
const timer = setInterval(() => {
  if (!document.querySelector(".preview .block")?.textContent) return;
  clearInterval(timer);
  seen.first = performance.now();
}, 5);
"""


def _text(chars: int) -> str:
    """Sections as notes have them, of `chars` characters."""
    parts: list[str] = []
    size = 0
    while size < chars:
        number = len(parts)
        part = (
            f"## Part {number}\n\nSome **words** with a [link](https://example.org/{number}) and"
            " `code`, and more text to fill the line.\n\n- one\n- two *em*\n- [ ] three\n\n"
        )
        parts.append(part)
        size += len(part)
    return "".join(parts)[:chars]


def _create(port: int, name: str, text: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/documents",
        json.dumps({"name": name, "text": text}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).close()


async def _open(page: Page, port: int, name: str) -> None:
    await page.add_init_script(_WATCH)
    await page.goto(f"http://127.0.0.1:{port}/d/{name}")
    await page.locator(".preview .block").first.wait_for()
    await asyncio.sleep(3)


async def _first_text(browser: Browser, port: int) -> float:
    """Milliseconds since the navigation began, for a visitor whose cache is empty."""
    page = await browser.new_page()
    await _open(page, port, "open")
    first: float = await page.evaluate("window.seen.first")
    await page.close()
    return first


async def page_preview() -> dict[str, Any]:
    """Return milliseconds: first text of a document of 1 MB, and of edits in one of 500 kB, from
    the end of the pause that typing is given until the page is changed.

    The first text is the median of visits; the one before them had the server compress its files.
    Chromium, which is several processes, has all cores of the machine, as in `page`.
    """
    with Server() as server:
        port = server.port
        _create(port, "open", _text(_OPEN_CHARS))
        _create(port, "edit", _text(_CHARS))
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            firsts = [await _first_text(browser, port) for _ in range(_VISITS + 1)]
            page = await browser.new_page()
            await _open(page, port, "edit")
            await page.evaluate("window.seen.edits = []; window.seen.long = [];")
            await page.locator(".cm-content").first.focus()
            for _ in range(_EDITS):
                await page.keyboard.type("x")
                await asyncio.sleep(_PAUSE_S)
            seen = await page.evaluate("window.seen")
            await browser.close()
    return {
        "bench": "preview",
        "open_1_mb_first_text_ms": round(statistics.median(firsts[1:])),
        "edit_500_kb_ms": round(statistics.median(seen["edits"]), 1),
        "edit_500_kb_worst_ms": round(max(seen["edits"]), 1),
        "long_tasks": len(seen["long"]),
    }
