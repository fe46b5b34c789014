"""Each state of the pages: axe finds nothing in either theme, and a phone's width is enough."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import axe_violations
from tests.e2e.states import DESKTOP, PHONE, STATES, Scene, State
from tests.integration.server import ServerProcess


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    with (
        ServerProcess(folder("open")) as open_mode,
        ServerProcess(folder("accounts"), arguments=("--auth", "accounts")) as accounts,
    ):
        yield open_mode, accounts


@pytest.fixture
def scene(browser: Browser, servers: tuple[ServerProcess, ServerProcess]) -> Iterator[Scene]:
    made = Scene(browser, *servers)
    yield made
    made.close()


def _size(page: Page, size: tuple[int, int]) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_state_is_accessible_and_fits(scene: Scene, state: State) -> None:
    window = state.reach(scene)
    page = window.page
    found: dict[str, list[str]] = {}
    for theme in ("light", "dark"):
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            _size(page, size)
            page.wait_for_timeout(100)
            if violations := axe_violations(page):
                found[f"{theme}, {name}"] = violations
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{wide} px stick out at {size}"
    assert found == {}
    assert window.errors == []
