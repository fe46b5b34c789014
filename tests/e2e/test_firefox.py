"""The main journeys of two people in Firefox; all, and more, run in Chromium (the other files)."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import OpenWindow
from tests.e2e.firefox import Firefox
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p4, pytest.mark.p5, pytest.mark.timeout(4 * PATIENCE_S)]


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    with Firefox() as browser:
        yield browser
        assert browser.errors == []


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
    ana.wait_until_saved()
    ben.wait_until_saved()
    ben.wait_until("window.quire.text().length === 5 + 2 * (10 * 3 + 5 * 4)")
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
    ben.type("mine ")
    ben.wait_until_saved()
    ana.wait_until("() => window.quire.text() === 'mine '")
    ana.focus_end()
    ana.type("hers")
    ben.wait_for_text("mine hers")
    ben.press("Control", "z")
    ben.wait_for_text("hers")
    ben.wait_until_saved()
    assert stored_text(server, "undo") == "hers"
