"""The pages themselves: start, preview, history."""

import re

import httpx
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def test_a_new_document_is_made_on_the_start_page(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/", "Ana")
    ana.page.get_by_label("Name").fill("Meeting notes")
    ana.page.get_by_role("button", name="New document").click()
    ana.page.wait_for_url("**/d/*")
    ana.wait_until_saved()
    ana.focus_end()
    ana.type("# Agenda")
    ana.wait_until_saved()
    listed = (
        httpx.get(f"{server.url}/api/documents", timeout=PATIENCE_S)
        .raise_for_status()
        .json()["documents"]
    )
    assert len(listed) == 1
    ana.page.goto(server.url)
    expect(ana.page.locator(".document-list").first).to_be_visible()


def _fetched_ahead(page: Page) -> set[str]:
    names: list[str] = page.locator("link[rel=modulepreload]").evaluate_all(
        "links => links.map(({href}) => href.split('/').pop())"
    )
    return set(names)


def test_document_page_fetches_its_files_beside_each_other(
    browser: Browser, server: ServerProcess
) -> None:
    page = browser.new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    page.goto(f"{server.url}/d/fast")
    expect(page.locator(".cm-content")).to_be_visible()
    assert fetched.count("session") == 1
    assert fetched.index("session") < fetched.index(min(_fetched_ahead(page), key=fetched.index))
    scripts = {name for name in fetched if re.fullmatch(r"[\w-]+-[A-Z0-9]{8}\.js", name)}
    # The page itself names these two.
    named = {name for name in scripts if name.startswith(("app-", "boot-"))}
    assert len(named) == 2
    assert _fetched_ahead(page) == scripts - named


def _create(server: ServerProcess, **fields: str) -> None:
    address = f"{server.url}/api/documents"
    httpx.post(address, json=fields, timeout=PATIENCE_S).raise_for_status()


def test_a_text_is_shown_before_it_is_known_what_else_the_document_is(
    browser: Browser, server: ServerProcess
) -> None:
    _create(server, name="told", title="A title", text="words")
    page = browser.new_page()
    held: list[Route] = []
    page.route("**/api/documents/told", lambda route: held.append(route))
    page.goto(f"{server.url}/d/told")
    expect(page.locator(".cm-content")).to_have_text("words")
    assert len(held) > 0
    for route in held:
        route.continue_()
    expect(page.locator("h1.title")).to_contain_text("A title")


def test_a_text_in_another_root_is_found(browser: Browser, server: ServerProcess) -> None:
    _create(server, name="rooted", text="words", text_root="codemirror")
    page = browser.new_page()
    page.goto(f"{server.url}/d/rooted")
    expect(page.locator(".cm-content")).to_have_text("words")


def test_other_pages_fetch_nothing_ahead(browser: Browser, server: ServerProcess) -> None:
    page = browser.new_page()
    for path in ("/", "/l#secret", "/join#secret", "/nope/d/plans"):
        page.goto(f"{server.url}{path}")
        expect(page.locator("h1").first).to_be_visible()
        assert _fetched_ahead(page) == set(), path


def test_the_preview_shows_markdown_and_runs_nothing(open_window: OpenWindow) -> None:
    ana = open_window("/d/preview", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(
        "# Title\n\n**bold** <img src=x onerror='window.hacked=1'>"
        "<script>window.hacked=1</script>\n\n[link](javascript:window.hacked=1)\n\n- [x] done\n"
    )
    preview = ana.page.locator(".preview")
    expect(preview.locator("h1")).to_have_text("Title")
    expect(preview.locator("strong")).to_have_text("bold")
    assert preview.locator("script").count() == 0
    assert preview.locator("[onerror]").count() == 0
    assert preview.locator("a[href^='javascript']").count() == 0
    assert ana.page.evaluate("window.hacked") is None


def test_history_shows_who_wrote_what_and_brings_it_back(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana, ben = open_window("/d/past", "Ana"), open_window("/d/past", "Ben")
    ana.focus_end()
    ana.type("by Ana")
    wait_until_equal(ana, ben)
    before = ana.wait_until_saved()
    ben.focus_end()
    ben.type(", then by Ben")
    wait_until_equal(ana, ben)
    ana.page.get_by_role("button", name="History").click()
    entries = ana.page.locator(".sitting")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("Ben")
    expect(entries).to_contain_text("Ana")
    ana.page.get_by_role("button", name="Single versions").click()
    ana.page.locator(f'[data-single="{before}"]').click()
    expect(ana.page.locator(".banner-version")).to_contain_text(f"Version {before} · Ana")
    ana.page.get_by_role("button", name="Restore", exact=True).click()
    ben.wait_for_text("by Ana")
    assert wait_until_equal(ana, ben) == "by Ana"
    events = httpx.get(
        f"{server.url}/api/documents/past/history?limit=500", timeout=PATIENCE_S
    ).json()["events"]
    assert {event["actor"]["name"] for event in events} == {"Ana", "Ben"}
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
