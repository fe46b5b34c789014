"""Undo takes back what one did oneself, a restore too, and nothing comes twice."""

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def _text(server: ServerProcess, name: str) -> str:
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text


def _restore(server: ServerProcess, name: str, version: int) -> None:
    url = f"{server.url}/api/documents/{name}/restore"
    httpx.post(url, json={"version": version}, timeout=PATIENCE_S).raise_for_status()


def _restore_on_page(window: Window, version: int) -> None:
    """Bring a version back by the history panel."""
    window.page.get_by_role("button", name="History").click()
    window.page.get_by_role("button", name="Single versions").click()
    window.page.locator(f'[data-single="{version}"]').click()
    window.page.get_by_role("button", name="Restore", exact=True).click()


def test_a_restore_is_undone_as_one_step_and_nothing_comes_twice(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ben = open_window("/d/back", "Ben")
    ben.focus_end()
    ben.type("the first text")
    version = ben.wait_until_saved()
    ana = open_window("/d/back", "Ana")
    ana.wait_for_text("the first text")
    ana.editor.focus()
    ana.page.keyboard.press("Control+a")
    ana.insert("another text")
    assert wait_until_equal(ana, ben) == "another text"
    _restore_on_page(ana, version)
    ana.wait_for_text("the first text")
    ana.editor.focus()
    ana.page.keyboard.press("Control+z")
    ana.wait_for_text("another text")
    assert wait_until_equal(ana, ben) == "another text"
    ana.page.keyboard.press("Control+Shift+KeyZ")
    ana.wait_for_text("the first text")
    ana.page.keyboard.press("Control+z")
    ana.wait_for_text("another text")
    ana.page.keyboard.press("Control+y")
    ana.wait_for_text("the first text")
    assert wait_until_equal(ana, ben) == "the first text"
    assert _text(server, "back") == "the first text"


def test_what_somebody_else_restored_does_not_come_twice_by_undo(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ben = open_window("/d/twice", "Ben")
    ben.focus_end()
    ben.type("the first text")
    version = ben.wait_until_saved()
    ana = open_window("/d/twice", "Ana")
    ana.wait_for_text("the first text")
    ana.editor.focus()
    ana.page.keyboard.press("Control+a")
    ana.type("another text")
    wait_until_equal(ana, ben)
    _restore(server, "twice", version)
    ana.wait_for_text("the first text")
    ana.editor.focus()
    for _ in range(3):
        ana.page.keyboard.press("Control+z")
    ana.type("!")
    expect(ana.editor).to_contain_text("!")
    assert wait_until_equal(ana, ben).replace("!", "") == "the first text"
    assert _text(server, "twice") == ana.text


def test_a_paste_is_a_step_of_its_own(server: ServerProcess, open_window: OpenWindow) -> None:
    ana = open_window("/d/paste-step", "Ana")
    ana.focus_end()
    ana.insert("typed")
    ana.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", " pasted");
            const event = new ClipboardEvent(
                "paste", {clipboardData: data, bubbles: true, cancelable: true});
            document.querySelector(".pane-source .cm-content").dispatchEvent(event);
        }"""
    )
    ana.wait_for_text("typed pasted")
    ana.insert(" on")
    for expected in ("typed pasted", "typed", ""):
        ana.page.keyboard.press("Control+z")
        ana.wait_for_text(expected)
    ana.wait_until_saved()
    assert _text(server, "paste-step") == ""


def test_an_undo_and_a_restore_that_cross_each_other_give_the_text_once(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ben = open_window("/d/crossing", "Ben")
    ben.focus_end()
    ben.type("the first text")
    version = ben.wait_until_saved()
    with Link(server.port) as link:
        ana = open_window("/d/crossing", "Ana", link.url)
        ana.wait_for_text("the first text")
        ana.editor.focus()
        ana.page.keyboard.press("Control+a")
        ana.insert("another text")
        wait_until_equal(ana, ben)
        link.cut()
        _restore(server, "crossing", version)
        ben.wait_for_text("the first text")
        ana.page.keyboard.press("Control+z")
        ana.wait_for_text("the first text")
        link.mend()
        ana.wait_until_saved()
        assert wait_until_equal(ana, ben) == "the first text"
        assert _text(server, "crossing") == "the first text"
