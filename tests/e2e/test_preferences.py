"""How somebody likes to write: the keys of Vim, spelling and wrapping, kept on the device."""

from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def _prefer(window: Window, stored: str) -> None:
    """Choose on the device, and open the page again."""
    window.page.evaluate("stored => localStorage.setItem('quire-editor', stored)", stored)
    window.page.reload()
    window.wait_until_saved()


_ARE_LOADED: Final = {
    "vim": "() => document.querySelector('.pane-source .cm-vimMode') !== null",
    # Where nothing is selected, Alt+w does nothing, but is no longer left to the browser.
    "emacs": """() => {
        const shape = { key: "w", altKey: true, bubbles: true, cancelable: true };
        const event = new KeyboardEvent("keydown", shape);
        return document.querySelector(".pane-source .cm-content")?.dispatchEvent(event) === false;
    }""",
}
"""Whether the keys of another editor work; they are fetched once the page is there."""


@pytest.mark.parametrize(
    ("chosen", "typed", "keys", "expected"),
    [
        ("vim", "ihello world", ("Escape", "0", "d", "w"), "world"),
        (
            "emacs",
            "- one two",
            # Undo is this editor's, characters are whole, and a list goes on.
            (
                *("Alt+b", "Control+Space", "Control+e", "Alt+w", "Enter", "Control+y"),
                *("Control+k", "Control+y", "Control+/"),
            ),
            "- one two\n- two",
        ),
    ],
)
def test_keys_of_another_editor_work_once_chosen(
    server: ServerProcess,
    open_window: OpenWindow,
    chosen: str,
    typed: str,
    keys: tuple[str, ...],
    expected: str,
) -> None:
    ana = open_window(f"/d/{chosen}", "Ana")
    _prefer(ana, f'{{"keys": "{chosen}"}}')
    ana.wait_until(_ARE_LOADED[chosen])
    ana.editor.focus()
    ana.type(typed)
    for key in keys:
        ana.page.keyboard.press(key)
    ana.wait_for_text(expected)
    ana.wait_until_saved()
    url = f"{server.url}/api/documents/{chosen}/text"
    assert httpx.get(url, timeout=PATIENCE_S).raise_for_status().text == expected


def test_vim_changes_nothing_in_a_document_that_may_only_be_read(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/vim-read", "Ana")
    ana.focus_end()
    ana.type("one two")
    ana.wait_until_saved()
    dialog = ana.share()
    dialog.set_everyone("Can view")
    dialog.close()
    ben = open_window("/", "Ben")
    ben.page.evaluate("localStorage.setItem('quire-editor', '{\"keys\": \"vim\"}')")
    ben.visit("/d/vim-read")
    ben.wait_for_words("View only")
    ben.wait_for_text("one two")
    ben.wait_until(_ARE_LOADED["vim"])
    ben.editor.focus()
    for key in ("0", "x", "d", "d", "p", "i", "n", "Escape", "A", "o", "Escape", "Shift+j", "~"):
        ben.page.keyboard.press(key)
    ben.page.keyboard.type(":s/one/two/")
    ben.page.keyboard.press("Enter")
    ben.page.wait_for_timeout(300)
    assert (ben.text, ben.state()["pending"]) == ("one two", 0)
    shown = ben.page.locator(".pane-source .cm-line")
    expect(shown).to_have_text(["one two"])
    # What was written elsewhere still comes.
    ana.focus_end()
    ana.type(", three")
    ben.wait_for_text("one two, three")
    expect(shown).to_have_text(["one two, three"])


def test_spelling_and_wrapping_are_as_chosen(open_window: OpenWindow) -> None:
    ana = open_window("/d/looks", "Ana")
    expect(ana.editor).to_have_attribute("spellcheck", "true")
    _prefer(ana, '{"spellcheck": false, "wrap": false}')
    expect(ana.editor).to_have_attribute("spellcheck", "false")
    ana.focus_end()
    ana.page.keyboard.insert_text("long " * 200)
    heights = ana.page.locator(".pane-source .cm-line").first.bounding_box()
    assert heights is not None
    assert heights["height"] < 40
