"""Texts that cannot become part of their document, or only just: they or the device are too full,
the history was set back, the text is long. Nothing is lost (P3, P5).
"""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.stored import stored_text
from tests.e2e.window import PASTE_BOOK, Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p3, pytest.mark.p5, pytest.mark.offline]


def _paste(window: Window, unit: str, times: int) -> None:
    """Paste a unit many times over; returns when the page has drawn a frame since."""
    window.editor.focus()
    window.page.evaluate("([unit, times]) => { window.book = unit.repeat(times) }", [unit, times])
    window.page.evaluate(
        f"""async () => {{
            ({PASTE_BOOK})();
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        }}"""
    )


def _worked_s(window: Window) -> float:
    """Return the processor's time that the processes which run pages have taken until now."""
    browser = window.page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(float(each["cpuTime"]) for each in found if each["type"] == "renderer")


def test_a_paste_over_the_limit_on_a_full_device_is_kept_in_the_tab(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/", "Ana")
    session = ana.page.context.new_cdp_session(ana.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": server.url, "quotaSize": 1})
    ana.open("/d/both")
    ana.focus_end()
    ana.type("saved")
    ana.wait_until_saved()
    _paste(ana, "x", 2_000_001)
    bar = ana.page.locator(".banner", has_text="2,000,001")
    expect(bar).to_contain_text("kept in this tab only")
    ana.wait_for_words("Not everything is saved")
    with ana.page.expect_download() as download:
        bar.get_by_role("button", name="Download it").click()
    assert Path(download.value.path()).read_text() == "x" * 2_000_001
    session.send("Storage.overrideQuotaForOrigin", {"origin": server.url})
    expect(bar).to_contain_text("kept on this device")
    bar.get_by_role("button", name="Dismiss").click()
    ana.wait_until_saved()
    assert ana.text == stored_text(server, "both") == "saved"


def test_what_two_write_into_the_last_room_is_stored_or_kept(
    tmp_path: Path, browser: Browser
) -> None:
    """Both pages have room by what they see, and together it is too much: `document_full`."""
    context = browser.new_context()
    limit = ("--max-document-chars", "1000")
    folder = tmp_path / "narrow"
    folder.mkdir()
    try:
        with ServerProcess(folder, arguments=limit) as narrow, Link(narrow.port) as link:
            ana = Window(context.new_page(), narrow.url, "Ana")
            ana.open("/d/last-room")
            ana.focus_end()
            before = "Nineteen characters\n" * 49
            _paste(ana, "Nineteen characters\n", 49)
            ana.wait_until_saved()
            # Who writes is told of the limit before anything is refused.
            expect(ana.page.locator(".statusbar")).to_contain_text("980 of 1,000")
            soon = ana.page.locator(".banner", has_text="almost full: it may have 1,000")
            soon.get_by_role("button", name="Dismiss").click()
            expect(soon).to_have_count(0)
            ben = Window(browser.new_context().new_page(), link.url, "Ben")
            ben.open("/d/last-room")
            link.cut()
            ben.focus_end()
            ben.type("what Ben adds")
            ben.wait_for_words("Offline – 13 edits kept on this device")
            ana.focus_end()
            ana.type("what Ana adds")
            ana.wait_until_saved()
            link.mend()
            bar = ben.page.locator(".banner", has_text="has no room")
            expect(bar).to_contain_text("kept on this device")
            with ben.page.expect_download() as download:
                bar.get_by_role("button", name="Download it").click()
            kept = Path(download.value.path()).read_text()
            # What Ana added may have come before the refusal.
            assert kept.replace("what Ana adds", "") == before + "what Ben adds"
            for window in (ana, ben):
                window.wait_until_saved()
                assert window.text == before + "what Ana adds"
                assert window.errors == []
            assert stored_text(narrow, "last-room") == before + "what Ana adds"
            ben.page.context.close()
    finally:
        context.close()


def test_a_document_deleted_meanwhile_leaves_its_long_text_to_a_new_one(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    """The text is longer than a message of the server may be."""
    with Link(server.port) as link:
        ana = open_window("/d/gone", "Ana", link.url)
        _paste(ana, "日本語のテキスト 👩\n", 40_000)
        ana.wait_until_saved()
        link.cut()
        ana.focus_end()
        ana.type("unsent")
        ana.wait_for_words("Offline – 6 edits kept on this device")
        whole = ana.text
        _delete(ana, server, "gone")
        link.mend()
        ana.wait_for_words("Not connected – 6 edits not saved, kept on this device")
        ana.page.get_by_role("button", name="Save as new document").click()
        ana.wait_until("() => !location.pathname.endsWith('/gone')")
        ana.wait_until_saved()
        name = ana.page.evaluate("location.pathname.split('/').pop()")
        assert ana.text == stored_text(server, name) == whole
        answer = httpx.get(f"{server.url}/api/documents", timeout=PATIENCE_S).json()
        assert [document["title"] for document in answer["documents"]] == ["gone (copy)"]


def _delete(owner: Window, server: ServerProcess, name: str) -> None:
    """Delete a document as whoever a window belongs to, past its link."""
    answer = owner.page.context.request.delete(
        f"{server.url}/api/documents/{name}", headers={"Origin": server.url}
    )
    assert answer.ok, answer.text()


def test_a_restored_backup_keeps_what_was_unsent_and_what_was_lost(
    server: ServerProcess, open_window: OpenWindow, tmp_path: Path
) -> None:
    with Link(server.port) as link:
        ana = open_window("/d/backup", "Ana", link.url)
        ana.focus_end()
        ana.type("early ")
        ana.wait_until_saved()
        _back_up(tmp_path)
        ana.type("late ")
        ana.wait_until_saved()
        link.cut()
        ana.type("unsent")
        ana.wait_for_words("Offline – 6 edits kept on this device")
        server.kill9()
        _restore(tmp_path, server.database_url)
        server.start()
        link.mend()
        ana.wait_for_text("early ")
        ana.wait_until_saved()
        bar = ana.page.locator(".banner", has_text="restored from a backup")
        expect(bar).to_contain_text("kept on this device")
        with ana.page.expect_download() as download:
            bar.get_by_role("button", name="Download it").click()
        assert Path(download.value.path()).read_text() == "early late unsent"
        ana.focus_end()
        ana.type("goes on")
        ana.wait_until_saved()
        assert ana.text == stored_text(server, "backup") == "early goes on"


def _back_up(folder: Path) -> None:
    with (
        sqlite3.connect(folder / "quire.db") as source,
        sqlite3.connect(folder / "backup.db") as target,
    ):
        source.backup(target)


def _restore(folder: Path, database_url: str) -> None:
    """Put the copy in place of the database, and say so, as docs/operations.md has it."""
    for ending in ("", "-wal", "-shm"):
        (folder / f"quire.db{ending}").unlink(missing_ok=True)
    (folder / "backup.db").rename(folder / "quire.db")
    command = [sys.executable, "-m", "app.cli.main", "db", "new-epoch"]
    subprocess.run([*command, "--database-url", database_url], check=True, timeout=PATIENCE_S)


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[ServerProcess]:
    folder = tmp_path / "roomy"
    folder.mkdir()
    limit = ("--max-document-chars", "4000000")
    with ServerProcess(folder, arguments=limit) as running:
        yield running


def test_a_paste_of_three_million_characters_goes_through_whole(
    roomy: ServerProcess, browser: Browser
) -> None:
    context = browser.new_context()
    try:
        ana = Window(context.new_page(), roomy.url, "Ana")
        ana.open("/d/volume")
        before_s = _worked_s(ana)
        _paste(ana, "Thirty characters of a volume\n", 100_000)
        # Not how long it took: that depends on what else the machine does.
        assert _worked_s(ana) - before_s < 5
        ana.wait_until("() => window.quire.text().length === 3_000_000")
        ana.wait_until_saved()
        assert ana.text == stored_text(roomy, "volume")
        assert ana.errors == []
    finally:
        context.close()
