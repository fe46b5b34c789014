"""The editor without a server: pages that were open here open from the device (P1, P3, P5)."""

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.window import Window, repeat_until
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p3, pytest.mark.p5, pytest.mark.offline]


def _text(server: ServerProcess, name: str) -> str:
    answer = httpx.get(f"{server.url}/api/documents/{name}/text", timeout=PATIENCE_S)
    return answer.raise_for_status().text


def _wait_until_kept(window: Window) -> None:
    """Wait until the browser has the editor: its service worker is in charge of the page."""
    window.wait_until(
        "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'"
        " && navigator.serviceWorker.controller !== null"
    )


def _wait_until_saved_as(server: ServerProcess, name: str, text: str, *windows: Window) -> None:
    for window in windows:
        window.wait_for_text(text)
        window.wait_until_saved()
    assert _text(server, name) == text


def test_reload_while_offline_on_both_sides(server: ServerProcess, open_window: OpenWindow) -> None:
    with Link(server.port) as one, Link(server.port) as other:
        ana = open_window("/d/trip", "Ana", one.url)
        ben = open_window("/d/trip", "Ben", other.url)
        for window in (ana, ben):
            _wait_until_kept(window)
        ana.focus_end()
        ana.type("start\n")
        _wait_until_saved_as(server, "trip", "start\n", ana, ben)
        one.cut()
        other.cut()
        ana.focus_start()
        ana.type("ana\n")
        ana.wait_for_words("Offline – 4 edits kept on this device")
        ben.focus_end()
        ben.type("ben\n")
        ben.wait_for_words("Offline – 4 edits kept on this device")
        for window, text in ((ana, "ana\nstart\n"), (ben, "start\nben\n")):
            window.page.reload()
            window.wait_for_text(text)
            window.wait_for_words("Offline – 4 edits kept on this device")
        ana.focus_start()
        ana.type("again ")
        one.mend()
        other.mend()
        _wait_until_saved_as(server, "trip", "again ana\nstart\nben\n", ana, ben)


def test_days_offline(server: ServerProcess, open_window: OpenWindow) -> None:
    with Link(server.port) as link:
        ana = open_window("/d/days", "Ana", link.url)
        _wait_until_kept(ana)
        ana.focus_end()
        ana.type("monday ")
        ana.wait_until_saved()
        link.cut()
        ana.type("tuesday ")
        ana.wait_for_words("Offline – 8 edits kept on this device")
        ana.page.clock.install()
        ana.page.clock.fast_forward(4 * 86_400_000)
        ana.page.reload()
        ana.wait_for_text("monday tuesday ")
        ana.focus_end()
        ana.type("saturday")
        link.mend()
        _wait_until_saved_as(server, "days", "monday tuesday saturday", ana)


NEW_BUILD = "another0another0"
SLEEP_S = 7.0
"""Longer than any pause between two timers of a page that is awake."""


@contextlib.contextmanager
def _asleep(window: Window) -> Iterator[None]:
    """Stop the processes that run pages, as a laptop does whose lid is closed."""
    browser = window.page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    processes = [each["id"] for each in found if each["type"] == "renderer"]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_a_frozen_page_asks_the_server_before_it_says_saved(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana = open_window("/d/lid", "Ana", link.url)
        ana.focus_end()
        ana.type("before ")
        ana.wait_until_saved()
        ana.note_save_words()
        with _asleep(ana):
            link.fall_silent()
            time.sleep(SLEEP_S)
        ana.wait_until("() => !window.quire.state().connected")
        before, *later = ana.page.evaluate("window.saveWords")
        assert before.startswith("Saved")
        assert later[0] == "Checking the connection…"
        assert not any(words.startswith("Saved") for words in later)
        link.mend()
        ana.type("after")
        _wait_until_saved_as(server, "lid", "before after", ana)


def test_a_server_that_was_killed_is_found_again_within_seconds(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/back", "Ana")
    ana.focus_end()
    ana.type("before ")
    ana.wait_until_saved()
    server.kill9()
    ana.type("while down ")
    ana.wait_for_words("Offline – ")
    ana.page.wait_for_timeout(8_000)  # long enough for pauses to have grown
    server.start()
    ana.wait_until("() => window.quire.state().connected")
    _wait_until_saved_as(server, "back", "before while down ", ana)


def test_a_new_build_takes_over_and_an_open_page_keeps_its_own(
    tmp_path: Path, open_window: OpenWindow
) -> None:
    """A copy of the code whose editor is another build, as after an upgrade."""
    folder = tmp_path / "installed"
    folder.mkdir()
    for name in ("app", "sync", "storage", "alembic", "web/dist", "web/__init__.py", "alembic.ini"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        elif source.exists():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    dist = folder / "web/dist"
    # A forked one would serve the editor of this checkout: it has imported that already.
    environment = {"PYTHONPATH": str(folder)}
    with ServerProcess(folder, environment=environment, is_forked=False) as server:
        ana = open_window("/d/old", "Ana", server.url)
        _wait_until_kept(ana)
        entry = _entry(dist)
        assert _is_loaded(ana, entry)
        server.terminate()
        new = _rebuild(dist, entry)
        server.start()
        # The files of the open page are gone from the server, but not from here.
        assert httpx.get(f"{server.url}/assets/{entry}", timeout=PATIENCE_S).status_code == 404
        is_here = "(name) => fetch(new URL(`../assets/${name}`, location)).then(({ ok }) => ok)"
        assert ana.page.evaluate(is_here, entry)
        # A page that the server does not give within some seconds is the one that is kept here.
        repeat_until(
            lambda: _require_loaded(ana, new), lambda: ana.page.reload(), ana.wait_until_saved
        )
        ana.wait_until(
            """async (build) => {
                const { installing, waiting, active } = await navigator.serviceWorker.ready;
                const isDone = installing === null && waiting === null;
                return isDone && active.state === "activated" && (await caches.has(build));
            }""",
            f"quire-build-/#{NEW_BUILD}",
        )
        ana.focus_end()
        ana.type("kept")
        ana.wait_until_saved()
        server.kill9()
        ana.page.reload()
        ana.wait_for_text("kept")
        assert _is_loaded(ana, new)
        expect(ana.page.locator(".cm-content").first).to_be_visible()


def _entry(dist: Path) -> str:
    """Return the name of the script with which the editor begins."""
    found = re.search(r"assets/(app-[A-Z0-9]+\.js)", (dist / "index.html").read_text())
    assert found is not None
    return found[1]


def _is_loaded(window: Window, name: str) -> bool:
    return bool(
        window.page.evaluate(
            "(name) => [...document.scripts].some(({ src }) => src.endsWith(name))", name
        )
    )


def _require_loaded(window: Window, name: str) -> None:
    assert _is_loaded(window, name)


def _rebuild(dist: Path, entry: str) -> str:
    """Make another build of it: its entry has another content, and so another name, as returned."""
    new = "app-ANOTHER0.js"
    worker = dist / "service-worker.js"
    worker.write_text(re.sub(r'name:"[0-9a-f]{16}"', f'name:"{NEW_BUILD}"', worker.read_text()))
    (dist / "assets" / entry).rename(dist / "assets" / new)
    for path in (dist / "index.html", worker, *(dist / "assets").glob("*.js")):
        path.write_text(path.read_text().replace(entry, new))
    return new
