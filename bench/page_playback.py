"""Measure the playback in Chromium: loading a long history, and seeking to any of its events.

    python -m bench playback

A seek is measured from the event that moves the slider until the next frame is painted (`painted`),
and what the page itself does for it, model and editor (`handled`). `work_per_seek` is processor
time of the page's thread, for a busy machine.
"""

import asyncio
import os
import random
import shutil
from typing import Any, Final

from playwright.async_api import Page, async_playwright

from bench.figures import percentile
from bench.pagework import PageWork
from bench.pipeline import Writer
from bench.stand import Stand
from bench.trace import load_trace, sequential_updates

_TRACE: Final = "seph-blog1"
_SEEKS: Final = 100
_PATIENCE_MS: Final = 120_000

_SEEK: Final = """async (version) => {
  const slider = document.querySelector(".playback-slider");
  performance.clearMeasures();
  const start = performance.now();
  slider.value = String(version);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  }));
  const painted = performance.now() - start;
  const handled = performance.getEntriesByName("quire:playback")
    .reduce((sum, { duration }) => sum + duration, 0);
  return { painted, handled, shown: Number(slider.value) };
}"""

_LOAD: Final = """() => new Promise((resolve) => {
  const start = performance.now();
  let usable = null;
  window.quire.run("playback");
  const look = () => {
    const slider = document.querySelector(".playback-slider");
    if (usable === null && Number(slider?.max) > 0) usable = performance.now() - start;
    if (document.querySelector(".playback-edge-end") === null) return requestAnimationFrame(look);
    const complete = performance.now() - start;
    const bytes = performance.getEntriesByType("resource")
      .filter(({ name }) => name.includes("/playback?"))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    resolve({ usable, complete, bytes, events: Number(slider.max) });
  };
  look();
})"""


async def page_playback() -> dict[str, Any]:
    """Return milliseconds of loading the life of the longest trace, and of seeks in it."""
    updates = list(sequential_updates(load_trace(_TRACE)))
    with Stand() as stand:
        writer = Writer("life")
        await writer.open(stand.server.port)
        await writer.write(updates, len(updates))
        writer.close()
        chromium = os.environ.get("QUIRE_TEST_CHROMIUM") or shutil.which("chromium")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = await browser.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            await page.goto(f"http://127.0.0.1:{stand.server.port}/d/life")
            await page.locator(".pane-source .cm-line").first.wait_for()
            await page.evaluate("document.querySelector('[data-view]').dataset.view = 'edit'")
            async with asyncio.timeout(_PATIENCE_MS / 1_000):
                loading = await page.evaluate(_LOAD)
            seeks = await _seek(page, int(loading["events"]))
            counting = await PageWork.start(page)
            counted = await _seek(page, int(loading["events"]))
            _, work = await counting.stop(len(counted) + 1)
            await browser.close()
    return {
        "bench": "playback",
        "events": loading["events"],
        "kb_on_the_wire": round(loading["bytes"] / 1_000),
        "usable_ms": round(loading["usable"]),
        "complete_ms": round(loading["complete"]),
        "seeks": len(seeks),
        "handled": _figures([seek["handled"] for seek in seeks]),
        "painted": _figures([seek["painted"] for seek in seeks]),
        "work_per_seek": work,
    }


async def _seek(page: Page, events: int) -> list[dict[str, float]]:
    choose = random.Random(7)
    await page.evaluate(_SEEK, events // 2)
    found: list[dict[str, float]] = []
    for _ in range(_SEEKS):
        version = choose.randint(1, events)
        seek = await page.evaluate(_SEEK, version)
        assert seek["shown"] == version, "the page is at the event that was asked for"
        found.append(seek)
        await page.wait_for_timeout(60)
    return found


def _figures(values: list[float]) -> dict[str, float]:
    """Of milliseconds."""
    return {
        "p50_ms": round(percentile(values, 0.5), 1),
        "p95_ms": round(percentile(values, 0.95), 1),
        "max_ms": round(max(values), 1),
    }
