"""Two people in two windows on one document: what must never go wrong (P1, P4, P5)."""

import threading

import pytest
from playwright.sync_api import expect
from websockets.sync.client import connect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p4, pytest.mark.p5, pytest.mark.offline]


def _type_by_turns(one: Window, other: Window, rounds: int) -> None:
    """Both type into their own line, a few characters each, so that edits cross on the wire."""
    for number in range(rounds):
        one.type(f"a{number} ")
        other.type(f"b{number} ")


def test_two_windows_that_type_at_once_agree(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana, ben = open_window("/d/notes", "Ana"), open_window("/d/notes", "Ben")
    ana.focus_end()
    ana.type("# Notes\nAna:\nBen:")
    wait_until_equal(ana, ben)
    ana.focus_end()
    ana.page.keyboard.press("ArrowUp")
    ana.page.keyboard.press("End")
    ben.focus_end()
    _type_by_turns(ana, ben, 25)
    text = wait_until_equal(ana, ben)
    expected_ana = "".join(f"a{number} " for number in range(25))
    expected_ben = "".join(f"b{number} " for number in range(25))
    assert text == f"# Notes\nAna:{expected_ana}\nBen:{expected_ben}"
    assert stored_text(server, "notes") == text


def test_a_window_that_was_offline_comes_back_with_its_edits(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana, ben = open_window("/d/trip", "Ana"), open_window("/d/trip", "Ben", link.url)
        ana.focus_end()
        ana.type("start\n")
        wait_until_equal(ana, ben)
        link.cut()
        ben.focus_end()
        ben.type("written offline\n")
        ben.wait_for_words("Offline – 16 edits kept on this device")
        ana.focus_start()
        ana.type("written online\n")
        ana.wait_until_saved()
        assert "offline" not in ana.text
        link.mend()
        text = wait_until_equal(ana, ben)
        assert text == "written online\nstart\nwritten offline\n"
        assert stored_text(server, "trip") == text


def test_a_link_that_is_open_but_silent_is_noticed(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana, ben = open_window("/d/cave", "Ana"), open_window("/d/cave", "Ben", link.url)
        ana.focus_end()
        ana.type("echo ")
        wait_until_equal(ana, ben)
        link.fall_silent()
        ben.focus_end()
        ben.type("from inside")
        assert not ben.save_words.startswith("Saved")
        ben.wait_until("() => !window.quire.state().connected")
        link.mend()
        assert wait_until_equal(ana, ben) == "echo from inside"


def test_what_showed_saved_survives_kill_9(server: ServerProcess, open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/crash", "Ana"), open_window("/d/crash", "Ben")
    ana.focus_end()
    ana.type("A\nB")
    wait_until_equal(ana, ben)
    saved = ana.text
    for crash in range(3):
        ana.focus_start()
        ana.type(f"ana{crash} ")
        ben.focus_end()
        ben.type(f" ben{crash}")
        ana.wait_until_saved()
        ben.wait_until_saved()
        saved = ana.text
        ana.type("in flight ")
        server.kill9()
        ben.type(" while down")
        restart = threading.Thread(target=server.start)
        restart.start()
        restart.join()
        for part in (f"ana{crash} ", f" ben{crash}"):
            assert part in saved
            assert part in stored_text(server, "crash")
        text = wait_until_equal(ana, ben)
        assert text.count("in flight ") == crash + 1
        assert text.count(" while down") == crash + 1
    assert stored_text(server, "crash") == ana.text


def test_emoji_that_share_a_half_are_replaced_whole(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana, ben = open_window("/d/faces", "Ana"), open_window("/d/faces", "Ben")
    ana.focus_end()
    ana.page.keyboard.insert_text("a😀b")
    wait_until_equal(ana, ben)
    # Both start with the same half; the editor is told to replace one by the other.
    ben.focus_start()
    ben.page.keyboard.press("ArrowRight")
    ben.page.keyboard.press("Shift+ArrowRight")
    ben.page.keyboard.insert_text("😁")
    assert wait_until_equal(ana, ben) == "a😁b"
    assert stored_text(server, "faces") == "a😁b"


def test_text_that_was_kept_as_the_tab_went_is_shown_only_if_it_was_not_saved(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/kept", "Ana")
    ana.focus_end()
    ana.type("saved")
    ana.wait_until_saved()
    banner = ana.page.locator(".banners .banner", has_text="earlier visit")
    for kept, shown in (("saved", 0), ("saved, and not saved", 1)):
        ana.page.evaluate("text => localStorage.setItem('quire:kept:kept', text)", kept)
        ana.page.reload()
        ana.wait_for_text("saved")
        ana.wait_until_saved()
        expect(banner).to_have_count(shown)


def test_undo_takes_back_ones_own_edits_only(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/undo", "Ana"), open_window("/d/undo", "Ben")
    ana.focus_end()
    ana.type("mine ")
    wait_until_equal(ana, ben)
    ben.focus_end()
    ben.type("yours ")
    wait_until_equal(ana, ben)
    # What is typed without a pause is one step; a slow machine makes pauses. However often she asks
    # for it, only her own is taken back.
    for _ in "mine ":
        ana.page.keyboard.press("Control+z")
    ana.wait_for_text("yours ")
    assert wait_until_equal(ana, ben) == "yours "


def test_a_caret_shows_its_owners_name(open_window: OpenWindow) -> None:
    ana, ben = open_window("/d/carets", "Ana"), open_window("/d/carets", "Ben")
    ana.focus_end()
    ana.type("where am I")
    wait_until_equal(ana, ben)
    expect(ben.page.locator(".peer-caret .caret-name")).to_have_text("Ana")


def test_text_that_another_editor_starts_in_another_root_is_shown(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    url = server.url.replace("http", "ws", 1) + "/yjs/elsewhere"
    with connect(url, proxy=None, open_timeout=PATIENCE_S, ping_interval=None) as editor:
        ana = open_window("/d/elsewhere", "Ana")
        editor.send(bytes.fromhex("00020c010101000401017402686900"))  # root "t": "hi"
        ana.wait_for_text("hi")
        ana.focus_end()
        ana.type(" there")
        ana.wait_until_saved()
    assert stored_text(server, "elsewhere") == "hi there"
