"""Any two versions compared on the page: in one text and side by side, source and rendering."""

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import create, expect_marks, marks, open_history, write
from tests.e2e.window import Window, expect_soon
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

TEXTS = (
    "# Plan\n\nThe old words stay.\n\nGone soon.\n\n- one\n- two\n",
    "# Plan\n\nThe new words stay.\n\nGone soon.\n\n- one\n- two\n",
    "# Plan\n\nThe new words stay.\n\n- one\n- two\n- <b>three</b>\n",
    "# Plan\n\nThe plain words stay.\n\n- one\n- two\n- <b>three</b>\n",
)


def compared(window: Window, server: ServerProcess, name: str) -> None:
    """Compare version 1 with version 4, chosen from the single versions."""
    create(server, name, TEXTS[0])
    for text in TEXTS[1:]:
        write(server, name, text)
    window.open(f"/d/{name}")
    open_history(window)
    page = window.page
    page.get_by_role("button", name="Single versions").first.click()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.locator('[data-single="4"]').click()
    expect(page.locator(".banner-version")).to_be_hidden()
    page.locator('[data-single="1"]').click()
    expect(page.locator(".banner-version")).to_contain_text("Version 1 → version 4")


def test_two_versions_from_the_list_are_compared_in_one_text(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/other", "Ana")
    compared(ana, server, "inline")
    bar = ana.page.locator(".banner-version")
    expect(bar).to_contain_text("3 changes")
    expect_soon(lambda: [mark.strip() for mark in marks(ana, "ins")], ["plain", "- <b>three</b>"])
    word, paragraph = marks(ana, "del")
    assert (word, paragraph.count("Gone soon")) == ("old", 1)
    ana.page.get_by_role("button", name="Next change").click()
    expect(bar).to_contain_text("Change 1 of 3")
    ana.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ana.note_toasts()
    ana.page.get_by_role("button", name="Copy the old paragraph").click()
    ana.wait_for_toast("copied")
    copied = ana.page.evaluate("navigator.clipboard.readText()")
    assert copied == "The old words stay."
    # The current text is one of the choices; chosen again it is none.
    ana.page.get_by_role("button", name="The current text").click()
    ana.page.locator('[data-single="2"]').click()
    expect(bar).to_contain_text("Version 1 → version 2")
    expect_marks(ana, ["old"], ["new"])


def _do_lines_correspond(page: Page, words: str) -> bool:
    """Return whether the line with these words is at one height on both sides."""
    lines = [page.locator(f".cm-merge-{side} .cm-line", has_text=words) for side in "ab"]
    older, newer = (line.bounding_box() for line in lines)
    return older is not None and newer is not None and abs(older["y"] - newer["y"]) < 2


def test_two_versions_lie_side_by_side_and_one_is_restored(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/other", "Ana")
    compared(ana, server, "beside")
    page = ana.page
    page.get_by_role("button", name="Side by side").click()
    older, newer = page.locator(".cm-merge-a .cm-content"), page.locator(".cm-merge-b .cm-content")
    expect(older).to_contain_text("The old words stay.")
    expect(newer).to_contain_text("The plain words stay.")
    expect(page.locator(".cm-merge-a .cm-changedText").first).to_have_text("old")
    expect(page.locator(".cm-merge-b .cm-changedText").first).to_have_text("plain")
    expect(page.locator(".pane-preview")).to_be_hidden()
    expect_soon(lambda: _do_lines_correspond(page, "- two"), True)
    page.get_by_role("button", name="View", exact=True).click()
    rows = page.locator(".beside-row")
    expect(rows.filter(has_text="words stay")).to_have_count(1)
    row = rows.filter(has_text="words stay")
    expect(row.locator("del")).to_have_text("old")
    expect(row.locator("ins")).to_have_text("plain")
    gone = rows.filter(has_text="Gone soon").locator(".beside-side")
    expect(gone.first).to_contain_text("Gone soon.")
    expect(gone.last).to_have_text("")

    page.get_by_role("button", name="More about this version").click()
    page.get_by_role("menuitem", name="Restore version 1").click()
    ana.wait_until("() => window.quire.text().includes('The old words')")
    ana.wait_until_saved()
    text = httpx.get(f"{server.url}/api/documents/beside/text", timeout=PATIENCE_S).text
    assert text == ana.text == TEXTS[0]
    expect(page.locator(".cm-merge-a")).to_have_count(0)
