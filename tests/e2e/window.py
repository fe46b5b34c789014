"""One person's browser window on Quire."""

import time
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from tests.patience import PATIENCE_S

PATIENCE_MS: Final = PATIENCE_S * 1000
"""How long a condition may take; a test that passes waits for the condition only."""
_POLL_MS: Final = 50
AGAIN_MS: Final = 2_000
"""How long a check waits before that which it checks is done again."""

PASTE_BOOK: Final = """() => {
    const data = new DataTransfer();
    data.setData("text/plain", window.book);
    const shape = { clipboardData: data, bubbles: true, cancelable: true };
    const event = new ClipboardEvent("paste", shape);
    document.querySelector(".pane-source .cm-content").dispatchEvent(event);
}"""
"""Script: paste the text that a test has put into `window.book`."""

_NOTE_TOASTS: Final = """() => {
    window.toasts = [];
    window.mostToasts = 0;
    new MutationObserver(() => {
        const shown = [...document.querySelectorAll(".toast")];
        window.mostToasts = Math.max(window.mostToasts, shown.length);
        window.toasts.push(...shown.map((toast) => toast.textContent));
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""

NOTE_SAVE_WORDS: Final = """() => {
    window.saveWords = [];
    const note = () => {
        const { save } = window.quire.state();
        if (window.saveWords.at(-1) !== save) window.saveWords.push(save);
    };
    note();
    new MutationObserver(note)
        .observe(document.body, { childList: true, characterData: true, subtree: true });
}"""
"""Script: keep in `window.saveWords` what is said of saving; some of it is said for a moment."""


class Window:
    """A page, and what a user does with it."""

    def __init__(self, page: Page, base: str, name: str) -> None:
        self.page = page
        self.name = name
        self.errors: list[str] = []
        self._base = base
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note_violation)

    def open(self, path: str) -> None:
        """Go to a path; to a document under one's name, and wait until it can be written.

        Not renamed on the page, which would connect a second time then: a fifth of what this costs.
        """
        is_document = path.startswith("/d/")
        if is_document:
            self._become_guest()
        self.visit(path)
        if is_document:
            self.create_if_absent()
            self.wait_until_saved()
            if self.page.locator(".self-name").text_content() != self.name:
                # A page that was open before has made a guest meanwhile.
                self.rename(self.name)

    def _become_guest(self) -> None:
        """Be a guest of that name, as the page makes one of whoever is nobody yet."""
        origin = "/".join(self._base.split("/")[:3])
        answer = self.page.context.request.post(
            f"{self._base}/api/session/guest",
            data={"name": self.name},
            headers={"Origin": origin},
            timeout=PATIENCE_MS,
        )
        assert answer.ok, answer.text()

    def create_if_absent(self) -> None:
        """Make the document of the address, where there is none, by the button for that."""
        self.wait_until(
            "() => window.quire !== undefined && /^(Saved|View only|Not created)/"
            ".test(window.quire.state().save)"
        )
        if self.save_words.startswith("Not created"):
            self.page.get_by_role("button", name="Create it now").click()

    def visit(self, path: str) -> None:
        """Go to a path of the server, or to a whole address."""
        self.page.goto(path if "://" in path else self._base + path)

    def _note_violation(self, message: ConsoleMessage) -> None:
        """Count what the page's Content-Security-Policy refuses as an error of the page."""
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)

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

    def insert(self, text: str) -> None:
        """Write a text where the caret is, as one step: between keys, a busy machine pauses, and
        what is typed after a pause is undone by itself.
        """
        self.page.keyboard.insert_text(text)

    @property
    def text(self) -> str:
        text: str = self.page.evaluate("window.quire.text()")
        return text

    def expect_read_only(self) -> None:
        expect(self.editor).to_have_attribute("aria-readonly", "true")

    def expect_writable(self) -> None:
        expect(self.editor).not_to_have_attribute("aria-readonly", "true")

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
        while not self._holds(expression, arg):
            if time.monotonic() > deadline:
                seen = self.page.evaluate("window.quire?.state()")
                raise AssertionError(f"{self.name} waited in vain for {expression}: {seen}")
            self.page.wait_for_timeout(_POLL_MS)

    def _holds(self, expression: str, arg: object) -> bool:
        """Return whether a function holds in the page; a page that is being left holds nothing."""
        try:
            return bool(self.page.evaluate(expression, arg))
        except Error as error:
            if "context was destroyed" in error.message:
                return False
            raise

    def wait_until_saved(self) -> int:
        """Wait until every edit made here is acknowledged; returns the version that it says."""
        self.wait_until(
            "() => window.quire !== undefined && window.quire.state().pending === 0"
            " && window.quire.state().save.startsWith('Saved')"
        )
        return int(self.state()["version"])

    def wait_for_words(self, beginning: str) -> None:
        self.wait_until(
            "beginning => window.quire !== undefined"
            " && window.quire.state().save.startsWith(beginning)",
            beginning,
        )

    def wait_for_heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def note_save_words(self) -> None:
        """Have all that is said of saving noted from here on."""
        self.page.evaluate(NOTE_SAVE_WORDS)

    def note_toasts(self) -> None:
        """Have all short messages noted from here on: each is shown for 4 s alone."""
        self.page.evaluate(_NOTE_TOASTS)

    def wait_for_toast(self, words: str) -> None:
        """Wait until a message with these words has been shown since `note_toasts`."""
        self.wait_until("words => window.toasts.some((toast) => toast.includes(words))", words)

    # --- who it is ------------------------------------------------------------------------------

    def user(self) -> dict[str, Any]:
        """Return who the server says that this browser is: `id`, `name`, `color`."""
        user: dict[str, Any] = self.page.evaluate(
            "async () => (await (await fetch(new URL('/api/session', location))).json()).user"
        )
        return user

    def share(self) -> "ShareDialog":
        """Open the share dialog of the document."""
        self.page.get_by_role("button", name="Share").click()
        return ShareDialog(self.page)

    def wait_for_text(self, text: str) -> None:
        self.wait_until("text => window.quire !== undefined && window.quire.text() === text", text)

    def wait_for_text_that_contains(self, part: str) -> None:
        self.wait_until("part => window.quire?.text().includes(part) === true", part)


class ShareDialog:
    """The share dialog of a document, open in a window."""

    def __init__(self, page: Page) -> None:
        self.dom = page.get_by_role("dialog", name="Share")
        expect(self.dom).to_be_visible()

    def set_everyone(self, role: str) -> None:
        """Choose the role of everyone who is signed in; in open mode that is everyone."""
        self.dom.get_by_label("Everyone", exact=False).select_option(label=role)

    def add_person(self, name: str) -> None:
        """Find a person by name, with the keyboard; it can edit from then on."""
        field = self.dom.get_by_role("combobox", name="Add a person")
        field.fill(name)
        expect(self.dom.get_by_role("option", name=name)).to_be_visible()
        field.press("Enter")
        expect(self.dom.get_by_label(f"Role of {name}")).to_be_visible()

    def set_role(self, name: str, role: str) -> None:
        self.dom.get_by_label(f"Role of {name}").select_option(label=role)

    def create_link(self, role: str) -> str:
        """Make a share link and return its address."""
        self.dom.get_by_label("Whoever has the link").select_option(label=role)
        self.dom.get_by_role("button", name="Create link").click()
        return self.dom.get_by_label("Share link").input_value()

    def close(self) -> None:
        self.dom.press("Escape")
        expect(self.dom).to_have_count(0)


def expect_soon(read: Callable[[], object], expected: object) -> None:
    """Wait until what is read of a page, or of the server behind it, is as expected.

    Where one part of a page follows another, a test that has seen the one may be too early for the
    other.
    """
    deadline = time.monotonic() + PATIENCE_S
    while (seen := read()) != expected:
        assert time.monotonic() < deadline, f"{seen!r} is not {expected!r}"
        time.sleep(_POLL_MS / 1000)


def repeat_until(check: Callable[[], object], *acts: Callable[[], object]) -> None:
    """Do something again until a check no longer fails, for which it should wait `AGAIN_MS`.

    For what is too late at its first time, such as a search for what was saved a moment ago, or too
    slow, such as letters that are one word only without a pause between them.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        for act in acts:
            act()
        try:
            check()
            return
        except AssertionError:
            if time.monotonic() > deadline:
                raise


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
