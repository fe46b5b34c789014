"""Writing with the keyboard: marks, lists, tables, and the way out of the editor."""

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def _text(server: ServerProcess, name: str) -> str:
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text


def _press(window: Window, *keys: str) -> None:
    for key in keys:
        window.page.keyboard.press(key)


def test_marks_lists_and_tasks_are_written_with_keys(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/keys", "Ana")
    ana.focus_end()
    ana.type("bold")
    _press(ana, "Control+Shift+ArrowLeft", "Control+b", "ArrowRight", "ArrowRight", "ArrowRight")
    ana.type(" slanted")
    _press(ana, "Control+i", "End", "Enter", "Control+Shift+8")
    ana.type("one")
    _press(ana, "Enter")
    ana.type("two")
    _press(ana, "Tab", "Control+Enter", "Control+Enter", "Enter")
    ana.type("three")
    _press(ana, "Shift+Tab", "Enter", "Enter")
    ana.type("title")
    _press(ana, "Control+Alt+2", "Alt+ArrowUp")
    ana.wait_until_saved()
    expected = "**bold** *slanted*\n- one\n  - [x] two\n## title\n- [ ] three"
    assert ana.text == expected
    assert _text(server, "keys") == expected


def test_tab_walks_through_a_table_and_makes_rows(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/grid", "Ana")
    ana.focus_end()
    _press(ana, "Control+Alt+t")
    for cell in ("a", "b", "c", "1", "2", "3", "4", "5", "6", "7"):
        ana.type(cell)
        _press(ana, "Tab")
    ana.wait_until_saved()
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in ana.text.splitlines()]
    assert rows[0] == ["a", "b", "c"]
    assert rows[2:] == [["1", "2", "3"], ["4", "5", "6"], ["7", "", ""]]
    assert _text(server, "grid") == ana.text


def test_tab_indents_and_escape_then_tab_leaves_the_text(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/way-out", "Ana")
    ana.focus_end()
    _press(ana, "Tab")
    ana.type("in")
    expect(ana.editor).to_be_focused()
    _press(ana, "Escape", "Tab")
    expect(ana.editor).not_to_be_focused()
    ana.wait_until_saved()
    assert _text(server, "way-out") == ana.text == "  in"


def test_code_in_a_fence_is_coloured_once_its_language_is_loaded(open_window: OpenWindow) -> None:
    ana = open_window("/d/code", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(
        "```python\nreturn None\n```\n\n```nolanguage\nreturn None\n```\n"
    )
    lines = ana.page.locator(".pane-source .cm-line")
    # The word is a part of its line, with a colour of its own.
    expect(lines.nth(1).locator("span", has_text="return").first).to_have_text("return")
    expect(lines.nth(5)).to_have_text("return None")
    assert lines.nth(5).locator("span", has_text="return").first.inner_text() == "return None"


def test_who_is_near_is_shown_and_read_aloud(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/near", "Ana"), open_window("/d/near", "Ben")
    ana.focus_end()
    ana.page.keyboard.insert_text("one\ntwo\nthree")
    wait_until_equal(ana, ben)
    ben.focus_start()
    ana.page.locator(".peer-caret").wait_for(state="attached")
    ana.wait_until(
        "() => document.querySelector('.peer-caret').getBoundingClientRect().top < "
        "document.querySelectorAll('.pane-source .cm-line')[1].getBoundingClientRect().top"
    )
    ana.editor.focus()
    ana.page.keyboard.press("Control+Alt+p")
    expect(ana.page.locator("[role=status]", has_text="Ben is 2 lines above")).to_be_visible()


def test_the_toolbar_shows_what_is_on_at_the_caret(open_window: OpenWindow) -> None:
    ana = open_window("/d/pressed", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text("plain\n**two words**\n> said\n")
    toolbar = ana.page.get_by_role("toolbar", name="Formatting")
    bold = toolbar.get_by_role("button", name="Bold")
    quote = toolbar.get_by_role("button", name="Quote")
    expect(bold).to_have_attribute("aria-pressed", "false")
    _press(ana, "ArrowUp", "ArrowUp", "End", "ArrowLeft", "ArrowLeft")
    expect(bold).to_have_attribute("aria-pressed", "true")
    expect(quote).to_have_attribute("aria-pressed", "false")
    bold.click()
    ana.wait_for_text("plain\ntwo words\n> said\n")
    expect(bold).to_have_attribute("aria-pressed", "false")
    _press(ana, "ArrowDown")
    expect(quote).to_have_attribute("aria-pressed", "true")
