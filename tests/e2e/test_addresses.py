"""Every address that a person can reach shows a page, and none makes a document by being opened."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def documents(server: ServerProcess) -> list[str]:
    """Return the names of all documents, as whoever asks over HTTP sees them."""
    answer = httpx.get(
        f"{server.url}/api/documents",
        headers={"X-Quire-Name": "Eve"},
        trust_env=False,
        timeout=PATIENCE_S,
    )
    return [each["name"] for each in answer.json()["documents"]]


def at_new_address(browser: Browser, server: ServerProcess, path: str, name: str) -> Window:
    """Open an address where there is no document."""
    window = Window(browser.new_context().new_page(), server.url, name)
    window.visit(path)
    window.wait_for_words("Not created")
    return window


def test_address_without_a_document_makes_one_when_it_is_written(
    browser: Browser, server: ServerProcess
) -> None:
    ana = at_new_address(browser, server, "/d/plans", "Ana")
    ben = at_new_address(browser, server, "/d/plans", "Ben")
    expect(ana.page.get_by_text("does not exist yet")).to_be_visible()
    expect(ana.page.get_by_role("button", name="Share")).to_be_hidden()
    ana.page.reload()
    ana.wait_for_words("Not created")
    assert documents(server) == []
    ana.page.goto(server.url)
    expect(ana.page.get_by_role("heading", name="Opened on this device")).to_have_count(0)
    ana.visit("/d/plans")
    ana.wait_for_words("Not created")
    ana.focus_end()
    ana.type("from Ana")
    ana.wait_until_saved()
    expect(ana.page.get_by_text("does not exist yet")).to_have_count(0)
    assert documents(server) == ["plans"]
    ben.focus_end()
    ben.type("from Ben")
    assert sorted(wait_until_equal(ana, ben).split("from")) == ["", " Ana", " Ben"]
    assert ana.errors == ben.errors == []


def test_button_makes_the_document_without_writing(browser: Browser, server: ServerProcess) -> None:
    ana = at_new_address(browser, server, "/d/plans", "Ana")
    ana.page.get_by_role("button", name="Create it now").click()
    assert ana.wait_until_saved() == 0
    assert documents(server) == ["plans"]


def test_titles_that_make_one_name_make_two_documents(
    browser: Browser, server: ServerProcess
) -> None:
    page = browser.new_context().new_page()
    names = []
    for title in ("Notes!", "Notes?", "заметки", "会議 メモ"):
        page.goto(server.url)
        page.get_by_label("Name").fill(title)
        page.get_by_role("button", name="New document").click()
        page.wait_for_url("**/d/*")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        names.append(page.url.rsplit("/", 1)[1])
    assert names[0] == "notes"
    assert names[1].startswith("notes-")
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    assert sorted(documents(server)) == sorted(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "words", "wörter"),
    [
        ("/nope", "There is nothing at this address", "Unter dieser Adresse gibt es nichts"),
        ("/d/a/b", "There is nothing at this address", "Unter dieser Adresse gibt es nichts"),
        ("/d/Notes!", "That is no name for a document", "So kann kein Dokument heißen"),
    ],
)
def test_wrong_address_says_so_in_the_users_language_and_leads_on(
    browser: Browser, server: ServerProcess, path: str, words: str, wörter: str, scheme: str
) -> None:
    for locale, said, way_on in (
        ("en", words, "To the start page"),
        ("de", wörter, "Zur Startseite"),
    ):
        is_dark = scheme == "dark"
        context = browser.new_context(locale=locale, color_scheme="dark" if is_dark else "light")
        window = Window(context.new_page(), server.url, "Ana")
        window.visit(path)
        window.wait_for_heading(said)
        assert window.page.locator("html").get_attribute("lang") == locale
        window.page.get_by_role("link", name=way_on).click()
        expect(window.page).to_have_url(f"{server.url}/")
        assert window.errors == []
        context.close()


def test_bad_name_can_become_a_title(browser: Browser, server: ServerProcess) -> None:
    window = Window(browser.new_context().new_page(), server.url, "Ana")
    window.visit("/d/Notes!")
    window.page.get_by_role("button", name="Create a document called “Notes!”").click()
    window.page.wait_for_url("**/d/notes")
    window.wait_for_heading("Notes!")
    assert window.wait_until_saved() == 0


def test_page_without_scripts_says_what_it_needs(browser: Browser, server: ServerProcess) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{server.url}/d/plans")
    headings = page.locator("noscript h1")
    expect(headings).to_have_text(["Quire needs JavaScript", "Quire braucht JavaScript"])
    expect(headings.first).to_be_visible()


def test_browser_that_is_too_old_is_told(browser: Browser, server: ServerProcess) -> None:
    page = browser.new_context().new_page()
    page.add_init_script("CSS.supports = () => false")
    page.goto(f"{server.url}/d/plans")
    expect(page.get_by_role("heading", level=1)).to_have_text("This browser is too old for Quire")


@pytest.mark.parametrize("part", ["open", "document"])
def test_part_that_does_not_load_leaves_no_blank_page(
    browser: Browser, server: ServerProcess, part: str
) -> None:
    page = browser.new_context(locale="de").new_page()

    def drop(route: Route) -> None:
        route.abort()

    page.route(f"**/assets/{part}-*.js", drop)
    page.goto(f"{server.url}/d/plans")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quire ist nicht erreichbar")
    page.unroute(f"**/assets/{part}-*.js")
    page.get_by_role("link", name="Erneut versuchen").click()
    expect(page.locator(".cm-content")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "Something went wrong on the server"), (503, "The server is busy or restarting")],
)
def test_page_says_what_its_status_means(
    open_window: OpenWindow, server: ServerProcess, status: int, words: str
) -> None:
    window = open_window("/", "Ana")
    accept = {"Accept": "text/html"}
    html = httpx.get(f"{server.url}/nope", headers=accept, trust_env=False, timeout=PATIENCE_S).text
    mark = '<meta name="quire-status" content="{}">'
    failing = html.replace(mark.format(404), mark.format(status))
    assert failing != html

    def fail(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body=failing)

    window.page.route("**/failing", fail)
    window.visit("/failing")
    window.wait_for_heading(words)
    expect(window.page.get_by_role("button", name="Try again")).to_be_visible()
