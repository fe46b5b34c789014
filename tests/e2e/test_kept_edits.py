"""Edits that the server does not have yet: what happens to them when the tab, the network, the
server or the device goes (P1, P3, P5).
"""

import contextlib
import time

import httpx
import pytest
from playwright.sync_api import Error, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.window import PASTE_BOOK, Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p3, pytest.mark.p5, pytest.mark.offline]


def _text(server: ServerProcess, name: str) -> str:
    answer = httpx.get(f"{server.url}/api/documents/{name}/text", timeout=PATIENCE_S)
    return answer.raise_for_status().text


def _wait_until_all_have(server: ServerProcess, name: str, text: str, *windows: Window) -> None:
    """Wait until every window is saved and shows `text`, which is then what the server has."""
    for window in windows:
        window.wait_for_text(text)
        window.wait_until_saved()
    assert _text(server, name) == text


def _crash(window: Window) -> None:
    """End the tab's process at once, as running out of memory would."""
    with contextlib.suppress(Error):
        window.page.goto("chrome://crash", timeout=5_000)
    with contextlib.suppress(Error):
        window.page.close()


def test_a_tab_that_crashes_leaves_its_edits_to_the_next(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = open_window("/d/crash", "Ana", link.url)
        ana.focus_end()
        ana.type("saved ")
        ana.wait_until_saved()
        link.cut()
        ana.type("and kept")
        ana.wait_for_words("Offline – 8 edits kept on this device")
        link.mend()
        link.fall_silent()
        _crash(ana)
        link.mend()
        again = open_window("/d/crash", "Ana", link.url, beside=ana)
        _wait_until_all_have(server, "crash", "saved and kept", again)


def test_three_tabs_share_one_store_and_double_nothing(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        tabs = [open_window("/d/three", "Ana", link.url)]
        tabs += [open_window("/d/three", "Ana", link.url, beside=tabs[0]) for _ in range(2)]
        link.cut()
        for number, tab in enumerate(tabs):
            tab.page.bring_to_front()
            tab.focus_end()
            tab.type(f"<{number}>")
            tab.wait_for_words("Offline – 3 edits kept on this device")
        tabs[1].page.close()
        # One of the others, and only one, has taken over what it left.
        for tab in (tabs[0], tabs[2]):
            tab.wait_for_words("Offline – ")
        deadline = time.monotonic() + PATIENCE_S
        while {tabs[0].state()["pending"], tabs[2].state()["pending"]} != {3, 6}:
            assert time.monotonic() < deadline
            tabs[0].page.wait_for_timeout(50)
        link.mend()
        for tab in (tabs[0], tabs[2]):
            tab.wait_until("() => window.quire.text().length === 9")
            tab.wait_until_saved()
        text = _text(server, "three")
        assert sorted(text[at : at + 3] for at in (0, 3, 6)) == ["<0>", "<1>", "<2>"]
        _wait_until_all_have(server, "three", text, tabs[0], tabs[2])


def test_a_paste_that_does_not_fit_is_refused_whole_and_kept(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/book", "Ana")
    ana.page.evaluate("() => { window.book = 'x'.repeat(6_000_000) }")
    ana.editor.focus()
    ana.page.evaluate(PASTE_BOOK, None)
    bar = ana.page.locator(".banner", has_text="6,000,000")
    expect(bar).to_contain_text("2,000,000")
    expect(bar).to_contain_text("kept on this device")
    ana.wait_for_words("Not everything is saved")
    assert ana.text == ""
    ana.page.reload()
    ana.wait_until_saved()
    kept = ana.page.locator(".banner", has_text="earlier visit")
    with ana.page.expect_download() as download:
        kept.get_by_role("button", name="Download it").click()
    with open(download.value.path()) as file:
        assert file.read() == "x" * 6_000_000
    kept.get_by_role("button", name="Dismiss").click()
    expect(kept).to_have_count(0)
    _wait_until_all_have(server, "book", "", ana)


def test_a_large_paste_that_fits_goes_through_whole(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/large", "Ana")
    ana.page.evaluate("() => { window.book = '日本語のテキスト\\n'.repeat(40_000) }")
    ana.editor.focus()
    ana.page.evaluate(PASTE_BOOK, None)
    ana.wait_until("() => window.quire.text().length === 360_000")
    _wait_until_all_have(server, "large", "日本語のテキスト\n" * 40_000, ana)


def test_a_device_without_room_says_that_edits_are_in_the_tab_only(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = open_window("/", "Ana", link.url)
        session = ana.page.context.new_cdp_session(ana.page)
        session.send("Storage.overrideQuotaForOrigin", {"origin": link.url, "quotaSize": 1})
        ana.open("/d/full")
        ana.focus_end()
        ana.type("saved ")
        ana.wait_until_saved()
        link.cut()
        ana.type("kept")
        ana.wait_for_words("Offline – 4 edits kept in this tab only")
        expect(
            ana.page.locator(".banner", has_text="storage of this device is full")
        ).to_be_visible()
        session.send("Storage.overrideQuotaForOrigin", {"origin": link.url})
        ana.wait_for_words("Offline – 4 edits kept on this device")
        link.mend()
        _wait_until_all_have(server, "full", "saved kept", ana)


def test_a_browser_that_stores_nothing_says_so(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = open_window("/", "Ana", link.url)
        ana.page.context.add_init_script(
            "Object.defineProperty(window, 'indexedDB', { value: undefined })"
        )
        ana.open("/d/private")
        link.cut()
        ana.focus_end()
        ana.type("kept")
        ana.wait_for_words("Offline – 4 edits kept in this tab only")
        expect(ana.page.locator(".banner", has_text="stores nothing")).to_be_visible()
        link.mend()
        _wait_until_all_have(server, "private", "kept", ana)
