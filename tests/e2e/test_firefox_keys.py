"""A journey by keyboard alone in Firefox; `test_keyboard.py` asks more of Chromium."""

import json
import re
import time
from contextlib import suppress
from typing import Final

import pytest

from tests.e2e.firefox import Firefox, FirefoxWindow
from tests.e2e.stored import stored_text
from tests.e2e.window import AGAIN_MS, repeat_until
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.timeout(4 * PATIENCE_S)

_MOST_TABS: Final = 40
_FOCUSED: Final = """(() => {
    const { activeElement: one } = document;
    const { width, height } = one.getBoundingClientRect();
    const isSeen = width > 0 && height > 0 && one.matches(":focus-visible");
    const label = one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent;
    return [isSeen || one === document.body, label.trim().replace(/\\s+/g, " ")];
})()"""

_NOTE_KEY: Final = """(() => {
    window.isKeyUp = false;
    document.addEventListener("keyup", () => { window.isKeyUp = true; }, { once: true });
})()"""
_IS_THERE: Final = """[...document.querySelectorAll("a, button, input, select, [tabindex]")]
    .some((one) => {{
        const label = one.ariaLabel ?? one.labels?.[0]?.textContent ?? one.textContent;
        const words = label.trim().replace(/\\s+/g, " ");
        return one.checkVisibility() && new RegExp(`^(?:${{{name}}})$`).test(words);
    }})"""


class Keys:
    """The keys of a Firefox window, and what they lead to."""

    def __init__(self, window: FirefoxWindow) -> None:
        self._window = window

    def press(self, *chords: str) -> None:
        """Press one chord after the other, such as `Shift+Tab`."""
        for chord in chords:
            self._window.press(*chord.split("+"))

    def focused(self, name: str) -> None:
        """Wait until what has that name has the focus."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_at(name):
            assert time.monotonic() < deadline, f"not {name}: {self._window.evaluate(_FOCUSED)}"
            time.sleep(0.02)

    def tab_to(self, name: str, key: str = "Tab") -> None:
        """Press Tab until that has the focus; assert that every stop on the way can be seen."""
        # Before it is there, Tab would go past where it will be.
        self._window.wait_until(_IS_THERE.format(name=json.dumps(name)))
        for _ in range(_MOST_TABS):
            self._leave(key)
            if self._is_at(name):
                return
        raise AssertionError(f"no {name!r} within {_MOST_TABS} stops")

    def _leave(self, key: str) -> None:
        """Press a key that moves the focus, and wait until it has been taken."""
        self._window.evaluate(_NOTE_KEY)
        self.press(key)
        # One that leads out of the page is not told to it.
        with suppress(AssertionError):
            self._window.wait_until("window.isKeyUp === true", patience_s=AGAIN_MS / 1000)

    def _is_at(self, name: str) -> bool:
        is_seen, label = self._window.evaluate(_FOCUSED)
        assert is_seen, f"the focus on {label!r} cannot be seen"
        return re.fullmatch(name, label) is not None


def test_firefox_is_used_by_keyboard_from_start_page_to_restore_and_search(
    server: ServerProcess, firefox: Firefox
) -> None:
    ben = firefox.open(f"{server.url}/")
    ben.bring_to_front()
    ben.wait_until("document.querySelector('.self-name') !== null")
    keys = Keys(ben)
    keys.tab_to(r"Name \(optional\)")
    ben.type("trip")
    keys.press("Tab")
    keys.focused("New document")
    keys.press("Enter")
    ben.wait_until("location.pathname === '/d/trip'")
    ben.wait_until_saved()
    keys.focused("Text of trip")
    ben.type("# Trip\n\npack the tent")
    keys.press("Control+Shift+ArrowLeft", "Control+b")
    ben.wait_for_text("# Trip\n\npack the **tent**")
    ben.wait_until_saved()
    kept = ben.evaluate("window.quire.state().version")
    keys.press("F1")
    keys.focused("All commands")
    ben.type("divid")
    keys.press("Enter")
    ben.wait_until("window.quire.text().includes('---')")
    keys.focused("Text of trip")
    ben.wait_until_saved()
    _restore(ben, keys, kept)
    assert ben.text == stored_text(server, "trip") == "# Trip\n\npack the **tent**"
    keys.press("Escape")
    keys.tab_to("All documents", "Shift+Tab")
    keys.press("Enter")
    ben.wait_until("document.querySelector('input[type=search]') !== null")
    keys.press("/")
    keys.focused("Search titles and texts")
    found = "document.querySelector('.document-excerpt mark')?.textContent === 'tent'"
    repeat_until(
        lambda: ben.wait_until(found, patience_s=AGAIN_MS / 1000),
        lambda: keys.press("Control+a", "Backspace"),
        lambda: ben.type("tent"),
    )
    keys.press("ArrowDown", "Enter")
    ben.wait_until("location.pathname === '/d/trip'")
    ben.wait_until_saved()
    assert ben.text == stored_text(server, "trip")


def _restore(ben: FirefoxWindow, keys: Keys, kept: int) -> None:
    keys.press("Control+Alt+h")
    keys.focused("Close history")
    keys.tab_to("Single versions.*")
    keys.press("Enter")
    keys.tab_to(rf".*version {kept}(?!\d).*")
    keys.press("Enter")
    ben.wait_until("document.querySelector('.banner-version') !== null")
    keys.tab_to("Restore", "Shift+Tab")
    keys.press("Enter")
    ben.wait_for_text("# Trip\n\npack the **tent**")
    ben.wait_until_saved()
