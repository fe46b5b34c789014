"""States of the start page: its lists, what a search finds, the trash, imports."""

from typing import Final

from playwright.sync_api import FilePayload, expect

from tests.e2e.scene import Scene
from tests.e2e.states.state import State, as_operator, as_stranger
from tests.e2e.window import AGAIN_MS, Window, repeat_until


def _start(scene: Scene, path: str = "/#show=all") -> Window:
    scene.write("sunday-dinner")
    scene.write("packing-list", "# Packing list\n\n- tent\n")
    window = scene.shared_window(path)
    expect(window.page.get_by_text("Packing list").first).to_be_visible()
    return window


def _found(scene: Scene) -> Window:
    window = _start(scene)
    search = window.page.get_by_role("searchbox")
    found = window.page.locator(".document-excerpt mark").first
    repeat_until(
        lambda: expect(found).to_be_visible(timeout=AGAIN_MS),
        lambda: search.fill(""),
        lambda: search.fill("lentils"),
    )
    return window


def _found_nothing(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("searchbox").fill("aubergines")
    return window


def _menu_of_document(window: Window) -> None:
    window.page.get_by_role("button", name="Actions for Packing list").first.click()


def _templates(scene: Scene) -> Window:
    window = _start(scene)
    window.page.get_by_role("button", name="From a template").click()
    return window


def _renaming_row(scene: Scene) -> Window:
    window = _start(scene)
    window.page.locator(".document-row a").first.focus()
    window.page.keyboard.press("F2")
    return window


def _trash(scene: Scene, name: str = "old-plans") -> Window:
    """Something of one's own is in the trash."""
    scene.own(name, "# Old plans\n", thrown_away=True)
    return scene.shared_window("/#show=trash")


def _purging(scene: Scene) -> Window:
    """One is about to delete something for good."""
    window = _trash(scene, "older-plans")
    window.page.get_by_role("button", name="Delete for good").first.click()
    return window


def _imported(scene: Scene) -> Window:
    """Of two files one could not be read; they were chosen on a page of its own."""
    window = _start(scene)
    files: list[FilePayload] = [
        {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes from afar\n"},
        {"name": "broken.docx", "mimeType": "application/zip", "buffer": b"no archive"},
    ]
    window.page.locator("input[type=file]").set_input_files(files)
    return window


def _dropping(scene: Scene) -> Window:
    """A file is dragged over the page."""
    window = _start(scene)
    window.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["# Notes"], "notes.md"));
            document.body.dispatchEvent(new DragEvent("dragover", {
                dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    return window


def _trashed_with_undo(scene: Scene) -> Window:
    scene.own("thrown", "# Thrown away\n")
    window = scene.shared_window("/#show=all")
    window.page.get_by_role("button", name="Actions for Thrown away").click()
    window.page.get_by_role("menuitem", name="Move to the trash").click()
    return window


def _unsent(scene: Scene) -> Window:
    """Edits of a document that is gone, and the server is not there."""
    scene.write("left-behind", "# Left behind\n")
    window, link = scene.cut_window()
    window.open("/d/left-behind")
    window.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    link.cut()
    window.focus_end()
    window.type("more")
    window.wait_for_words("Offline – 4 edits kept on this device")
    window.page.goto("about:blank")
    window.visit("/")
    return window


START_STATES: Final = (
    State("start-stranger", as_stranger("/")),
    State("start-invites", as_operator("/"), ".start-empty"),
    State("start", _start),
    State("start-found", _found, ".document-excerpt mark"),
    State("start-nothing-found", _found_nothing, ".start-empty"),
    State("start-dropping", _dropping, ".drop-here"),
    State("start-undo", _trashed_with_undo, ".toast"),
    State("unsent-away", _unsent, ".unsent"),
    State("start-menu", _start, "[role=menu]", _menu_of_document),
    State("start-renaming", _renaming_row, ".document-row input"),
    State("start-templates", _templates, "dialog"),
    State("start-trash", _trash, ".document-actions"),
    State("start-purging", _purging, "dialog"),
    State("start-imported", _imported, ".import-outcome li"),
)
