"""A journey without a pointer: each step says where the focus is, and is by keys alone."""

import re
from typing import Final

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.stored import stored_text
from tests.e2e.window import AGAIN_MS, Window, repeat_until
from tests.integration.server import ServerProcess

_MOST_TABS: Final = 40
_IS_FOCUSED: Final = "element => element === document.activeElement"
Name = str | re.Pattern[str]


class Keys:
    """What a user of a keyboard does, and where that leads."""

    def __init__(self, window: Window) -> None:
        self._page = window.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def focused(self, role: str, name: Name) -> Locator:
        """Assert that what has the focus has this role and name, and return it."""
        found = self._page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        seen = self._page.evaluate("document.activeElement?.outerHTML.slice(0, 200)")
        expect(found, f"not {seen}").to_be_focused()
        return found

    def tab_to(self, role: str, name: Name, key: str = "Tab") -> Locator:
        """Press Tab until that has the focus; assert that every stop on the way can be seen."""
        found = self._page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        expect(found).to_be_visible()
        for _ in range(_MOST_TABS):
            self._page.keyboard.press(key)
            assert self._is_focus_seen(), self._page.evaluate("document.activeElement.outerHTML")
            if found.evaluate(_IS_FOCUSED):
                return self.focused(role, name)
        raise AssertionError(f"no {role} {name!r} within {_MOST_TABS} stops")

    def _is_focus_seen(self) -> bool:
        """Return whether what has the focus is on the page, in sight or outlined."""
        seen: bool = self._page.evaluate(
            """() => {
                const { activeElement } = document;
                if (activeElement === null || activeElement === document.body) return true;
                const { width, height } = activeElement.getBoundingClientRect();
                return width > 0 && height > 0 && activeElement.matches(":focus-visible");
            }"""
        )
        return seen


def test_journey_by_keyboard_from_start_page_to_restore_and_search(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/", "Ana")
    keys = Keys(ana)
    _make_document(ana, keys)
    _write(ana, keys)
    _use_toolbar(ana, keys)
    kept = ana.wait_until_saved()
    _use_palette(ana, keys)
    _restore(ana, keys, kept)
    assert stored_text(server, "trip") == ana.text == "# Trip\n\n## pack the **tent**"
    _share(keys)
    _search(ana, keys)
    assert stored_text(server, "trip") == ana.text


def _make_document(ana: Window, keys: Keys) -> None:
    """From the top of the start page, in the order of reading."""
    ana.visit("/")
    ana.wait_for_heading("Documents")
    keys.press("Tab")
    keys.focused("link", "Quire All documents")
    keys.press("Tab")
    keys.focused("button", re.compile("^You are "))
    keys.press("Enter")
    keys.focused("textbox", "Your name")
    ana.type("Ana")
    keys.press("Enter")
    keys.focused("button", "You are Ana")
    keys.press("Tab")
    keys.focused("textbox", "Name (optional)")
    ana.type("trip")
    keys.press("Tab")
    keys.focused("button", "New document")
    keys.press("Enter")
    ana.page.wait_for_url("**/d/trip")
    ana.wait_until_saved()
    keys.focused("textbox", "Text of trip")


def _write(ana: Window, keys: Keys) -> None:
    ana.type("# Trip\n\npack the tent")
    keys.press("Control+Shift+ArrowLeft", "Control+b")
    ana.wait_for_text("# Trip\n\npack the **tent**")
    keys.focused("textbox", "Text of trip")


def _use_toolbar(ana: Window, keys: Keys) -> None:
    """One tab stop, with arrows inside; its menu is a menu."""
    keys.press("Escape")
    keys.tab_to("button", "Undo", "Shift+Tab")
    keys.press("ArrowRight")
    keys.focused("button", "Redo")
    keys.press("ArrowRight")
    keys.focused("button", "Heading")
    keys.press("ArrowRight")
    keys.focused("button", "Bold")
    keys.press("Home")
    keys.focused("button", "Undo")
    keys.press("ArrowLeft")
    keys.focused("button", "Find and replace")
    keys.press("Home", "ArrowRight", "ArrowRight", "Enter")
    keys.focused("menuitemcheckbox", "Heading 1")
    keys.press("ArrowDown")
    keys.focused("menuitemcheckbox", "Heading 2")
    keys.press("Enter")
    ana.wait_for_text("# Trip\n\n## pack the **tent**")
    keys.focused("textbox", "Text of trip")


def _use_palette(ana: Window, keys: Keys) -> None:
    """A command that changes the text, found by letters of its name."""
    keys.press("F1")
    field = keys.focused("combobox", "All commands")
    ana.type("divid")
    option = ana.page.get_by_role("option", selected=True)
    expect(option).to_contain_text("Insert divider")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    keys.press("Enter")
    ana.wait_for_text_that_contains("---")
    keys.focused("textbox", "Text of trip")
    ana.wait_until_saved()
    keys.press("F1")
    keys.focused("combobox", "All commands")
    keys.press("Escape")
    keys.focused("textbox", "Text of trip")


def _restore(ana: Window, keys: Keys, kept: int) -> None:
    keys.press("Control+Alt+h")
    keys.focused("button", "Close history")
    expect(ana.page.locator(".sitting")).to_have_count(1)
    for tool in ("Play back", "Compare", "Name the current version…", "All", "Named", "People"):
        keys.press("Tab")
        keys.focused("button", tool)
    keys.press("Tab")
    keys.focused("button", re.compile("versions 1–"))
    keys.press("Tab")
    opener = keys.focused("button", re.compile("^Single versions"))
    keys.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    keys.tab_to("button", re.compile(rf"version {kept}\b"))
    keys.press("Enter")
    expect(ana.page.get_by_text(f"Version {kept} ·")).to_be_visible()
    keys.tab_to("button", "Restore", "Shift+Tab")
    keys.press("Enter")
    ana.wait_for_text("# Trip\n\n## pack the **tent**")
    ana.wait_until_saved()
    keys.focused("textbox", "Text of trip")


def _share(keys: Keys) -> None:
    keys.press("Escape")
    keys.tab_to("button", "Share", "Shift+Tab")
    keys.press("Enter")
    keys.focused("button", "Close")
    role = keys.tab_to("combobox", "Whoever has the link")
    keys.press("Home")
    expect(role).to_have_value("viewer")
    keys.tab_to("button", "Create link")
    keys.press("Enter")
    keys.tab_to("textbox", "Share link")
    keys.press("Escape")
    keys.focused("button", "Share")


def _search(ana: Window, keys: Keys) -> None:
    """Back to the start page; the document is found by its text and opened."""
    keys.tab_to("link", "All documents", "Shift+Tab")
    keys.press("Enter")
    ana.wait_for_heading("Documents")
    keys.press("/")
    keys.focused("searchbox", "Search titles and texts")
    found = ana.page.locator(".document-excerpt mark")
    repeat_until(
        lambda: expect(found).to_have_text("tent", timeout=AGAIN_MS),
        lambda: keys.press("Control+a", "Backspace"),
        lambda: ana.type("tent"),
    )
    keys.press("ArrowDown")
    keys.focused("link", re.compile("^trip", re.IGNORECASE))
    keys.press("Enter")
    ana.page.wait_for_url("**/d/trip")
    ana.wait_until_saved()
    keys.focused("textbox", "Text of trip")


_LISTEN: Final = """() => {
    window.heard = [];
    window.seen = [];
    window.lasting = 0;
    let before = performance.now();
    const note = (selector, list) => {
        const dom = document.querySelector(selector);
        new MutationObserver(() => {
            list.push(dom.textContent);
            if (list !== window.seen) return;
            const now = performance.now();
            if (now - before > 900) window.lasting++;
            before = now;
        })
            .observe(dom, { childList: true, characterData: true, subtree: true });
    };
    note(".save [role=status]", window.heard);
    note(".save-words", window.seen);
}"""


def test_screen_reader_is_told_what_lasts_and_not_each_keystroke(open_window: OpenWindow) -> None:
    ana = open_window("/d/said", "Ana")
    said = ana.page.locator(".save [role=status]")
    expect(said).to_have_text(re.compile("^Saved"))
    ana.page.evaluate(_LISTEN)
    ana.focus_end()
    for words in ("some words ", "that are ", "typed one ", "after the other"):
        ana.type(words, delay_ms=70)
        ana.wait_until_saved()
        expect(ana.page.locator(".save-words")).to_have_text(re.compile("^Saved"))
    assert len(ana.page.evaluate("window.seen")) > 5, "the visible words follow what is typed"
    heard, lasting = ana.page.evaluate("[window.heard, window.lasting]")
    # The last words stay; others that did, on a slow machine, were rightly said as well.
    assert len(heard) <= 1 + lasting, heard
    # Nothing but these words and the short messages speaks of its own accord.
    live = ana.page.locator("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")
    spoken = [each.text_content() or "" for each in live.all() if each.text_content()]
    assert len(spoken) == 1, spoken
