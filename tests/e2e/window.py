"""One person's browser window on Quire."""

import time
from typing import Any, Final

from playwright.sync_api import Locator, Page, expect

from tests.patience import PATIENCE_S

PATIENCE_MS: Final = PATIENCE_S * 1000
"""How long a condition may take; a test that passes waits for the condition only."""
_POLL_MS: Final = 50


class Window:
    """A page, and what a user does with it."""

    def __init__(self, page: Page, base: str, name: str) -> None:
        self.page = page
        self.name = name
        self.errors: list[str] = []
        self._base = base
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> None:
        """Go to a path; on a document, wait until it can be written, and take one's name."""
        self.page.goto(self._base + path)
        if path.startswith("/d/"):
            self.wait_until_saved()
            self.rename(self.name)

    def rename(self, name: str) -> None:
        self.page.locator(".self").click()
        field = self.page.get_by_label("Your name")
        field.fill(name)
        field.press("Enter")
        expect(self.page.locator(".self-name")).to_have_text(name)

    # --- the editor -----------------------------------------------------------------------------

    @property
    def editor(self) -> Locator:
        return self.page.locator(".pane-source .cm-content").first

    def type(self, text: str, *, delay_ms: float = 0) -> None:
        """Type where the caret is."""
        self.page.keyboard.type(text, delay=delay_ms)

    def focus_end(self) -> None:
        """Put the caret at the end of the text."""
        self.editor.focus()
        self.page.keyboard.press("Control+End")

    def focus_start(self) -> None:
        self.editor.focus()
        self.page.keyboard.press("Control+Home")

    @property
    def text(self) -> str:
        text: str = self.page.evaluate("window.quire.text()")
        return text

    # --- what it says ---------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate("window.quire.state()")
        return state

    @property
    def save_words(self) -> str:
        return str(self.state()["save"])

    def wait_until(
        self, expression: str, arg: object = None, *, patience_ms: float = PATIENCE_MS
    ) -> None:
        """Wait until a JavaScript function holds in the page.

        The page's policy forbids what Playwright's own `wait_for_function` does.
        """
        deadline = time.monotonic() + patience_ms / 1000
        while not self.page.evaluate(expression, arg):
            if time.monotonic() > deadline:
                seen = self.page.evaluate("window.quire?.state()")
                raise AssertionError(f"{self.name} waited in vain for {expression}: {seen}")
            self.page.wait_for_timeout(_POLL_MS)

    def wait_until_saved(self) -> int:
        """Wait until every edit made here is acknowledged; returns the version that it says."""
        self.wait_until(
            "() => window.quire !== undefined && window.quire.state().pending === 0"
            " && window.quire.state().save.startsWith('Saved')"
        )
        return int(self.state()["version"])

    def wait_for_words(self, beginning: str) -> None:
        self.wait_until("beginning => window.quire.state().save.startsWith(beginning)", beginning)

    def wait_for_text(self, text: str) -> None:
        self.wait_until("text => window.quire.text() === text", text)


def wait_until_equal(one: Window, other: Window) -> str:
    """Wait until both are saved and show the same; returns the text."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        versions = one.wait_until_saved(), other.wait_until_saved()
        texts = one.text, other.text
        if versions[0] == versions[1] and texts[0] == texts[1]:
            return texts[0]
        one.page.wait_for_timeout(100)
    raise AssertionError(f"the windows differ:\n{one.text!r}\n{other.text!r}")
