"""More journeys in Firefox, by one person in one document; those of two are in `test_firefox.py`,
those without a connection in `test_firefox_offline.py`.

Each ends by comparing the server's text with the browser's.
"""

import base64
import json

import httpx
import pytest

from tests.e2e.firefox import Firefox, open_document
from tests.e2e.stored import stored_text
from tests.images import make_image
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p1, pytest.mark.p3, pytest.mark.timeout(4 * PATIENCE_S)]

_DROP_IMAGE = """(content => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "cat.png", { type: "image/png" }));
    const place = { clientX: 100, clientY: 120 };
    const shape = { bubbles: true, cancelable: true, dataTransfer: data, ...place };
    document.querySelector(".pane-source .cm-content").dispatchEvent(new DragEvent("drop", shape));
})"""
_PASTE = """(text => {
    // What Firefox makes of `clipboardData` is empty.
    const shape = { bubbles: true, cancelable: true, dataType: "text/plain", data: text };
    const event = new ClipboardEvent("paste", shape);
    document.querySelector(".pane-source .cm-content").dispatchEvent(event);
})"""
_NOTE_KEYS = """(() => {
    window.noted = "";
    document.addEventListener("keyup", ({ key }) => { window.noted += key; });
})()"""


def _ask(server: ServerProcess, method: str, path: str, body: object) -> None:
    answer = httpx.request(method, server.url + path, json=body, timeout=PATIENCE_S)
    answer.raise_for_status()


def test_firefox_finds_and_replaces(shared_server: ServerProcess, firefox: Firefox) -> None:
    ben = open_document(firefox, shared_server, "fish", "one fish, two fish\nred Fish\n")
    ben.focus_end()
    ben.press("Control", "f")
    ben.wait_until("document.activeElement.matches('.find-field')")
    ben.type("fish")
    ben.wait_until("/of 3$/.test(document.querySelector('.find-count').textContent)")
    ben.evaluate("[...document.querySelectorAll('.find-field')].at(-1).focus()")
    ben.type("bird")
    ben.click_on(".find-form button", "Replace all")
    ben.wait_for_text("one bird, two bird\nred bird\n")
    ben.wait_until_saved()
    assert ben.text == stored_text(shared_server, "fish")


def test_firefox_restores_a_version_and_undoes_it(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    ben = open_document(firefox, shared_server, "back", "the first text")
    ben.focus_end()
    ben.press("Control", "a")
    ben.insert("another text")
    ben.wait_for_text("another text")
    ben.wait_until_saved()
    ben.click_on("button", "History")
    ben.click_on(".sitting-opener")
    ben.click_on('[data-single="1"]')
    ben.click_on("button", "Restore")
    ben.wait_for_text("the first text")
    ben.focus_end()
    ben.press("Control", "z")
    ben.wait_for_text("another text")
    ben.wait_until_saved()
    assert ben.text == stored_text(shared_server, "back") == "another text"


def test_firefox_keeps_what_was_typed_as_its_role_was_lowered(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    ben = open_document(firefox, shared_server, "lower", "start")
    access = "/api/documents/lower/access/signed-in"
    _ask(shared_server, "PUT", access, {"role": "editor"})
    ben.focus_end()
    ben.type(", saved")
    ben.wait_for_text("start, saved")
    ben.wait_until_saved()
    _ask(shared_server, "PUT", access, {"role": "viewer"})
    ben.wait_until("/^View only/.test(window.quire.state().save)")
    ben.focus_end()
    ben.evaluate(_NOTE_KEYS)
    ben.type("no")
    ben.wait_until("window.noted === 'no'")
    assert ben.text == stored_text(shared_server, "lower") == "start, saved"


def test_firefox_shows_a_dropped_image(shared_server: ServerProcess, firefox: Firefox) -> None:
    ben = open_document(firefox, shared_server, "pictures", "A cat:\n\n")
    ben.focus_end()
    content = base64.b64encode(make_image("png")).decode()
    ben.evaluate(f"{_DROP_IMAGE}({json.dumps(content)})")
    ben.wait_until("/!\\[cat\\]\\(.*\\.png\\)/.test(window.quire.text())")
    ben.wait_until(
        "[...document.querySelectorAll('.pane-preview img')]"
        ".some((img) => img.alt === 'cat' && img.complete && img.naturalWidth === 64)"
    )
    ben.wait_until_saved()
    assert ben.text == stored_text(shared_server, "pictures")


def test_firefox_refuses_a_paste_over_the_limit_whole(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    ben = open_document(firefox, shared_server, "book", "before")
    ben.focus_end()
    ben.evaluate(f"{_PASTE}('x'.repeat(2_000_001))")
    ben.wait_until("document.querySelector('.banner')?.textContent.includes('2,000,001') === true")
    ben.wait_until("/^Not everything is saved/.test(window.quire.state().save)")
    assert ben.text == stored_text(shared_server, "book") == "before"


def test_firefox_writes_from_right_to_left_in_two_tabs_of_one_store(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    one = open_document(firefox, shared_server, "tabs", "Notes\n")
    other = firefox.open(f"{shared_server.url}/d/tabs", beside=one)
    other.wait_until_saved()
    one.focus_end()
    one.type("שלום")
    other.wait_for_text("Notes\nשלום")
    other.wait_until(
        "[...document.querySelectorAll('.pane-source .cm-line')]"
        ".map((line) => getComputedStyle(line).direction).join() === 'ltr,rtl'"
    )
    other.focus_end()
    other.type(" עולם")
    one.wait_for_text("Notes\nשלום עולם")
    for window in (other, one):
        window.wait_until_saved()
    for window in (one, other):
        assert window.text == stored_text(shared_server, "tabs")
