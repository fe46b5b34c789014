"""Find and replace in the text, from the keyboard, and undone as one step."""

import httpx
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def _text(server: ServerProcess, name: str) -> str:
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text


def _panel(window: Window) -> Locator:
    return window.page.get_by_role("search", name="Find and replace")


_TEXT = "one fish, two fish\nred Fish, blue fish\nselfish"


def test_matches_are_counted_walked_through_and_replaced(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/fish", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(_TEXT)
    ana.focus_start()
    ana.page.keyboard.press("Control+f")
    panel = _panel(ana)
    field = panel.get_by_label("Find", exact=True)
    expect(field).to_be_focused()
    ana.type("fish")
    status = panel.get_by_role("status")
    expect(status).to_have_text("1 of 5")
    ana.page.keyboard.press("Enter")
    expect(status).to_have_text("2 of 5")
    ana.page.keyboard.press("Shift+Enter")
    expect(status).to_have_text("1 of 5")
    panel.get_by_role("button", name="Match case").click()
    expect(status).to_have_text("1 of 4")
    panel.get_by_role("button", name="Whole words").click()
    expect(status).to_have_text("1 of 3")
    panel.get_by_role("button", name="Regular expression").click()
    field.fill(r"(\w+) fish")
    expect(status).to_have_text("1 of 3")
    panel.get_by_label("Replace with").fill("$1 bird")
    panel.get_by_role("button", name="Replace all").click()
    replaced = "one bird, two bird\nred Fish, blue bird\nselfish"
    ana.wait_for_text(replaced)
    expect(status).to_have_text("No matches")
    field.fill("(")
    expect(status).to_have_text("Not an expression")
    ana.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(ana.editor).to_be_focused()
    ana.page.keyboard.press("Control+z")
    ana.wait_for_text(_TEXT)
    ana.page.keyboard.press("Control+Shift+KeyZ")
    ana.wait_for_text(replaced)
    ana.wait_until_saved()
    assert _text(server, "fish") == replaced


def test_find_from_the_preview_shows_the_text_first(open_window: OpenWindow) -> None:
    ana = open_window("/d/view", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(_TEXT)
    ana.page.keyboard.press("Control+Alt+v")
    expect(ana.editor).to_be_hidden()
    ana.page.locator(".pane-preview").click()
    ana.page.keyboard.press("Control+f")
    expect(ana.editor).to_be_visible()
    field = _panel(ana).get_by_label("Find", exact=True)
    expect(field).to_be_focused()
    ana.type("fish")
    expect(_panel(ana).get_by_role("status")).to_have_text("1 of 5")
