"""Measure the page in a real Chromium: keystrokes in a large text among carets, and opening it.

The figures are those of the browser: how long the main thread is busy with a key that is pressed
(`handling`, see `key_handling.py`), how long until what it wrote is painted (`paint`, in steps of
8 ms), and tasks of more than 50 ms (`long_tasks`) while somebody types. `handling_cpu` and
`work_per_key` are processor time, for a busy machine. Chromium's tracing runs meanwhile, which
takes a little of all these times.
"""

import asyncio
import os
import random
import shutil
import statistics
from typing import Any, Final, Self

import httpx
import msgspec
from playwright.async_api import Browser, Page, Playwright, async_playwright

from bench.figures import show
from bench.pagework import PageWork
from bench.server import Server
from bench.websocket import Connection, connect

_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_TEXT_CHARS: Final = 1_000_000
_PEERS: Final = 50
_KEYS: Final = 120
_VISITS: Final = 3
_KEY_PAUSE_MS: Final = 80
_PATIENCE_MS: Final = 60_000

_WATCH = """() => {
  const seen = {paint: [], tasks: []};
  window.bench = seen;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === "keydown") seen.paint.push(entry.duration);
    }
  }).observe({type: "event", durationThreshold: 16});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.tasks.push(Math.round(entry.duration));
  }).observe({type: "longtask"});
}"""

FIRST_TEXT: Final = """() => new Promise((resolve) => {
  const look = () => {
    const line = document.querySelector(".pane-source .cm-line");
    if (line !== null && line.textContent !== "") resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Wait for words in the editor; returns milliseconds since the navigation began."""

_LONG_LINES = """() => {
  const lines = [...document.querySelectorAll(".pane-source .cm-line")];
  const top = document.querySelector(".pane-source .cm-scroller").getBoundingClientRect().top;
  const shown = lines.filter((line) => line.getBoundingClientRect().top > top);
  return shown.map(({textContent}) => textContent).filter((text) => text.length > 120);
}"""


async def page(peers: int = _PEERS, chars: int = _TEXT_CHARS) -> dict[str, Any]:
    """Keystrokes with and without the preview, opening, and the bytes of the first load."""
    with Server() as server:
        base = f"http://127.0.0.1:{server.port}"
        text = sample_text(chars)
        await create_large(base, text)
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            try:
                return await _measure(browser, server.port, text, peers)
            finally:
                await browser.close()


async def create_large(base: str, text: str) -> None:
    """Create the document `large`."""
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"{base}/api/documents", json={"name": "large", "text": text})
        answer.raise_for_status()


async def _measure(browser: Browser, port: int, text: str, peers: int) -> dict[str, Any]:
    base = f"http://127.0.0.1:{port}"
    result: dict[str, Any] = {"bench": "page", "chars": len(text), "peers": peers}
    result["opening"] = await _opening(browser, base)
    crowd = [await Peer.join(port, number, text) for number in range(peers)]
    for view in ("edit", "both"):
        window = await open_window(browser, f"{base}/d/large", view)
        await window.evaluate(FIRST_TEXT)
        await window.wait_for_timeout(3_000)
        await window.evaluate(_WATCH)
        result[view] = {}
        for place in ("start", "middle"):
            result[view][place] = await _typing(window, place, crowd)
        await window.context.close()
    for peer in crowd:
        peer.close()
    return result


async def open_window(browser: Browser, url: str, view: str) -> Page:
    """Open an address as somebody who has not been there before."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_init_script(f"localStorage.setItem('quire:view', '{view}')")
    window = await context.new_page()
    window.set_default_timeout(_PATIENCE_MS)
    await window.goto(url)
    return window


async def _opening(browser: Browser, base: str) -> dict[str, Any]:
    """Time from the address to the first line of the text, and what the page loads for it.

    The median of visits with an empty cache; the one before them had the server compress the files.
    """
    times: list[float] = []
    for _ in range(_VISITS + 1):
        window = await open_window(browser, f"{base}/d/large", "both")
        times.append(await window.evaluate(FIRST_TEXT))
        await window.context.close()
    window = await open_window(browser, f"{base}/d/large", "edit")
    await window.evaluate(FIRST_TEXT)
    size = await window.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter(({name}) => name.includes("/assets/"))
            .reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0)"""
    )
    await window.context.close()
    return {
        "first_text_ms": round(statistics.median(times[1:])),
        "first_load_kb": round(size / 1000),
    }


async def _typing(window: Page, place: str, crowd: list["Peer"]) -> dict[str, Any]:
    """Type at a place of the text, with all carets in what is visible there."""
    await window.locator(".pane-source .cm-content").first.focus()
    await window.keyboard.press("Control+Home")
    if place == "middle":
        await _go_to_middle(window)
    lines = await window.evaluate(_LONG_LINES)
    near = next(at for at in map(crowd[0].text.find, lines) if at >= 0)
    for number, peer in enumerate(crowd):
        peer.move(anchor=0 if number % 2 else len(peer.text), head=near + 20 + number * 23)
    await window.wait_for_selector(".peer-caret", state="attached", timeout=_PATIENCE_MS)
    # Their names are gone after 2 s.
    await window.wait_for_timeout(2_500)
    await window.keyboard.type("warm up ", delay=_KEY_PAUSE_MS)
    return {
        **await _measured_keys(window),
        "carets_shown": await window.locator(".peer-caret").count(),
        "selections_shown": await window.locator(".peer-selection").count(),
    }


async def _measured_keys(window: Page) -> dict[str, Any]:
    work = await PageWork.start(window)
    await window.wait_for_timeout(500)
    await window.evaluate(
        "() => { for (const list of Object.values(window.bench)) list.length = 0; }"
    )
    await window.keyboard.type(_words(_KEYS), delay=_KEY_PAUSE_MS)
    await window.wait_for_timeout(1_000)
    done = await work.stop(_KEYS)
    seen = await window.evaluate("() => structuredClone(window.bench)")
    assert len(done.handling) == _KEYS, f"{len(done.handling)} of {_KEYS} keys were seen"
    # What took less than 16 ms is not told.
    painted = [16.0] * (_KEYS - len(seen["paint"])) + seen["paint"]
    walls = [spent.wall_ms for spent in done.handling]
    return {
        "keys": _KEYS,
        "handling_p50_ms": _rank(walls, 0.5),
        "handling_p95_ms": _rank(walls, 0.95),
        "handling_cpu_p95_ms": _rank([spent.cpu_ms for spent in done.handling], 0.95),
        "paint_p95_ms": _rank(painted, 0.95),
        "long_tasks": len(seen["tasks"]),
        "longest_task_ms": max(seen["tasks"], default=0),
        "work_per_key": done.per_key,
    }


async def _go_to_middle(window: Page) -> None:
    """Scroll to the middle of the text and click there, as a reader does."""
    await window.evaluate(
        """() => {
            const scroller = document.querySelector(".pane-source .cm-scroller");
            scroller.scrollTop = scroller.scrollHeight / 2;
        }"""
    )
    await window.wait_for_timeout(1_500)
    box = await window.locator(".pane-source .cm-scroller").first.bounding_box()
    assert box is not None, "the editor is shown"
    await window.mouse.click(box["x"] + 200, box["y"] + 200)


class Peer:
    """Somebody else in the document, whose selection is somewhere in it."""

    def __init__(self, connection: Connection, text: str) -> None:
        self._connection = connection
        self.text = text

    @classmethod
    async def join(cls, port: int, number: int, text: str) -> Self:
        joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def receive(payload: bytes, _: float) -> None:
            if msgspec.msgpack.decode(payload).get("type") == "joined" and not joined.done():
                joined.set_result(None)

        connection = await connect(port, receive)
        connection.send(msgspec.msgpack.encode({"type": "auth", "name": f"Peer {number}"}))
        connection.send(msgspec.msgpack.encode({"type": "join", "doc": "large", "mode": "text"}))
        await joined
        return cls(connection, text)

    def move(self, *, anchor: int, head: int) -> None:
        message = {"type": "cursor_move", "doc": "large", "base": None}
        self._connection.send(msgspec.msgpack.encode({**message, "anchor": anchor, "head": head}))

    def close(self) -> None:
        self._connection.close()


def sample_text(chars: int) -> str:
    """Markdown as people write it: headings, paragraphs, lists, code, links and a table."""
    source = random.Random(1)
    parts: list[str] = []
    size = 0
    while size < chars:
        part = _section(source, len(parts))
        parts.append(part)
        size += len(part)
    return "".join(parts)[:chars]


def _section(source: random.Random, number: int) -> str:
    def words(count: int) -> str:
        return " ".join(source.choice(_VOCABULARY) for _ in range(count))

    paragraphs = [
        f"{words(30)} **{words(3)}** {words(20)} *{words(2)}*, `{words(1)}` "
        f"and [{words(2)}](https://example.org/{number}).\n\n"
        for _ in range(3)
    ]
    items = "".join(f"- {words(9)}\n" for _ in range(5))
    tasks = "".join(f"- [{source.choice(' x')}] {words(6)}\n" for _ in range(3))
    code = f"```python\ndef {words(1)}():\n    return '{words(3)}'\n```\n"
    table = f"| {words(1)} | {words(1)} |\n| --- | ---: |\n| {words(2)} | {number} |\n"
    return f"## {number}. {words(4)}\n\n{''.join(paragraphs)}{items}\n{tasks}\n{code}\n{table}\n"


_TEXT_OF_WORDS: Final = (
    "meeting notes budget plan week street river garden market winter letter answer question "
    "people together write read version change history server browser document table answer "
    "morning evening nothing something between without because however perhaps always"
)
_VOCABULARY: Final = _TEXT_OF_WORDS.split()


def _words(chars: int) -> str:
    source = random.Random(2)
    text = ""
    while len(text) < chars:
        text += source.choice(_VOCABULARY) + " "
    return text[:chars]


def _rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else 0.0


async def launch(playwright: Playwright) -> Browser:
    """The Chromium that measures."""
    path = os.environ.get("QUIRE_TEST_CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: QUIRE_TEST_CHROMIUM names one"
    return await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))


if __name__ == "__main__":
    show(asyncio.run(page()))
