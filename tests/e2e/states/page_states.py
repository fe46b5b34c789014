"""States of the pages beside documents: refusals, accounts; and of pages in German."""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import expect

from tests.e2e.scene import Scene
from tests.e2e.states.state import State, as_operator, as_stranger, on_page
from tests.e2e.window import Window


def _german(path: str) -> Callable[[Scene], Window]:
    def reach(scene: Scene) -> Window:
        scene.write("sunday-dinner")
        return scene.german_window(path)

    return reach


def _marked_document(scene: Scene) -> Window:
    """Return the page of operators with a document that one of them has made read-only."""
    scene.operator("/d/as-it-was").create_if_absent()
    window = scene.operator("/admin")
    form = window.page.get_by_role("form", name="A document")
    form.get_by_label("Name").fill("as-it-was")
    form.get_by_role("button", name="Show").click()
    mark = window.page.locator(".admin-document").get_by_role("button").first
    if mark.text_content() == "Make read-only":
        mark.click()
    expect(window.page.get_by_role("heading", name="Read-only documents")).to_be_visible()
    return window


PAGE_STATES: Final = (
    State("refused", as_stranger("/d/not-yours")),
    State("unknown-path", on_page("/nope")),
    State("bad-name", on_page("/d/Notes!")),
    State("sign-in", as_stranger("/sign-in")),
    State("dead-invitation", as_stranger("/join#nothing")),
    State("dead-link", on_page("/l#nothing")),
    State("account", as_operator("/account")),
    State("people", as_operator("/people")),
    State("admin", as_operator("/admin"), ".admin-figures"),
    State("admin-document", _marked_document, ".admin-document"),
    State("german-start", _german("/#show=all"), ".document-row"),
    State("german-document", _german("/d/sunday-dinner"), ".toolbar"),
)
