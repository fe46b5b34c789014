"""Firefox without a connection: what it keeps, and what it says of it (P1, P3, P5).

Each journey ends by comparing the server's text with the browser's.
"""

import time
from typing import Final

import pytest

from tests.e2e.firefox import Firefox, FirefoxWindow, open_document
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [
    pytest.mark.p1,
    pytest.mark.p3,
    pytest.mark.p5,
    pytest.mark.timeout(4 * PATIENCE_S),
]

_SLEEP_S: Final = 7.0
"""Longer than any pause between two timers of a page that is awake."""
_DAYS_LATER: Final = """(() => {
    const past = Date;
    const later = () => past.now() + 4 * 86_400_000;
    window.Date = class extends past {
        constructor(...parts) { parts.length === 0 ? super(later()) : super(...parts); }
        static now() { return later(); }
    };
})()"""


def _kept(count: int) -> str:
    """Return the condition that so many edits are kept on the device."""
    return f"/^Offline – {count} edits kept/.test(window.quire.state().save)"


def _wait_until_saved_as(
    server: ServerProcess, name: str, text: str, *windows: FirefoxWindow
) -> None:
    for window in windows:
        window.wait_for_text(text)
        window.wait_until_saved()
        assert window.text == stored_text(server, name)


def test_firefox_keeps_what_was_typed_while_the_server_was_killed(
    server: ServerProcess, firefox: Firefox
) -> None:
    """It is there after a reload without a server, and saved when the server is back."""
    ben = open_document(firefox, server, "killed")
    ben.wait_until("navigator.serviceWorker.controller !== null")
    ben.focus_end()
    ben.type("saved, ")
    ben.wait_for_text("saved, ")
    ben.wait_until_saved()
    server.kill9()
    ben.type("unsent")
    ben.wait_until(_kept(6))
    ben.reload()
    ben.wait_until("window.quire !== undefined")
    ben.wait_for_text("saved, unsent")
    server.start()
    _wait_until_saved_as(server, "killed", "saved, unsent", ben)


def test_firefox_keeps_what_was_typed_for_days_offline(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    with Link(shared_server.port) as link:
        ben = open_document(firefox, shared_server, "firefox-days", base=link.url)
        ben.wait_until("navigator.serviceWorker.controller !== null")
        ben.focus_end()
        ben.type("monday ")
        ben.wait_for_text("monday ")
        ben.wait_until_saved()
        link.cut()
        ben.type("tuesday ")
        ben.wait_until(_kept(8))
        before_ms = ben.evaluate("Date.now()")
        ben.prepare(_DAYS_LATER)
        ben.reload()
        ben.wait_until("window.quire !== undefined")
        assert ben.evaluate("Date.now()") - before_ms > 4 * 86_400_000
        ben.wait_for_text("monday tuesday ")
        ben.focus_end()
        ben.type("saturday")
        link.mend()
        _wait_until_saved_as(shared_server, "firefox-days", "monday tuesday saturday", ben)


def test_firefox_that_slept_asks_the_server_before_it_says_saved(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    """All of its processes are stopped, as by the lid of a laptop; the link is silent meanwhile."""
    with Link(shared_server.port) as link:
        ben = open_document(firefox, shared_server, "firefox-lid", base=link.url)
        ben.focus_end()
        ben.type("before ")
        ben.wait_for_text("before ")
        ben.wait_until_saved()
        ben.note_save_words()
        with firefox.asleep():
            link.fall_silent()
            time.sleep(_SLEEP_S)
        ben.wait_until("!window.quire.state().connected")
        before, *later = ben.evaluate("window.saveWords")
        assert before.startswith("Saved")
        assert later[0] == "Checking the connection…"
        assert not any(words.startswith("Saved") for words in later)
        link.mend()
        ben.type("after")
        _wait_until_saved_as(shared_server, "firefox-lid", "before after", ben)


def test_firefox_notices_a_link_that_is_open_but_silent(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    with Link(shared_server.port) as link:
        ben = open_document(firefox, shared_server, "firefox-cave", "echo ", base=link.url)
        link.fall_silent()
        ben.focus_end()
        ben.type("from inside")
        ben.wait_for_text("echo from inside")
        assert not ben.evaluate("window.quire.state().save").startswith("Saved")
        ben.wait_until("!window.quire.state().connected")
        link.mend()
        _wait_until_saved_as(shared_server, "firefox-cave", "echo from inside", ben)


def test_firefox_shares_one_store_among_three_tabs_and_doubles_nothing(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    with Link(shared_server.port) as link:
        tabs = [open_document(firefox, shared_server, "firefox-three", base=link.url)]
        for _ in range(2):
            tabs.append(firefox.open(f"{link.url}/d/firefox-three", beside=tabs[0]))
            tabs[-1].wait_until_saved()
        link.cut()
        for number, tab in enumerate(tabs):
            tab.bring_to_front()
            tab.focus_end()
            tab.type(f"<{number}>")
            tab.wait_until(_kept(3))
        tabs.pop(1).close()
        # One of the others, and only one, takes over what it left.
        deadline = time.monotonic() + PATIENCE_S
        while {tab.evaluate("window.quire.state().pending") for tab in tabs} != {3, 6}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        link.mend()
        for tab in tabs:
            tab.wait_until("window.quire.text().length === 9")
            tab.wait_until_saved()
        text = stored_text(shared_server, "firefox-three")
        assert sorted(text[at : at + 3] for at in (0, 3, 6)) == ["<0>", "<1>", "<2>"]
        _wait_until_saved_as(shared_server, "firefox-three", text, *tabs)
