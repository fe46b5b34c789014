"""Hostile names of people, tags, files, versions and headings, where the interface shows them.

Each test waits until it sees the words, as words, and then that nothing ran and nothing was
reported. They were seen to fail with each of these written into the page as HTML: a person and the
browser of a session on the pages of accounts; the name and the note of a named version; the list of
people, the dialog that takes changes back, who is played back, the names of an old version, a
message and a tooltip.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.e2e.account_journey import find_owner_link, fragment, join
from tests.e2e.test_images import give
from tests.e2e.window import Window
from tests.e2e.xss_corpus import Watch
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_IMAGE: Final = "<img src=x onerror=hacked=1>"
_SVG: Final = "<svg onload=hacked=1>"
_ASK: Final = """async ([method, path, body]) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}"""


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("names")) as running:
        yield running


@pytest.fixture
def make_window(browser: Browser) -> Iterator["Windows"]:
    windows = Windows(browser)
    yield windows
    windows.close()


class Windows:
    """Windows that are watched, each of its own profile."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[tuple[Window, Watch]] = []

    def __call__(self, server: ServerProcess, name: str, **profile: Any) -> Window:
        context = self._browser.new_context(viewport={"width": 1200, "height": 800}, **profile)
        window = Window(context.new_page(), server.url, name)
        self._open.append((window, Watch(window.page)))
        return window

    def assert_nothing_happened(self) -> None:
        for window, watch in self._open:
            # What was written into the page as HTML would have begun to load by then.
            window.page.wait_for_timeout(100)
            watch.assert_nothing_happened()
            assert window.errors == []

    def close(self) -> None:
        for window, _ in self._open:
            window.page.context.close()


def _ask(window: Window, method: str, path: str, body: object = None) -> None:
    window.page.evaluate(_ASK, [method, path, body])


def _button(window: Window, name: str) -> None:
    window.page.get_by_role("button", name=name, exact=True).first.click()


def test_titles_and_tags_in_lists_menus_and_the_trash(
    open_server: ServerProcess, make_window: Windows
) -> None:
    ana = make_window(open_server, "Ana")
    page = ana.page
    ana.visit("/")
    expect(page.locator(".self-name")).to_be_visible()
    for name, title in (("listed", _IMAGE), ("pattern", _SVG), ("thrown", f"thrown {_IMAGE}")):
        _ask(ana, "POST", "/api/documents", {"name": name, "title": title, "text": f"# {title}"})
        _ask(ana, "PUT", f"/api/documents/{name}/opened", {})
    _ask(ana, "PUT", "/api/documents/listed/tags", {"tags": [_IMAGE, _SVG]})
    _ask(ana, "PUT", "/api/documents/listed/pin", {})
    _ask(ana, "PUT", "/api/documents/pattern/template", {})
    _ask(ana, "DELETE", "/api/documents/thrown")
    ana.visit("/#show=all")
    page.reload()
    expect(page.locator(".document-title", has_text=_IMAGE)).to_be_visible()
    expect(page.locator(".tag-own", has_text=_SVG)).to_be_visible()
    page.locator(".view-choice-tag", has_text=_IMAGE).click()
    make_window.assert_nothing_happened()
    _button(ana, f"Actions for {_IMAGE}")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="From a template").click()
    expect(page.locator("dialog").get_by_text(_SVG)).to_be_visible()
    make_window.assert_nothing_happened()
    ana.visit("/#show=trash")
    page.reload()
    page.get_by_role("button", name="Delete for good").first.click()
    expect(page.locator("dialog")).to_contain_text(f"thrown {_IMAGE}")
    make_window.assert_nothing_happened()


def test_people_on_a_page_in_its_menus_its_history_and_its_share_dialog(
    open_server: ServerProcess, make_window: Windows
) -> None:
    ana, eve = make_window(open_server, "Ana"), make_window(open_server, _IMAGE)
    page = ana.page
    ana.open("/d/people")
    ana.focus_end()
    ana.type("words")
    ana.wait_until_saved()
    eve.open("/d/people")
    eve.wait_for_text("words")
    eve.focus_end()
    eve.type(" and more")
    eve.wait_until_saved()
    ana.wait_for_text("words and more")
    expect(page.locator(".peer-caret .caret-name")).to_have_text(_IMAGE)
    circle = page.get_by_label("Also here").get_by_role("button")
    expect(circle).to_have_accessible_name(_IMAGE)
    circle.hover()
    expect(page.locator(".tooltip")).to_contain_text(_IMAGE)
    make_window.assert_nothing_happened()
    _button(ana, "People here (1)")
    page.get_by_role("menuitem", name=f"Follow {_IMAGE}").click()
    expect(page.locator(".followed")).to_contain_text(_IMAGE)
    make_window.assert_nothing_happened()
    dialog = ana.share()
    dialog.add_person(_IMAGE)
    expect(dialog.dom.locator(".person-name", has_text=_IMAGE)).to_be_visible()
    dialog.close()
    make_window.assert_nothing_happened()
    _ask(
        ana, "POST", "/api/documents/people/versions", {"version": 1, "name": _SVG, "note": _IMAGE}
    )
    page.keyboard.press("Control+Alt+h")
    expect(page.locator(".sitting-people").first).to_contain_text(_IMAGE)
    page.locator(".sitting-opener").first.click()
    expect(page.locator(".version-list")).to_contain_text(_IMAGE)
    page.locator(".version-choice").first.click()
    expect(page.locator(".banner-version")).to_be_visible()
    make_window.assert_nothing_happened()
    _button(ana, "Named")
    expect(page.locator(".named-title")).to_have_text(_SVG)
    expect(page.locator(".named-note")).to_have_text(_IMAGE)
    _button(ana, "People")
    expect(page.locator(".people-list .person-name", has_text=_IMAGE)).to_be_visible()
    make_window.assert_nothing_happened()


def test_people_and_names_in_the_tools_of_the_history(
    open_server: ServerProcess, make_window: Windows
) -> None:
    """The playback, the dialog that takes changes back, an old version, and what is said of it."""
    ana, eve = make_window(open_server, "Ana"), make_window(open_server, _IMAGE)
    page = ana.page
    eve.open("/d/tools")
    eve.focus_end()
    eve.type("words")
    eve.wait_until_saved()
    ana.open("/d/tools")
    _ask(ana, "POST", "/api/documents/tools/versions", {"version": 1, "name": _SVG})
    page.keyboard.press("Control+Alt+h")
    page.locator(".sitting-opener").first.click()
    page.locator('[data-single="1"]').click()
    expect(page.locator(".banner-version")).to_contain_text(_SVG)
    expect(page.locator(".banner-version")).to_contain_text(_IMAGE)
    make_window.assert_nothing_happened()
    _button(ana, "Back to the live text")
    _button(ana, "Name the current version…")
    page.get_by_role("dialog").get_by_label("Name").fill(f"{_IMAGE} 2")
    ana.note_toasts()
    page.keyboard.press("Enter")
    ana.wait_for_toast(f"{_IMAGE} 2")
    make_window.assert_nothing_happened()
    _button(ana, "People")
    page.get_by_label("Show in the text who wrote what").check()
    expect(page.locator(".pane-source .author").first).to_be_visible()
    page.locator(".pane-source .author").first.hover()
    expect(page.locator(".tooltip")).to_contain_text(_IMAGE)
    _button(ana, f"Take back changes of {_IMAGE}…")
    expect(page.get_by_role("dialog").locator("option", has_text=_IMAGE)).to_have_count(1)
    expect(page.locator(".take-back-changes li").first).to_be_visible()
    make_window.assert_nothing_happened()
    page.keyboard.press("Escape")
    _button(ana, "Play back")
    expect(page.locator(".playback-who")).to_have_text(_IMAGE)
    make_window.assert_nothing_happened()


def test_words_that_an_old_version_had(open_server: ServerProcess, make_window: Windows) -> None:
    """Words that were taken out of a block are shown in it, as text."""
    ana = make_window(open_server, "Ana")
    page = ana.page
    ana.visit("/")
    text = f"Some words stand here, `{_IMAGE}` and after it many more.\n"
    _ask(ana, "POST", "/api/documents", {"name": "marks", "text": text})
    ana.open("/d/marks")
    ana.wait_for_text(text)
    ana.focus_start()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text.replace(f"`{_IMAGE}` ", ""))
    ana.wait_until_saved()
    page.get_by_role("button", name="Both", exact=True).click()
    page.keyboard.press("Control+Alt+h")
    page.locator(".sitting-opener").first.click()
    page.locator(".version-choice").first.click()
    expect(page.locator(".banner-version")).to_be_visible()
    for pane in (".pane-source", ".preview"):
        expect(page.locator(f"{pane} del", has_text=_IMAGE).first).to_be_visible()
    make_window.assert_nothing_happened()


def test_title_headings_and_files_on_the_page_of_a_document(
    open_server: ServerProcess, make_window: Windows
) -> None:
    ana = make_window(open_server, "Ana")
    page = ana.page
    ana.open("/d/parts")
    _ask(ana, "PATCH", "/api/documents/parts", {"title": _IMAGE})
    page.reload()
    expect(page.locator("h1.title")).to_have_text(_IMAGE)
    ana.focus_end()
    page.keyboard.insert_text(f"# \\{_IMAGE}\n\n## `{_SVG}`\n\n")
    page.keyboard.press("Control+Alt+o")
    expect(page.locator(".outline-entry", has_text=_SVG)).to_be_visible()
    make_window.assert_nothing_happened()
    give(ana, "paste", f"{_IMAGE}.png", b"no image")
    expect(page.locator(".banner", has_text="was not uploaded")).to_contain_text(_IMAGE)
    make_window.assert_nothing_happened()
    ana.visit("/")
    expect(page.locator(".document-title", has_text=_IMAGE).first).to_be_visible()
    files: list[FilePayload] = [
        {"name": f"{_SVG}.docx", "mimeType": "application/zip", "buffer": b"no archive"},
        {"name": f"{_IMAGE}.md", "mimeType": "text/markdown", "buffer": b"words\n"},
    ]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.locator(".import-outcome li")).to_contain_text(f"{_SVG}.docx")
    make_window.assert_nothing_happened()


def test_people_with_accounts_and_their_sessions(tmp_path: Path, make_window: Windows) -> None:
    with ServerProcess(tmp_path, arguments=("--auth", "accounts")) as server:
        ana = make_window(server, "Ana")
        join(ana, find_owner_link(server), "ana")
        ana.visit("/people")
        _button(ana, "Invite somebody")
        link = ana.page.get_by_label("Invitation link").input_value()
        eve = make_window(server, _IMAGE, user_agent=f"{_SVG} {_IMAGE}")
        join(eve, fragment(link), "eve")
        expect(eve.page.locator(".self-name")).to_have_text(_IMAGE)
        eve.page.locator(".self").click()
        expect(eve.page.locator(".popover")).to_be_visible()
        eve.visit("/account")
        expect(eve.page.locator(".rows .entry").first).to_be_visible()
        ana.page.reload()
        expect(ana.page.locator(".person-name", has_text=_IMAGE)).to_be_visible()
        make_window.assert_nothing_happened()
        ana.visit("/d/team")
        ana.create_if_absent()
        ana.wait_until_saved()
        dialog = ana.share()
        dialog.dom.get_by_role("combobox", name="Add a person").fill("<img")
        expect(dialog.dom.get_by_role("option", name=_IMAGE)).to_be_visible()
        make_window.assert_nothing_happened()


def test_titles_that_the_browser_remembers_while_the_server_is_away(
    tmp_path: Path, make_window: Windows
) -> None:
    with ServerProcess(tmp_path) as server:
        created = httpx.post(
            f"{server.url}/api/documents",
            json={"name": "kept", "title": _IMAGE, "text": "words\n"},
            timeout=PATIENCE_S,
        )
        assert created.is_success
        ana = make_window(server, "Ana")
        ana.open("/d/kept")
        ana.wait_for_text("words\n")
        ana.page.evaluate("navigator.serviceWorker.ready")
        server.kill9()
        ana.focus_end()
        ana.type("unsent")
        ana.wait_for_words("Offline – 6 edits kept on this device")
        ana.visit("/")
        expect(ana.page.get_by_text(_IMAGE).first).to_be_visible()
        make_window.assert_nothing_happened()
