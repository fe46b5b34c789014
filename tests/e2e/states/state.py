"""A state of a page, and the common ways to reach one."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.e2e.scene import Scene
from tests.e2e.window import Window


@dataclass(frozen=True, slots=True)
class State:
    """One state of a page: its name, how a window gets there, and what can be seen then.

    What closes when the window gets another size is opened again by `open`.
    """

    name: str
    reach: Callable[[Scene], Window]
    shown: str = "h1"
    open: Callable[[Window], None] | None = None

    def show(self, window: Window) -> None:
        """Open what the state is about, unless it is there; wait until it can be seen."""
        shown = window.page.locator(self.shown).first
        if self.open is not None and not shown.is_visible():
            self.open(window)
        expect(shown).to_be_visible()


def on_document(view: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.document("sunday-dinner", view=view)


def by_keys(keys: str) -> Callable[[Window], None]:
    return lambda window: window.page.keyboard.press(keys)


def by_button(name: str) -> Callable[[Window], None]:
    return lambda window: window.page.get_by_role("button", name=name, exact=True).click()


def on_page(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.shared_window(path)


def as_stranger(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.stranger(path)


def as_operator(path: str) -> Callable[[Scene], Window]:
    return lambda scene: scene.operator(path)
