"""A real server and real browser windows. `./test` says which Chromium in QUIRE_TEST_CHROMIUM."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.e2e.window import PATIENCE_MS, Window
from tests.integration.server import ServerProcess

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

OpenWindow = Callable[..., Window]


def _chromium() -> str:
    path = os.environ.get("QUIRE_TEST_CHROMIUM") or shutil.which("chromium")
    assert path, "no Chromium: run this tier with ./test e2e, which finds or installs one"
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_chromium(), args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path) as running:
        yield running


def _profile(browser: Browser, beside: Window | None) -> BrowserContext:
    if beside is not None:
        return beside.page.context
    return browser.new_context(viewport={"width": 1200, "height": 800})


@pytest.fixture
def open_window(browser: Browser, server: ServerProcess) -> Iterator[OpenWindow]:
    """Opens a window of its own profile, or of that of another window (`beside`).

    At the end no window may have had an error, nor anything refused by its page's policy.
    """
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def open_one(
        path: str, name: str, base: str | None = None, *, beside: Window | None = None
    ) -> Window:
        context = _profile(browser, beside)
        contexts.append(context)
        window = Window(context.new_page(), base or server.url, name)
        windows.append(window)
        window.open(path)
        return window

    yield open_one
    for context in contexts:
        context.close()
    for window in windows:
        assert window.errors == [], f"errors in {window.name}'s page"
