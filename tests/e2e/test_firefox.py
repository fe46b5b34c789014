"""The main journeys of two people in Firefox; all, and more, run in Chromium (the other files)."""

from typing import Final

import pytest

from tests.e2e.conftest import OpenWindow
from tests.e2e.firefox import Firefox
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_NOTE_COMPOSITIONS: Final = """(() => {
    window.noted = [];
    for (const kind of ["compositionstart", "compositionupdate", "compositionend"]) {
        document.addEventListener(kind, ({ data }) => window.noted.push([kind, data]), true);
    }
})()"""

pytestmark = [pytest.mark.p1, pytest.mark.p4, pytest.mark.p5, pytest.mark.timeout(4 * PATIENCE_S)]


def test_firefox_and_chromium_type_at_once_and_agree(
    server: ServerProcess, open_window: OpenWindow, firefox: Firefox
) -> None:
    ana = open_window("/d/notes", "Ana")
    ben = firefox.open(f"{server.url}/d/notes")
    ben.wait_until_saved()
    ana.focus_end()
    ana.type("Ana:\n")
    ben.wait_for_text("Ana:\n")
    ben.focus_end()
    for number in range(15):
        ben.type(f"é{number} ")
        ana.type(f"a{number} ")
    ben.wait_until("window.quire.text().length === 5 + 2 * (10 * 3 + 5 * 4)")
    ben.wait_until_saved()
    ana.wait_for_text(ben.text)
    ana.wait_until_saved()
    assert ben.text == ana.text == stored_text(server, "notes")


def test_firefox_comes_back_with_what_was_typed_offline(
    server: ServerProcess, open_window: OpenWindow, firefox: Firefox
) -> None:
    with Link(server.port) as link:
        ana = open_window("/d/trip", "Ana")
        ben = firefox.open(f"{link.url}/d/trip")
        ben.wait_until_saved()
        ana.focus_end()
        ana.type("start\n")
        ben.wait_for_text("start\n")
        link.cut()
        ben.wait_until("window.quire.state().connected === false")
        ben.focus_end()
        ben.type("written offline")
        ben.wait_for_text("start\nwritten offline")
        link.mend()
        ben.wait_until_saved()
    assert ben.text == stored_text(server, "trip") == "start\nwritten offline"


def test_firefox_undoes_its_own_edits_only(
    server: ServerProcess, open_window: OpenWindow, firefox: Firefox
) -> None:
    ana = open_window("/d/undo", "Ana")
    ben = firefox.open(f"{server.url}/d/undo")
    ben.wait_until_saved()
    ben.focus_end()
    ben.insert("mine ")
    ana.wait_until("() => window.quire.text() === 'mine '")
    ana.focus_end()
    ana.type("hers")
    ben.wait_for_text("mine hers")
    ben.press("Control", "z")
    ben.wait_for_text("hers")
    ben.wait_until_saved()
    assert stored_text(server, "undo") == "hers"


def test_firefox_goes_on_with_an_input_method_while_others_type_in_the_same_line(
    server: ServerProcess, open_window: OpenWindow, firefox: Firefox
) -> None:
    ana = open_window("/d/ime", "Ana")
    ana.focus_end()
    ana.insert("start end")
    ben = firefox.open(f"{server.url}/d/ime")
    ben.wait_until_saved()
    ben.wait_for_text("start end")
    ben.bring_to_front()
    ben.focus_end()
    for _ in " end":
        ben.press("ArrowLeft")
    ben.evaluate(_NOTE_COMPOSITIONS)
    firefox.compose("に")
    firefox.compose("にほ")
    ben.wait_for_text("startにほ end")
    ana.focus_start()
    ana.type("Ana ")
    ana.focus_end()
    ana.type("!")
    ben.wait_for_text("Ana startにほ end!")
    firefox.compose("にほん")
    firefox.compose("日本")
    firefox.compose("日本", is_done=True)
    # Keys take another way into the page than an input method, and could be there before it.
    ben.wait_for_text("Ana start日本 end!")
    ben.type("go")
    ben.wait_for_text("Ana start日本go end!")
    ben.wait_until_saved()
    ana.wait_for_text(ben.text)
    assert ben.text == stored_text(server, "ime")
    # It was one composition to the page, whatever others wrote meanwhile.
    noted = ben.evaluate("window.noted")
    assert [kind for kind, _ in noted].count("compositionstart") == 1
    assert noted[-1] == ["compositionend", "日本"]
