"""Edits that closed pages left on the device: any page of the same user has them saved (P1, P3)."""

import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p3, pytest.mark.offline]


def _leave_edits(open_window: OpenWindow, link: Link, **texts: str) -> Window:
    """In each document write `saved `, and then its text without a connection, and leave.

    The first window of these stays, on a page of nothing; the link stays cut.
    """
    windows: list[Window] = []
    for name in texts:
        beside = windows[0] if windows else None
        window = open_window(f"/d/{name}", "Ana", link.url, beside=beside)
        window.focus_end()
        window.type("saved ")
        window.wait_until_saved()
        windows.append(window)
    link.cut()
    for window, text in zip(windows, texts.values(), strict=True):
        window.page.bring_to_front()
        window.focus_end()
        window.type(text)
        window.wait_for_words(f"Offline – {len(text)} edits kept on this device")
    for window in windows:
        window.page.goto("about:blank")
    return windows[0]


def _wait_until_stored(server: ServerProcess, name: str, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while stored_text(server, name) != text:
        assert time.monotonic() < deadline, stored_text(server, name)
        time.sleep(0.1)


def test_the_start_page_sends_what_other_pages_left(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left1="one", left2="two")
        # Without a server the page says what it has.
        ana.visit("/")
        note = ana.page.locator(".unsent")
        expect(note).to_contain_text("3 edits in left1")
        expect(note).to_contain_text("3 edits in left2")
        link.mend()
        ana.visit("/")
        _wait_until_stored(server, "left1", "saved one")
        _wait_until_stored(server, "left2", "saved two")
        expect(note).to_have_count(0)


def test_many_pages_at_once_send_each_edit_once(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left3="x" * 12)
        link.mend()
        pages = [ana.page.context.new_page() for _ in range(3)]
        for page in pages:
            page.goto(f"{link.url}/", wait_until="commit")
        again = open_window("/d/left3", "Ana", link.url, beside=ana)
        again.wait_for_text("saved " + "x" * 12)
        again.wait_until_saved()
        assert stored_text(server, "left3") == "saved " + "x" * 12
        head = httpx.get(f"{server.url}/api/documents/left3", timeout=PATIENCE_S).json()
        for page in pages:
            page.close()
        assert again.state()["version"] == head["version"]


def test_the_page_of_another_document_sends_them_too(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left4="here")
        link.mend()
        ana.open("/d/another")
        _wait_until_stored(server, "left4", "saved here")
        ana.wait_until_saved()
        assert ana.text == ""


def test_what_has_no_document_any_more_is_named_with_the_way_to_it(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left5="kept")
        document = f"{server.url}/api/documents/left5"
        assert ana.page.context.request.delete(document, headers={"Origin": server.url}).ok
        link.mend()
        ana.visit("/")
        note = ana.page.locator(".unsent")
        expect(note).to_contain_text("4 edits in left5")
        expect(note).to_contain_text("Open the document to say what becomes of it.")
        note.get_by_role("link").click()
        bar = ana.page.locator(".banner", has_text="4 edits of yours could not be saved")
        expect(bar.get_by_role("button", name="Copy text")).to_be_visible()
        assert ana.text == "saved kept"


def test_another_user_of_the_browser_neither_sees_nor_sends_them(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left6="hers")
        link.mend()
        ana.page.context.clear_cookies()
        ana.page.goto(f"{link.url}/")
        expect(ana.page.locator(".self-name")).to_be_visible()
        # Long enough for whatever would be sent: two looks at the device.
        ana.page.wait_for_timeout(6_000)
        expect(ana.page.locator(".unsent")).to_have_count(0)
        assert stored_text(server, "left6") == "saved "


def test_a_page_says_what_another_document_keeps_and_can_be_told_to_be_quiet(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = _leave_edits(open_window, link, left7="seven", left8="eight")
        ana.visit("/d/left7")
        ana.wait_for_words("Offline – 5 edits kept on this device")
        bar = ana.page.locator(".banner", has_text="5 edits in left8")
        expect(bar.get_by_role("button", name="Open left8")).to_be_visible()
        bar.get_by_role("button", name="Dismiss").click()
        expect(bar).to_have_count(0)
        ana.page.wait_for_timeout(5_500)
        expect(bar).to_have_count(0)
        link.mend()
        _wait_until_stored(server, "left7", "saved seven")
        _wait_until_stored(server, "left8", "saved eight")
