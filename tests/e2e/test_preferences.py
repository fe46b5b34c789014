"""How somebody likes to write: the keys of Vim, spelling and wrapping, kept on the device."""

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


@pytest.mark.parametrize(
    ("chosen", "typed", "keys", "expected"),
    [
        ("vim", "ihello world", ("Escape", "0", "d", "w"), "world"),
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
    ana.wait_until("() => document.querySelector('.pane-source .cm-line') !== null")
    ana.page.wait_for_load_state("networkidle")
    ana.editor.focus()
    ana.type(typed)
    for key in keys:
        ana.page.keyboard.press(key)
    ana.wait_for_text(expected)
    ana.wait_until_saved()
    url = f"{server.url}/api/documents/{chosen}/text"
    assert httpx.get(url, timeout=PATIENCE_S).raise_for_status().text == expected


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
