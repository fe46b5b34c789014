"""Line ends, byte order marks and titles as the page shows them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, expect_soon, wait_until_equal
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

OLD = "\ufeff# Heading\r\n\r\nsecond line\r\nthird line\r\n"


def _write_old(server: ServerProcess, name: str, text: str) -> None:
    """Write a document as it was before line ends were normalised: a Yjs update still can."""

    async def write() -> None:
        async with connect(server, "msgpack", name="Old") as peer:
            await peer.join(name, mode="yjs")
            await peer.update(name, "old.1", YjsReplica().insert(0, text))

    # Playwright has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, write()).result(PATIENCE_S)


def _type_at_end_of_second_line(window: Window) -> None:
    window.page.locator(".cm-line", has_text="second line").first.click()
    window.page.keyboard.press("End")
    window.type("!")
    window.wait_until_saved()


def test_old_text_is_healed_by_who_opens_it_alone(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    _write_old(server, "old", OLD)
    ana = open_window("/d/old", "Ana")
    expect(ana.page.locator(".preview h1")).to_have_text("Heading")
    expect(ana.page.locator("h1.title")).to_have_text("Heading")
    _type_at_end_of_second_line(ana)
    ana.wait_for_text("# Heading\n\nsecond line!\nthird line\n")
    ana.page.keyboard.press("Control+z")
    ana.wait_for_text("# Heading\n\nsecond line\nthird line\n")
    expect(ana.page.locator(".cm-specialChar")).to_have_count(0)
    text = httpx.get(f"{server.url}/api/documents/old/text?version=1", timeout=PATIENCE_S).text
    assert text == OLD, "its versions stay what they were"


def test_nothing_is_typed_between_the_halves_of_a_line_end(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    """While somebody else is there, the text keeps its line ends."""
    ana, ben = open_window("/d/both", "Ana"), open_window("/d/both", "Ben")
    _write_old(server, "both", OLD)
    ana.wait_for_text(OLD)
    _type_at_end_of_second_line(ana)
    ana.focus_start()
    ana.page.keyboard.press("Home")
    expected = OLD.replace("second line", "second line!")
    ben.wait_for_text(expected)
    assert ana.text == expected
    expect(ana.page.locator(".cm-specialChar")).to_have_count(0)
    ana.page.locator(".cm-line", has_text="third line").first.click()
    ana.page.keyboard.press("Home")
    ana.page.keyboard.press("Backspace")
    joined = "\ufeff# Heading\r\n\r\nsecond line!third line\r\n"
    ben.wait_for_text(joined)
    assert wait_until_equal(ana, ben) == joined


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb"])
def test_pasted_line_ends_are_line_feeds(open_window: OpenWindow, text: str) -> None:
    ana = open_window("/d/pasted", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(text)
    ana.wait_for_text("a\nb")


def test_title_is_one_in_the_page_and_in_the_list(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    def title() -> str:
        answer = httpx.get(f"{server.url}/api/documents/titled", timeout=PATIENCE_S)
        return str(answer.raise_for_status().json()["title"])

    ana = open_window("/d/titled", "Ana")
    shown = ana.page.locator("h1.title")
    ana.focus_end()
    ana.page.keyboard.insert_text("```\n# no\n```\n\n**Plan** [B](https://b.example)\n===\n")
    expect(shown).to_have_text("Plan B")
    expect(ana.page.locator(".preview h1")).to_have_text("Plan B")
    ana.wait_until_saved()
    ana.page.wait_for_timeout(100)
    ana.focus_start()
    ana.page.keyboard.insert_text("---\ntitle: From YAML\n---\n\n")
    expect(shown).to_have_text("From YAML")
    ana.wait_until_saved()
    expect_soon(title, "From YAML")
    ana.page.goto(server.url)
    expect(ana.page.locator(".document-title", has_text="From YAML").last).to_be_visible()
