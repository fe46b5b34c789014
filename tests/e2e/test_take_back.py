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


def test_changes_in_the_selected_text_are_taken_back(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "part", "# Plan\n\nGood words. Good end.\n")
    write(server, "part", "# Plan\n\nBAD words. WORSE end.\n", by="Ben")
    ana = open_window("/d/part", "Ana")
    open_history(ana)
    ana.page.get_by_role("button", name="Single versions").first.click()
    ana.page.locator('[data-single="2"]').click()
    # Of an old version, by its menu.
    expect(ana.page.locator(".pane-source ins").last).to_be_visible()
    select(ana, "WORSE")
    ana.page.get_by_role("button", name="More about this version").click()
    ana.page.get_by_role("menuitem", name="Take back changes in the selected text").click()
    dialog = ana.page.get_by_role("dialog")
    expect(dialog.locator("blockquote")).to_have_text("WORSE")
    expect(dialog.locator(".take-back-changes li")).to_have_count(1)
    dialog.get_by_role("button", name="Take back", exact=True).click()
    expected = "# Plan\n\nBAD words. Good end.\n"
    ana.wait_until(f"() => window.quire.text() === {expected!r}")
    ana.wait_until_saved()
    assert text_of(server, "part") == expected

    # Of the live text, by the palette.
    ana.page.keyboard.press("Escape")
    select(ana, "BAD")
    ana.page.keyboard.press("Control+Shift+p")
    ana.page.keyboard.type("selected text")
    ana.page.keyboard.press("Enter")
    expect(dialog.locator("blockquote")).to_have_text("BAD")
    # In the whole sitting everything was written, the text itself, too; it is Ben's that goes.
    dialog.get_by_role("combobox").select_option(label="Ben")
    expect(dialog.locator(".take-back-changes del")).to_have_text("BAD")
    dialog.get_by_role("button", name="Take back", exact=True).click()
    expected = "# Plan\n\nGood words. Good end.\n"
    ana.wait_until(f"() => window.quire.text() === {expected!r}")


def select(window: Window, word: str) -> None:
    """Select a word of the text that the source pane shows, by a double click on it."""
    box = window.page.evaluate(
        """(word) => {
            // An old version lies over the live text.
            const old = document.querySelector(".cm-content ins")?.closest(".cm-content");
            const content = old ?? document.querySelector(".pane-source .cm-content");
            const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
                const at = node.data.indexOf(word);
                if (at < 0 || node.parentElement.closest("del, .diff-removed") !== null) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const { x, y, width, height } = range.getBoundingClientRect();
                return { x: x + width / 2, y: y + height / 2 };
            }
            return null;
        }""",
        word,
    )
    assert box is not None, f"{word} is not in the source"
    window.page.mouse.dblclick(box["x"], box["y"])
