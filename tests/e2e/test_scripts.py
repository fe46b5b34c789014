"""Text of all scripts in the editor: direction, whole characters, input methods, line ends."""

import httpx
import pytest
from playwright.sync_api import CDPSession, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, expect_soon, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def _text(server: ServerProcess, name: str) -> str:
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text


def _compose(session: CDPSession, text: str) -> None:
    """Show `text` as what an input method is about to write."""
    end = len(text)
    session.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": end, "selectionEnd": end}
    )


_DIRECTIONS = """() => [...document.querySelectorAll('.pane-source .cm-line')]
    .map((line) => getComputedStyle(line).direction)"""


def test_each_line_has_the_direction_of_its_script(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/directions", "Ana")
    ana.focus_end()
    text = "# Notes\n\nשלום **עולם** 123\n- مرحبا\nEnglish with שלום inside\n"
    ana.page.keyboard.insert_text(text)
    ana.wait_until_saved()
    assert ana.page.evaluate(_DIRECTIONS) == ["ltr", "ltr", "rtl", "rtl", "ltr", "ltr"]
    # In a line that runs to the left, the left arrow goes on in the text.
    ana.focus_start()
    for key in ("ArrowDown", "ArrowDown", "Home", "ArrowLeft"):
        ana.page.keyboard.press(key)
    ana.type("X")
    ana.wait_until_saved()
    assert ana.text.split("\n")[2] == "שXלום **עולם** 123"
    assert _text(server, "directions") == ana.text


@pytest.mark.parametrize("whole", ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "각", "é", "நி", "क्षि"])
def test_a_character_of_several_parts_is_passed_and_deleted_whole(
    server: ServerProcess, open_window: OpenWindow, whole: str
) -> None:
    ana = open_window("/d/whole", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(f"a{whole}{whole}b")
    for key in ("Home", "ArrowRight", "ArrowRight"):
        ana.page.keyboard.press(key)
    ana.type("|")
    ana.wait_for_text(f"a{whole}|{whole}b")
    for key in ("Delete", "Backspace", "Backspace"):
        ana.page.keyboard.press(key)
    ana.wait_for_text("ab")
    ana.page.keyboard.insert_text(whole)
    ana.page.keyboard.press("Shift+ArrowLeft")
    ana.type("x")
    ana.wait_until_saved()
    assert ana.text == "axb"
    assert _text(server, "whole") == "axb"


def _in_front(window: Window, text: str) -> None:
    window.focus_start()
    window.type(text)
    window.wait_until_saved()


def test_an_input_method_goes_on_while_others_type_in_the_same_line(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana, ben = open_window("/d/ime", "Ana"), open_window("/d/ime", "Ben")
    ana.focus_end()
    ana.type("start end")
    wait_until_equal(ana, ben)
    for _ in " end":
        ana.page.keyboard.press("ArrowLeft")
    session = ana.page.context.new_cdp_session(ana.page)
    _compose(session, "に")
    _compose(session, "にほ")
    _in_front(ben, "Ben ")
    ben.focus_end()
    ben.type("!")
    ana.wait_until("() => window.quire.text().startsWith('Ben ')")
    _compose(session, "にほん")
    ben.type("?")
    ana.wait_until("() => window.quire.text().endsWith('?')")
    _compose(session, "日本")
    session.send("Input.insertText", {"text": "日本"})
    ana.type("go")
    text = wait_until_equal(ana, ben)
    assert text == "Ben start日本go end!?"
    assert _text(server, "ime") == text


def test_pasted_line_ends_become_line_feeds(server: ServerProcess, open_window: OpenWindow) -> None:
    ana = open_window("/d/ends", "Ana")
    ana.focus_end()
    ana.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "one\\r\\ntwo\\rthree\\n");
            const event = new ClipboardEvent(
                "paste", {clipboardData: data, bubbles: true, cancelable: true});
            document.querySelector(".pane-source .cm-content").dispatchEvent(event);
        }"""
    )
    ana.wait_for_text("one\ntwo\nthree\n")
    ana.wait_until_saved()
    assert _text(server, "ends") == "one\ntwo\nthree\n"


def test_names_at_one_place_can_be_read_one_above_the_other(open_window: OpenWindow) -> None:
    ana, ben, eve = (open_window("/d/crowd", name) for name in ("Ana", "Ben", "Eve"))
    ana.focus_end()
    ana.type("one\ntwo\nthree\nfour")
    wait_until_equal(ana, ben)
    wait_until_equal(ana, eve)
    for window in (ben, eve):
        window.focus_end()
    ana.focus_start()
    labels = ana.page.locator(".peer-caret .caret-name")
    expect(labels).to_have_count(2)

    def is_apart() -> bool:
        boxes = [labels.nth(index).bounding_box() for index in range(2)]
        tops = sorted(box["y"] for box in boxes if box is not None)
        return len(tops) == 2 and tops[1] - tops[0] >= 15

    # A caret is drawn where the focus came first, and then at the end.
    expect_soon(is_apart, True)
