"""A real server and real browser windows. `./test` says which Chromium in QUIRE_TEST_CHROMIUM."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts.chromium import installed_chromium
from tests.e2e.firefox import Firefox
from tests.e2e.window import PATIENCE_MS, Window
from tests.integration.fork_server import prepare_by
from tests.integration.server import ServerProcess

prepare_by("tests.e2e.compressed_editor")

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

OpenWindow = Callable[..., Window]


def _chromium() -> str:
    path = os.environ.get("QUIRE_TEST_CHROMIUM") or installed_chromium()
    assert path, "no Chromium: run this tier with ./test e2e, which finds or installs one"
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=_chromium(), args=list(FLAGS), timeout=PATIENCE_MS
        )
        _be_patient(launched)
        yield launched
        launched.close()


def _be_patient(browser: Browser) -> None:
    """Have all pages of a browser, and requests beside them, wait as long as the tests do.

    Without that an address has 30 s to open, and an answer 30 s to come.
    """
    new_context, new_page = browser.new_context, browser.new_page

    def patient_context(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def patient_page(**options: Any) -> Page:
        page = new_page(**options)
        page.context.set_default_timeout(PATIENCE_MS)
        return page

    browser.new_context = patient_context  # type: ignore[method-assign]
    browser.new_page = patient_page  # type: ignore[method-assign]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for tests that neither restart it nor look at all of its documents.

    They share it, so the name of a document is that of one test.
    """
    with ServerProcess(tmp_path_factory.mktemp("shared")) as running:
        yield running


def _profile(browser: Browser, beside: Window | None, *, is_kept: bool) -> BrowserContext:
    if beside is not None:
        return beside.page.context
    workers: Literal["allow", "block"] = "allow" if is_kept else "block"
    return browser.new_context(viewport={"width": 1200, "height": 800}, service_workers=workers)


@pytest.fixture
def open_window(
    browser: Browser, server: ServerProcess, request: pytest.FixtureRequest
) -> Iterator[OpenWindow]:
    """Opens a window of its own profile, or of that of another window (`beside`).

    Each profile would keep the editor for the time without a server, at a sixth of what a window
    costs: only those of tests marked `offline` do.

    At the end no window may have had an error, nor anything refused by its page's policy.
    """
    is_kept = request.node.get_closest_marker("offline") is not None
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    def open_one(
        path: str, name: str, base: str | None = None, *, beside: Window | None = None
    ) -> Window:
        context = _profile(browser, beside, is_kept=is_kept)
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


@pytest.fixture(scope="session")
def firefox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("downloads")) as browser:
        yield browser


@pytest.fixture
def firefox(firefox_process: Firefox) -> Iterator[Firefox]:
    """Firefox without a window. At the end no window may have had an error."""
    yield firefox_process
    assert firefox_process.close_windows() == []
