"""Images that are pasted, dropped and chosen, seen by everybody who may read the document."""

import base64

import httpx
from playwright.sync_api import Route, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.stored import stored_text
from tests.e2e.window import Window, wait_until_equal
from tests.images import make_image
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

GIVE = """([kind, name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, {type}));
    const target = document.querySelector(".pane-source .cm-content");
    const options = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent("paste", {...options, clipboardData: data})
        : new DragEvent("drop", {...options, dataTransfer: data, clientX: 100, clientY: 120});
    target.dispatchEvent(event);
}"""


def give(window: Window, kind: str, name: str, content: bytes, type_: str = "image/png") -> None:
    """Paste or drop a file into the editor."""
    window.page.evaluate(GIVE, [kind, name, type_, base64.b64encode(content).decode()])


def wait_for_picture(window: Window, alt: str) -> None:
    """Wait until the preview shows an image, decoded."""
    picture = window.page.locator(f'.pane-preview img[alt="{alt}"]')
    expect(picture).to_be_visible()
    window.wait_until(
        "alt => [...document.querySelectorAll('.pane-preview img')]"
        ".some((img) => img.alt === alt && img.complete && img.naturalWidth === 64)",
        alt,
    )


def test_pasted_image_is_seen_by_everybody_while_others_write(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana, ben = open_window("/d/pictures", "Ana"), open_window("/d/pictures", "Ben")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    ana.page.route("**/files", hold)
    ana.focus_end()
    give(ana, "paste", "cat.png", make_image("png"))
    ben.wait_until("() => window.quire.text().includes('uploading cat.png…')")
    expect(ana.page.get_by_text("Uploading an image: ")).to_be_visible()
    ben.focus_start()
    ben.type("# Ben writes above\n")
    ben.wait_until_saved()
    ana.wait_until("() => window.quire.text().startsWith('# Ben')")
    (route,) = waiting
    route.continue_()
    ana.wait_until("() => /!\\[cat\\]\\(.*\\.png\\)/.test(window.quire.text())")
    text = wait_until_equal(ana, ben)
    assert text.startswith("# Ben writes above\n![cat](/api/documents/pictures/files/")
    assert "uploading" not in text
    assert stored_text(server, "pictures") == text
    for window in (ana, ben):
        wait_for_picture(window, "cat")
    expect(ana.page.get_by_text("Uploading an image: ")).to_have_count(0)


def test_dropped_image_at_a_new_address_makes_the_document(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/", "Ana")
    ana.visit("/d/dropped")
    ana.wait_for_words("Not created")
    give(ana, "drop", "cat.gif", make_image("gif", frames=2), "image/gif")
    ana.wait_until("() => /!\\[cat\\]\\(.*\\.gif\\)/.test(window.quire.text())")
    ana.wait_until_saved()
    wait_for_picture(ana, "cat")
    path = ana.text.split("(")[1].split(")")[0]
    assert (
        httpx.get(server.url + path, trust_env=False, timeout=PATIENCE_S).headers["content-type"]
        == "image/gif"
    )


def test_file_that_is_no_image_leaves_the_text_and_can_be_tried_again(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/pictures", "Ana")
    ana.focus_end()
    ana.type("before ")
    give(ana, "paste", "bad.png", b"<svg onload='alert(1)'/>")
    banner = ana.page.locator(".banner", has_text="bad.png was not uploaded")
    expect(banner).to_contain_text("Only whole PNG")
    ana.wait_for_text("before ")
    banner.get_by_role("button", name="Dismiss").click()
    expect(banner).to_have_count(0)
    ana.page.route("**/files", lambda route: route.abort())
    give(ana, "paste", "cat.png", make_image("png"))
    banner = ana.page.locator(".banner", has_text="cat.png was not uploaded")
    expect(banner).to_contain_text("cannot be reached")
    ana.page.unroute("**/files")
    banner.get_by_role("button", name="Try again").click()
    ana.wait_until("() => /^before !\\[cat\\]/.test(window.quire.text())")
    ana.wait_until_saved()
    wait_for_picture(ana, "cat")
