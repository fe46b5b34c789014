"""What one reads stays where it is on the screen while somebody else writes above it."""

import time
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_PARAGRAPHS = 120
_TEXT = "".join(
    f"Paragraph {number} has some words and goes on for more than one line of the pane, so "
    "that it wraps where the pane is narrow, as paragraphs do.\n\n"
    for number in range(_PARAGRAPHS)
)
_NEWS = "".join(f"News {number}\n\n" for number in range(25))
"""50 lines."""

_FIRST_SEEN = """([scroller, parts]) => {
    const top = document.querySelector(scroller).getBoundingClientRect().top;
    const seen = [...document.querySelectorAll(parts)].find((part) => {
        const box = part.getBoundingClientRect();
        return box.height > 0 && box.top >= top && part.textContent.startsWith("Paragraph");
    });
    if (seen === undefined) return null;
    return [seen.textContent.slice(0, 14), seen.getBoundingClientRect().top];
}"""
_PLACE_OF = """([parts, words]) => {
    const found = [...document.querySelectorAll(parts)].find(
        (part) => part.textContent.startsWith(words));
    return found === undefined ? null : found.getBoundingClientRect().top;
}"""

_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SOURCE = (".pane-source .cm-scroller", ".pane-source .cm-line")
_PREVIEW = (".pane-preview .preview", ".pane-preview .block p")


def _insert(server: ServerProcess, at: int, text: str) -> None:
    """Write as somebody else does."""
    ops = [{"retain": at}, {"insert": text}] if at > 0 else [{"insert": text}]
    url = f"{server.url}/api/documents/anchored/edits"
    httpx.post(url, json={"base": None, "ops": ops}, timeout=PATIENCE_S).raise_for_status()


def _scroll(window: Window, scroller: str, top: int) -> None:
    window.page.locator(scroller).first.hover()
    window.page.evaluate(
        "([scroller, top]) => { document.querySelector(scroller).scrollTop = top; }",
        [scroller, top],
    )


def _settled(window: Window, script: str, arg: object) -> Any:
    """Return what a script says of a page once that stays the same for a second and is drawn.

    It says null while what it looks for is not drawn.
    """
    deadline = time.monotonic() + PATIENCE_S
    seen = window.page.evaluate(script, arg)
    while time.monotonic() < deadline:
        window.page.wait_for_timeout(1_000)
        window.page.evaluate(_DRAWN)
        before, seen = seen, window.page.evaluate(script, arg)
        if seen is not None and seen == before:
            return seen
    raise AssertionError(f"never settled for {arg}: {seen}")


@pytest.mark.parametrize("scrolled", [0, 2_500])
@pytest.mark.parametrize("view", ["edit", "both", "view"])
def test_first_line_that_is_seen_stays_where_others_write_above_it(
    server: ServerProcess, open_window: OpenWindow, view: str, scrolled: int
) -> None:
    httpx.post(
        f"{server.url}/api/documents", json={"name": "anchored", "text": _TEXT}, timeout=PATIENCE_S
    ).raise_for_status()
    ana = open_window("/d/anchored", "Ana")
    ana.page.keyboard.press(
        {"edit": "Control+Alt+e", "both": "Control+Alt+b"}.get(view, "Control+Alt+v")
    )
    panes = {"edit": [_SOURCE], "both": [_SOURCE, _PREVIEW], "view": [_PREVIEW]}[view]
    ana.page.wait_for_selector(f"{panes[-1][1]} >> visible=true")
    _scroll(ana, panes[0][0], scrolled)
    before = [_settled(ana, _FIRST_SEEN, list(pane)) for pane in panes]
    # At the very start, and right in front of the line that is seen first.
    written = _TEXT
    for at in (0, _TEXT.index(before[0][0]) + len(_NEWS)):
        _insert(server, at, _NEWS)
        written = written[:at] + _NEWS + written[at:]
        ana.wait_for_text(written)
        for pane, (words, top) in zip(panes, before, strict=True):
            now = _settled(ana, _PLACE_OF, [pane[1], words])
            assert now == pytest.approx(top, abs=1.5), f"{words} in {pane[0]} after {at}"
