"""States in which something is wrong: no connection, no room, no permission, no session."""

from typing import Final

from playwright.sync_api import expect

from tests.e2e.scene import Scene
from tests.e2e.states.state import State, by_button
from tests.e2e.test_images import give
from tests.e2e.window import Window


def _offline(scene: Scene) -> Window:
    scene.write("sunday-dinner")
    window, link = scene.cut_window()
    window.open("/d/sunday-dinner")
    link.cut()
    window.focus_end()
    window.type("not sent")
    return window


def _storage_full(scene: Scene) -> Window:
    """What is written has room in the tab only."""
    scene.write("sunday-dinner")
    window, link = scene.cut_window()
    window.visit("/")
    session = window.page.context.new_cdp_session(window.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": link.url, "quotaSize": 1})
    window.open("/d/sunday-dinner")
    link.cut()
    window.focus_end()
    window.type("not sent")
    expect(window.page.get_by_text("storage of this device is full")).to_be_visible()
    return window


def _signed_out(scene: Scene) -> Window:
    window = scene.signed_out("/d/signed-out")
    expect(window.page.get_by_text("You are signed out.")).to_be_visible()
    return window


def _read_only(scene: Scene) -> Window:
    scene.write("read-only")
    scene.let_others("read-only", "viewer")
    window = scene.shared_window("/d/read-only")
    window.wait_for_words("View only")
    return window


def _limit(scene: Scene) -> Window:
    """A paste was larger than the document may be."""
    window = scene.document("limit", "")
    window.editor.focus()
    window.page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "x".repeat(2_000_001));
            const shape = { clipboardData: data, bubbles: true, cancelable: true };
            const text = document.querySelector(".pane-source .cm-content");
            text.dispatchEvent(new ClipboardEvent("paste", shape));
        }"""
    )
    return window


def _upload_fails(scene: Scene) -> Window:
    """One image is on its way, and another was refused."""
    window = scene.document("pictures", "# Pictures\n\n")
    window.focus_end()
    give(window, "paste", "bad.png", b"no image")
    expect(window.page.get_by_text("bad.png was not uploaded")).to_be_visible()
    window.page.route("**/files", lambda _: None)
    give(window, "paste", "cat.png", b"on its way")
    window.wait_until("() => window.quire.text().includes('uploading cat.png')")
    return window


TROUBLE_STATES: Final = (
    State("offline", _offline, ".banner"),
    State("storage-full", _storage_full, ".banner"),
    State("signed-out", _signed_out, ".banner"),
    State("sign-in-dialog", _signed_out, "dialog", by_button("Sign in")),
    State("read-only", _read_only),
    State("too-large", _limit, ".banner"),
    State("uploading", _upload_fails, ".banner"),
)
