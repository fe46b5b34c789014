"""States of a document's page: its views, its menus and dialogs, and who else is there."""

from typing import Final

from playwright.sync_api import expect

from tests.e2e.scene import RICH, Scene
from tests.e2e.states.state import State, by_button, by_keys, on_document, on_page
from tests.e2e.window import Window, wait_until_equal

_DINNER: Final = on_document("Both")


def _together(scene: Scene) -> Window:
    """Ben is in the document too, and has just written at the end of the bread."""
    window = scene.document("together")
    ben = scene.other("/d/together")
    ben.page.get_by_text("two").first.click()
    ben.page.keyboard.press("End")
    ben.type(" of them")
    wait_until_equal(window, ben)
    for _ in " of them":
        ben.page.keyboard.press("Backspace")
    wait_until_equal(window, ben)
    return window


def _rich(scene: Scene) -> Window:
    """All that the preview shows of a text, with what is loaded on demand."""
    window = scene.document("everything", RICH, view="View")
    expect(window.page.locator(".preview .katex-html").first).to_be_visible()
    expect(window.page.locator(".preview img.drawing").first).to_be_visible()
    return window


def _find(window: Window) -> None:
    window.editor.focus()
    window.page.keyboard.press("Control+f")
    window.type("list")


def _shared(scene: Scene) -> Window:
    return scene.document("bring-along", is_own=True)


def _invite_by_link(window: Window) -> None:
    """The share dialog, with a link just made."""
    window.share().create_link("Can view")


def _shared_together(scene: Scene) -> Window:
    """Ben was met in the document, so that he can be found by name."""
    window = scene.document("bring-together", is_own=True)
    scene.other("/d/bring-together")
    expect(window.page.get_by_label("Also here").get_by_role("button")).to_have_count(1)
    return window


def _find_person(window: Window) -> None:
    window.share().dom.get_by_role("combobox", name="Add a person").fill("Be")


DOCUMENT_STATES: Final = (
    State("document-edit", on_document("Edit"), ".cm-content"),
    State("document-both", _DINNER),
    State("document-view", on_document("View"), ".preview h1"),
    State("document-rich", _rich, ".preview h1"),
    State("document-together", _together),
    State("people-menu", _together, "[role=menu]", by_button("People here (1)")),
    State("document-empty", lambda scene: scene.document("blank", "")),
    State("document-absent", on_page("/d/not-there"), ".banner"),
    State("share", _shared, "dialog", _invite_by_link),
    State("share-person", _shared_together, "[role=option]", _find_person),
    State("share-told", _DINNER, "dialog", by_button("Share")),
    State("user-menu", _DINNER, ".popover", lambda window: window.page.locator(".self").click()),
    State("menu", _DINNER, "[role=menu]", by_button("Menu")),
    State("all-commands", _DINNER, ".palette", by_keys("F1")),
    State("shortcuts", _DINNER, ".shortcut-help", by_keys("Control+/")),
    State("outline", _DINNER, ".outline-entry", by_keys("Control+Alt+o")),
    State("renaming", _DINNER, ".title-field", by_keys("F2")),
    State("find", on_document("Edit"), ".find", _find),
    State("said", _DINNER, ".toast", by_keys("Control+s")),
)
