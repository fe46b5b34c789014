"""Named versions on the page: given, listed, changed, restored, removed, and linked to."""

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import create, open_history, write
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

HOSTILE = '<img src=x onerror="window.owned=1">'


def names_of(server: ServerProcess, document: str) -> list[tuple[int, str, str]]:
    answer = httpx.get(f"{server.url}/api/documents/{document}/versions", timeout=PATIENCE_S)
    return [(each["version"], each["name"], each["note"]) for each in answer.json()["versions"]]


def save_name(window: Window, name: str, note: str = "") -> None:
    """Fill in the dialog that is open."""
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_label("Note (optional)").fill(note)
    dialog.get_by_role("button", name="Save").click()


def test_a_version_is_named_and_restored_by_its_name(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/named", "Ana")
    ana.focus_end()
    ana.type("the first draft")
    first = ana.wait_until_saved()
    open_history(ana)
    page = ana.page
    page.get_by_role("button", name="Name the current version…").click()
    save_name(ana, "First draft", "for Ben")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".sitting .chip-name")).to_have_text("First draft")
    assert names_of(server, "named") == [(first, "First draft", "for Ben")]

    ana.focus_end()
    ana.type(", changed")
    ana.wait_until_saved()
    page.get_by_role("button", name="Named", exact=True).click()
    entry = page.locator(".named")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("for Ben")
    expect(entry).to_contain_text("Ana")
    page.get_by_role("button", name="Actions for First draft").click()
    page.get_by_role("menuitem", name="Name and note…").click()
    save_name(ana, "Draft I", "for Ben and Cem")
    expect(entry).to_contain_text("Draft I")
    assert names_of(server, "named") == [(first, "Draft I", "for Ben and Cem")]

    entry.locator(".sitting-choice").click()
    bar = page.locator(".banner-version")
    expect(bar).to_contain_text("Draft I")
    bar.get_by_role("button", name="Restore").click()
    ana.wait_until("() => window.quire.text() === 'the first draft'")
    ana.wait_until_saved()
    text = httpx.get(f"{server.url}/api/documents/named/text", timeout=PATIENCE_S).text
    assert text == ana.text == "the first draft"

    page.get_by_role("button", name="Actions for Draft I").click()
    page.get_by_role("menuitem", name="Remove the name").click()
    expect(entry).to_have_count(0)
    assert names_of(server, "named") == []


def test_a_name_that_is_taken_is_said_in_the_dialog(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "taken", "one")
    write(server, "taken", "two")
    ana = open_window("/d/taken", "Ana")
    open_history(ana)
    button = ana.page.get_by_role("button", name="Name the current version…")
    button.click()
    save_name(ana, "Draft")
    expect(ana.page.get_by_role("dialog")).to_have_count(0)
    button.click()
    save_name(ana, "Draft")
    problem = ana.page.get_by_role("dialog").get_by_role("alert")
    expect(problem).to_be_visible()
    expect(problem).not_to_have_text("")
    assert len(names_of(server, "taken")) == 1


def test_an_address_with_a_version_shows_it(open_window: OpenWindow, server: ServerProcess) -> None:
    create(server, "linked", "one")
    version = write(server, "linked", "one two")
    write(server, "linked", "three")
    ana = open_window("/d/linked", "Ana")
    ana.page.goto(f"{server.url}/d/linked?version={version}")
    bar = ana.page.locator(".banner-version")
    expect(bar).to_contain_text(f"Version {version}")
    shown = ana.page.locator(".pane-source .pane-layer:not([hidden]) .cm-content").last
    expect(shown).to_have_text("one two")
    bar.get_by_role("button", name="Back to the live text").click()
    expect(bar).to_be_hidden()
    assert ana.page.url.endswith("/d/linked")
    assert ana.text == "three"


def test_hostile_names_stay_text(open_window: OpenWindow, server: ServerProcess) -> None:
    create(server, "hostile-names", "one")
    made = httpx.post(
        f"{server.url}/api/documents/hostile-names/versions",
        json={"version": 1, "name": HOSTILE, "note": f"{HOSTILE}\u202egnp"},
        headers={"X-Quire-Name": HOSTILE[:60]},
        timeout=PATIENCE_S,
    )
    made.raise_for_status()
    ana = open_window("/d/hostile-names", "Ana")
    open_history(ana)
    page = ana.page
    expect(page.locator(".chip-name")).to_have_text(HOSTILE)
    page.get_by_role("button", name="Named", exact=True).click()
    expect(page.locator(".named-title")).to_have_text(HOSTILE)
    page.locator(".named .sitting-choice").click()
    expect(page.locator(".banner-version")).to_contain_text(HOSTILE)
    assert page.locator(".side-panel img, .banner-version img").count() == 0
    assert page.evaluate("window.owned") is None
