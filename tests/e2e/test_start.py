"""The start page: documents are found, kept, copied, thrown away and brought back."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import AGAIN_MS, Window, expect_soon, repeat_until
from tests.e2e.word_file import image, paragraph, write_word
from tests.integration.server import ServerProcess

HOSTILE: Final = (
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1",
    "{{constructor.constructor('window.hacked=1')()}}",
    "\u202egnp.exe",
)


def row(page: Page, title: str) -> Locator:
    return page.locator(".document-row").filter(has=page.locator(".document-title", has_text=title))


def choose(page: Page, title: str, action: str) -> None:
    """Choose something from the menu of a document."""
    row(page, title).get_by_role("button", name="Actions for").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def api(window: Window, method: str, path: str, **body: Any) -> Any:
    """Ask the server as the user of a window."""
    script = """async ([method, path, body]) => {
        const json = body === null ? {} : { "Content-Type": "application/json" };
        const answer = await fetch("api/" + path, {
            method, headers: json, ...(body === null ? {} : { body: JSON.stringify(body) }) });
        return answer.status === 204 ? null : await answer.json();
    }"""
    return window.page.evaluate(script, [method, path, body or None])


def make(window: Window, title: str = "", text: str = "", **fields: Any) -> str:
    made = api(window, "POST", "documents", title=title, text=text, **fields)
    return str(made["name"])


def open_start(open_window: OpenWindow) -> Window:
    ana = open_window("/", "Ana")
    expect(ana.page.get_by_role("heading", name="Documents")).to_be_visible()
    return ana


def reload(window: Window, show: str = "All") -> None:
    window.visit("/")
    window.page.get_by_role("group", name="Lists").get_by_role("button", name=show).click()


def test_empty_start_page_invites_and_a_template_begins_a_document(
    open_window: OpenWindow,
) -> None:
    ana = open_start(open_window)
    expect(ana.page.get_by_text("A blank page, waiting")).to_be_visible()
    ana.page.get_by_role("button", name="From a template").click()
    # Whoever leaves a page before it has said so has not opened it.
    with ana.page.expect_response("**/opened"):
        ana.page.get_by_role("dialog").get_by_role("button", name="Meeting notes").click()
        ana.page.wait_for_url("**/d/*")
    ana.wait_for_text_that_contains("## Agenda")
    ana.visit("/")
    # It was opened: so it is recent, under the title that the page has.
    expect(row(ana.page, "Meeting notes")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Recent")).to_have_attribute("aria-pressed", "true")


def search_until_marked(page: Page, words: str, marked: str) -> None:
    """Search for words until they are marked so: a text is found a moment after it is saved."""
    found = page.locator(".document-excerpt mark").first
    box = page.get_by_role("searchbox")
    repeat_until(
        lambda: expect(found).to_have_text(marked, timeout=AGAIN_MS),
        lambda: box.fill(""),
        lambda: box.fill(words),
    )


def test_text_typed_a_moment_ago_is_found_and_marked(open_window: OpenWindow) -> None:
    ana = open_window("/d/plan", "Ana")
    ana.focus_end()
    ana.type("# Plan\n\nThe Résumé about 全文検索 is here.")
    ana.wait_until_saved()
    ana.visit("/")
    search = ana.page.get_by_role("searchbox")
    expect(search).to_be_visible()
    ana.page.keyboard.press("/")
    expect(search).to_be_focused()
    for typed, marked in (("resume", "Résumé"), ("検索", "検索"), ('"about 全文"', "about 全文")):
        search_until_marked(ana.page, typed, marked)
        expect(row(ana.page, "Plan")).to_have_count(1)
    search.fill("pla")
    expect(ana.page.locator(".document-title mark")).to_have_text(
        re.compile("^pla$", re.IGNORECASE)
    )
    search.fill("nothing like this")
    expect(ana.page.get_by_text("No title or text has")).to_be_visible()
    search.press("Escape")
    expect(search).to_have_value("")
    expect(row(ana.page, "Plan")).to_be_visible()


def test_rename_in_place(open_window: OpenWindow) -> None:
    ana = open_start(open_window)
    name = make(ana, "Before")
    reload(ana)
    choose(ana.page, "Before", "Rename")
    field = ana.page.get_by_role("textbox", name="New title")
    expect(field).to_be_focused()
    field.fill("After")
    field.press("Enter")
    expect(row(ana.page, "After")).to_be_visible()
    assert api(ana, "GET", f"documents/{name}")["title"] == "After"
    row(ana.page, "After").locator("a").focus()
    ana.page.keyboard.press("F2")
    ana.page.get_by_role("textbox", name="New title").fill("Not this")
    ana.page.keyboard.press("Escape")
    expect(row(ana.page, "After")).to_be_visible()


def test_trash_undo_restore_and_delete_for_good(open_window: OpenWindow) -> None:
    ana = open_start(open_window)
    make(ana, "Kept", "kept text")
    reload(ana)
    choose(ana.page, "Kept", "Move to the trash")
    expect(row(ana.page, "Kept")).to_have_count(0)
    toast = ana.page.locator(".toast")
    expect(toast).to_contain_text("is in the trash")
    toast.get_by_role("button", name="Undo").click()
    expect(row(ana.page, "Kept")).to_be_visible()
    row(ana.page, "Kept").locator("a").focus()
    ana.page.keyboard.press("Delete")
    expect(row(ana.page, "Kept")).to_have_count(0)
    ana.page.get_by_role("group", name="Lists").get_by_role("button", name="Trash").click()
    row(ana.page, "Kept").get_by_role("button", name="Restore").click()
    expect(row(ana.page, "Kept")).to_have_count(0)
    reload(ana)
    row(ana.page, "Kept").locator("a").click()
    ana.wait_for_text_that_contains("kept text")
    reload(ana)
    choose(ana.page, "Kept", "Move to the trash")
    reload(ana, "Trash")
    row(ana.page, "Kept").get_by_role("button", name="Delete for good").click()
    ana.page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(ana.page.get_by_text("The trash is empty.")).to_be_visible()


def test_pin_tags_and_duplicates(open_window: OpenWindow) -> None:
    ana = open_start(open_window)
    make(ana, "One", "the text of one")
    make(ana, "Two")
    reload(ana)
    row(ana.page, "One").hover()
    row(ana.page, "One").get_by_role("button", name="Pin One").click()
    choose(ana.page, "One", "Tags…")
    field = ana.page.get_by_role("textbox", name="Tags")
    field.fill("work, to do")
    field.press("Enter")
    expect(row(ana.page, "One")).to_contain_text("#to do")
    ana.page.get_by_role("group", name="Tags").get_by_role("button", name="#work").click()
    expect(row(ana.page, "Two")).to_have_count(0)
    expect(row(ana.page, "One")).to_be_visible()
    ana.page.go_back()
    expect(row(ana.page, "Two")).to_be_visible()
    reload(ana, "Pinned")
    expect(ana.page.locator(".document-row")).to_have_count(1)
    choose(ana.page, "One", "Duplicate")
    ana.page.wait_for_url("**/d/*")
    ana.wait_for_text_that_contains("the text of one")
    reload(ana)
    expect(row(ana.page, "One (copy)")).to_be_visible()


def test_own_template_begins_a_document(open_window: OpenWindow) -> None:
    ana = open_start(open_window)
    make(ana, "Weekly", "# Weekly\n\nwhat we did")
    reload(ana)
    choose(ana.page, "Weekly", "Use as a template")
    expect(row(ana.page, "Weekly")).to_contain_text("Template")
    ana.page.get_by_role("button", name="From a template").click()
    ana.page.get_by_role("dialog").get_by_role("button", name="Weekly").click()
    ana.page.wait_for_url("**/d/*")
    ana.wait_for_text_that_contains("what we did")


def test_thousand_documents_are_paged_and_walked_by_keys(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_start(open_window)
    ana.page.evaluate(
        """async () => {
            for (let n = 0; n < 1000; n += 20) {
                await Promise.all([...Array(20).keys()].map((k) => fetch("api/documents", {
                    method: "POST",
                    headers: { "Content-Type": "application/json" },
                    body: JSON.stringify({ title: `Note ${String(n + k).padStart(4, "0")}` }),
                })));
            }
        }"""
    )
    ana.visit("/#show=all&order=title")
    rows = ana.page.locator(".document-row")
    expect(rows.first).to_contain_text("Note 0000")
    first = rows.first.locator("a")
    ana.page.get_by_role("searchbox").press("ArrowDown")
    expect(first).to_be_focused()
    ana.page.keyboard.press("ArrowDown")
    expect(rows.nth(1).locator("a")).to_be_focused()
    for _ in range(19):
        count = rows.count()
        ana.page.keyboard.press("End")
        ana.page.wait_for_function(
            "(count) => document.querySelectorAll('.document-row').length > count", arg=count
        )
    expect(rows).to_have_count(1000)
    ana.page.keyboard.press("End")
    expect(rows.last.locator("a")).to_be_focused()
    expect(rows.last).to_contain_text("Note 0999")
    repeat_until(
        lambda: expect(rows.nth(500).locator("a")).to_be_focused(timeout=AGAIN_MS),
        lambda: ana.page.keyboard.type("Note 0500", delay=5),
    )
    ana.page.keyboard.press("Enter")
    ana.page.wait_for_url("**/d/*")


def test_hostile_titles_texts_and_tags_are_text(open_window: OpenWindow) -> None:
    ana = open_start(open_window)
    for n, words in enumerate(HOSTILE):
        name = make(ana, words, f"needle {words}")
        if n < 4:
            api(ana, "PUT", f"documents/{name}/tags", tags=[words[:40]])
    reload(ana)
    for words in HOSTILE:
        expect(row(ana.page, words)).to_be_visible()
    search = ana.page.get_by_role("searchbox")
    search_until_marked(ana.page, "needle", "needle")
    for words in HOSTILE:
        search.fill(words)
        expect(ana.page.locator(".start-empty, .document-row").first).to_be_visible()
    search.fill("")
    ana.note_toasts()
    choose(ana.page, HOSTILE[0], "Move to the trash")
    ana.wait_for_toast(HOSTILE[0])
    assert ana.page.evaluate("window.hacked") is None


def test_files_are_imported(open_window: OpenWindow, tmp_path: Path) -> None:
    ana = open_start(open_window)
    one, other = tmp_path / "one.md", tmp_path / "two.html"
    one.write_text("# From a file\n\nimported text")
    other.write_text("<h1>From a page</h1><p>and <b>bold</b></p><script>window.hacked=1</script>")
    with ana.page.expect_file_chooser() as chooser:
        ana.page.get_by_role("button", name="Import files").click()
    chooser.value.set_files([str(one), str(other)])
    expect(ana.page.get_by_text("2 files were imported.")).to_be_visible()
    expect(row(ana.page, "From a file")).to_be_visible()
    row(ana.page, "From a page").locator("a").click()
    ana.wait_for_text_that_contains("**bold**")
    assert ana.page.evaluate("window.hacked") is None


def test_pictures_of_an_imported_file_are_in_the_new_document(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    ana = open_start(open_window)
    file = tmp_path / "album.docx"
    file.write_bytes(
        write_word(paragraph("Album", style="Heading1"), image("image"), with_image=True)
    )
    with ana.page.expect_file_chooser() as chooser:
        ana.page.get_by_role("button", name="Import files").click()
    chooser.value.set_files([str(file)])
    # The only file of an import is opened at once.
    ana.wait_for_text_that_contains("# Album")
    assert re.search(r"!\[\]\(/api/documents/[^/]+/files/[0-9a-f]{64}\.png\)", ana.text)
    expect(ana.page.locator(".preview-content img")).to_have_js_property("naturalWidth", 1)


def test_server_that_fails_is_said_and_tried_again(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_start(open_window)
    make(ana, "One")
    reload(ana)
    expect(row(ana.page, "One")).to_be_visible()
    ana.page.context.set_offline(True)
    ana.page.get_by_role("button", name="Mine").click()
    expect(ana.page.get_by_role("alert")).to_be_visible()
    ana.page.context.set_offline(False)
    ana.page.get_by_role("button", name="Try again").click()
    expect(row(ana.page, "One")).to_be_visible()
    expect(ana.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_overflows_on_a_phone(open_window: OpenWindow, width: int) -> None:
    ana = open_start(open_window)
    ana.page.set_viewport_size({"width": width, "height": 800})
    name = make(ana, "A very long title " * 10, "x" * 500 + " needle " + "y" * 500)
    api(ana, "PUT", f"documents/{name}/tags", tags=["w" * 40, "a tag"])
    for show in ("All", "Pinned", "Trash"):
        reload(ana, show)
        wide = ana.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, show
        lists = ana.page.get_by_role("group", name="Lists")
        expect(lists.get_by_role("button", name=show)).to_be_in_viewport(ratio=1)
    reload(ana)
    button = ana.page.get_by_role("button", name="New document")
    box = button.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    row(ana.page, "A very long title").get_by_role("button", name="Actions for").click()
    menu = ana.page.get_by_role("menu")
    expect(menu).to_be_visible()
    expect_soon(lambda: _is_within(menu, width), True)


def _is_within(part: Locator, width: int) -> bool:
    box = part.bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
