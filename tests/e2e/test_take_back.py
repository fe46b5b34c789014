"""Taking back what one person did: previewed, carried out, undone, and refused as nothing."""

import httpx
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import create, open_history, write
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def text_of(server: ServerProcess, name: str) -> str:
    return httpx.get(f"{server.url}/api/documents/{name}/text", timeout=PATIENCE_S).text


def make(server: ServerProcess, name: str) -> None:
    """Ana begins, Ben spoils it, and Cem writes on."""
    create(server, name, "# Plan\n\nGood words.\n")
    write(server, name, "# Plan\n\nBAD words. BAD end.\n", by="Ben")
    write(server, name, "# Plan\n\nBAD words. BAD end.\n\nCem goes on.\n", by="Cem")


def dialog_for(window: Window, name: str) -> Locator:
    """Open the dialog for one person, and wait until it tells of changes."""
    window.page.get_by_role("button", name="People", exact=True).click()
    window.page.get_by_role("button", name=f"Take back changes of {name}").click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog.locator(".take-back-changes li").first).to_be_visible()
    return dialog


def test_one_persons_changes_are_previewed_taken_back_and_undone(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    make(server, "spoiled")
    spoiled = text_of(server, "spoiled")
    ana = open_window("/d/spoiled", "Ana")
    open_history(ana)
    dialog = dialog_for(ana, "Ben")
    assert text_of(server, "spoiled") == spoiled, "a preview changes nothing"
    shown = dialog.locator(".take-back-changes")
    assert "BAD" in "".join(shown.locator("del").all_text_contents())
    assert "Good" in "".join(shown.locator("ins").all_text_contents())
    dialog.get_by_role("button", name="Take back", exact=True).click()
    ana.wait_until("() => window.quire.text().includes('Good words')")
    ana.wait_until_saved()
    expected = "# Plan\n\nGood words.\n\nCem goes on.\n"
    assert ana.text == text_of(server, "spoiled") == expected

    ana.page.get_by_role("button", name="All", exact=True).click()
    expect(ana.page.locator(".sitting").first).to_contain_text("taken back")
    ana.editor.focus()
    ana.page.keyboard.press("Control+z")
    ana.wait_until("() => window.quire.text().includes('BAD')")
    ana.wait_until_saved()
    assert ana.text == text_of(server, "spoiled") == spoiled


def test_what_is_taken_back_already_is_nothing(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    make(server, "twice")
    ana = open_window("/d/twice", "Ana")
    open_history(ana)
    dialog_for(ana, "Ben").get_by_role("button", name="Take back", exact=True).click()
    ana.wait_until("() => window.quire.text().includes('Good words')")
    ana.wait_until_saved()
    ana.page.get_by_role("button", name="Take back changes of Ben").click()
    dialog = ana.page.get_by_role("dialog")
    expect(dialog).to_contain_text("there is nothing to take back")
    expect(dialog.get_by_role("button", name="Take back", exact=True)).to_be_disabled()


def test_the_changes_of_a_version_are_taken_back_from_its_view(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    make(server, "viewed")
    ana = open_window("/d/viewed", "Ana")
    open_history(ana)
    ana.page.get_by_role("button", name="Single versions").first.click()
    ana.page.locator('[data-single="3"]').click()
    ana.page.get_by_role("button", name="More about this version").click()
    ana.page.get_by_role("menuitem", name="Take back these changes…").click()
    dialog = ana.page.get_by_role("dialog")
    expect(dialog).to_contain_text("version 3")
    expect(dialog.locator("del")).to_contain_text("Cem goes on.")
    dialog.get_by_role("button", name="Take back", exact=True).click()
    ana.wait_until("() => !window.quire.text().includes('Cem')")
    ana.wait_until_saved()
    assert ana.text == text_of(server, "viewed") == "# Plan\n\nBAD words. BAD end.\n"
