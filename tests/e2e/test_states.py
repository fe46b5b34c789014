"""Each state of the pages: axe finds nothing in either theme, and a phone's width is enough."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import axe_violations
from tests.e2e.scene import DESKTOP, PHONE, Scene
from tests.e2e.states.every_state import STATES
from tests.e2e.states.state import State
from tests.e2e.window import Window
from tests.integration.server import ServerProcess

ZOOMED: Final = (640, 400)
"""What is left of a desktop's window at 200 %."""


@pytest.fixture(scope="module")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    with (
        ServerProcess(folder("open")) as open_mode,
        ServerProcess(folder("accounts"), arguments=("--auth", "accounts")) as accounts,
    ):
        made = Scene(browser, open_mode, accounts)
        yield made
        made.close()


def _size(page: Page, size: tuple[int, int]) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(100)  # what closes at another size has done so


def _overflow_px(page: Page) -> int:
    """Return how far the page, or the part of it that scrolls as a page, is wider than shown."""
    wide: int = page.evaluate(
        """() => Math.max(...[document.documentElement, ...document.querySelectorAll(".page")]
            .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))"""
    )
    return wide


def _forced_colours(page: Page, state: State, window: Window) -> list[str]:
    """Return what cannot be read in the few colours that the system forces on a page."""
    _size(page, DESKTOP)
    page.emulate_media(color_scheme="light", forced_colors="active")
    state.show(window)
    page.wait_for_timeout(100)
    violations = axe_violations(page, colours_only=True)
    page.emulate_media(forced_colors="none")
    return [f"forced colours: {line}" for line in violations]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_state_is_accessible_and_fits(scene: Scene, state: State) -> None:
    """Everything is checked in light on a desktop and in dark on a phone, colours in all five."""
    window = state.reach(scene)
    page = window.page
    found: list[str] = []
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        is_phone = size == PHONE
        _size(page, size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            state.show(window)
            page.wait_for_timeout(100)
            is_whole = (theme == "dark") == is_phone
            violations = axe_violations(page, colours_only=not is_whole)
            found += [f"{theme}, {name}: {line}" for line in violations]
        if (wide := _overflow_px(page)) > 0:
            found.append(f"{wide} px stick out on a {name}")
    _size(page, ZOOMED)
    page.wait_for_timeout(100)
    if (wide := _overflow_px(page)) > 0:
        found.append(f"{wide} px stick out at 200 %")
    found += _forced_colours(page, state, window)
    errors, window.errors[:] = [*window.errors], []
    assert not found, "\n".join(found)
    assert errors == []


def test_planted_faults_are_found(scene: Scene) -> None:
    """What is asked of the states can fail: a button without a name, faint words, a wide box."""
    page = scene.document("planted").page
    assert axe_violations(page) == []
    page.evaluate(
        """() => {
            const footer = document.querySelector("footer");
            const button = document.createElement("button");
            const faint = document.createElement("span");
            faint.textContent = "faint";
            faint.style.color = "#ccc";
            faint.style.background = "#fff";
            footer.append(button, faint);
        }"""
    )
    rules = sorted(line.partition(" ")[0] for line in axe_violations(page))
    assert rules == ["button-name", "color-contrast"]
    (line,) = axe_violations(page, colours_only=True)
    assert line.startswith("color-contrast")
    page = scene.shared_window("/nope").page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("document.querySelector('h1').style.width = '1400px'")
    assert _overflow_px(page) > 0
