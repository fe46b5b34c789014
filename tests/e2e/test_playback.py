"""Playback on the page: any event's text and authors, keys, running, and a restore from it."""

import random

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import create, open_history, write
from tests.e2e.window import Window, expect_soon
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

HOSTILE = '<img src=x onerror="window.owned=1">'


def write_life(server: ServerProcess, name: str, events: int = 60, *, third: str = "Cem") -> int:
    """Make a document of random edits by three people; returns its version."""
    source = random.Random(7)
    text = "# Life 👩‍👩‍👧\n"
    create(server, name, text)
    version = 1
    while version < events:
        at = source.randrange(len(text) + 1)
        if source.random() < 0.3:
            text = text[:at] + text[at + source.randrange(1, 5) :]
        else:
            text = text[:at] + source.choice(["word ", "漢字\n\n", "😀", "- item\n"]) + text[at:]
        version = write(server, name, text, by=source.choice(["Ana", "Ben", third]))
    return version


def text_at(server: ServerProcess, name: str, version: int) -> str:
    if version == 0:
        return ""
    url = f"{server.url}/api/documents/{name}/text?version={version}"
    return httpx.get(url, timeout=PATIENCE_S).text


def play(window: Window) -> Locator:
    """Begin the playback; returns its slider, once everything is loaded."""
    open_history(window)
    window.page.get_by_role("button", name="Play back").click()
    slider = window.page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(window.page.locator(".playback-edge-end")).to_be_visible()
    return slider


def shown_text(window: Window) -> str:
    """The whole text of the playback, if it is short enough to be on the page."""
    lines = window.page.locator(".playback-source .cm-line").all()
    return "\n".join((line.text_content() or "") for line in lines)


def expect_version(window: Window, server: ServerProcess, name: str, version: int) -> None:
    slider = window.page.get_by_role("slider")
    expect(slider).to_have_value(str(version))
    expect_soon(lambda: shown_text(window), text_at(server, name, version))


def test_every_place_shows_the_servers_text_with_its_authors(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    head = write_life(server, "life")
    ana = open_window("/d/life", "Ana")
    slider = play(ana)
    keys = ana.page.keyboard
    expect_version(ana, server, "life", head)
    for step in range(1, 12):
        keys.press("ArrowLeft")
        expect_version(ana, server, "life", head - step)
    for version in (3, 40, 17, 1, 0, head):
        slider.evaluate(
            """(slider, value) => {
                slider.value = value;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            str(version),
        )
        expect_version(ana, server, "life", version)
    keys.press("Home")
    expect_version(ana, server, "life", 0)
    keys.press("ArrowRight")
    expect(ana.page.locator(".playback-shown")).to_contain_text(f"Version 1 of {head}")
    expect(ana.page.locator(".playback-who")).to_have_text("Ana")
    keys.press("End")
    expect_version(ana, server, "life", head)
    people = {mark.get_attribute("data-tip") for mark in ana.page.locator(".author").all()}
    assert people <= {"Ana", "Ben", "Cem"}
    assert len(people) > 1
    classes = {mark.get_attribute("class") for mark in ana.page.locator(".author").all()}
    assert len(classes) == len(people), "each has a line of its own"
    expect(ana.page.locator('.author-initials[data-tip="Ana"]').first).to_be_visible()


def test_it_runs_to_the_end_and_a_version_is_restored_from_it(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    head = write_life(server, "run", 25)
    ana = open_window("/d/run", "Ana")
    slider = play(ana)
    ana.page.get_by_label("Speed").select_option("1")
    slider.focus()
    ana.page.keyboard.press(" ")
    expect(ana.page.get_by_role("button", name="Pause")).to_be_visible()
    ana.page.get_by_label("Speed").select_option("100")
    expect(slider).to_have_value(str(head))
    expect(ana.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_version(ana, server, "run", head)
    slider.focus()
    for _ in range(5):
        ana.page.keyboard.press("ArrowLeft")
    wanted = text_at(server, "run", head - 5)
    ana.page.locator(".playback").get_by_role("button", name="Restore").click()
    expect(ana.page.locator(".playback")).to_have_count(0)
    ana.wait_until_saved()
    ana.wait_until(f"() => window.quire.state().version === {head + 1}")
    assert text_at(server, "run", head + 1) == ana.text == wanted
    # It is one step of whoever restored it.
    ana.editor.focus()
    ana.page.keyboard.press("Control+z")
    ana.wait_until_saved()
    assert ana.text == text_at(server, "run", head)


def test_what_is_written_meanwhile_is_added_at_its_end(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    head = write_life(server, "meanwhile", 10)
    ana = open_window("/d/meanwhile", "Ana")
    play(ana)
    ana.page.keyboard.press("ArrowLeft")
    expect_version(ana, server, "meanwhile", head - 1)
    write(server, "meanwhile", "all new", by="Ben")
    expect(ana.page.get_by_role("slider")).to_have_attribute("max", str(head + 1))
    expect_version(ana, server, "meanwhile", head - 1)
    ana.page.keyboard.press("End")
    expect_version(ana, server, "meanwhile", head + 1)
    ana.page.get_by_role("button", name="End the playback").click()
    ana.wait_until("() => window.quire.text() === 'all new'")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_hostile_names_stay_text_and_motion_is_honoured(
    open_window: OpenWindow, server: ServerProcess, motion: str
) -> None:
    head = write_life(server, f"odd-{motion}", 20, third=HOSTILE)
    ana = open_window(f"/d/odd-{motion}", "Ana")
    ana.page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    slider = play(ana)
    ana.page.get_by_role("button", name="Play", exact=True).click()
    expect(slider).to_have_value(str(head))
    for _ in range(head):
        slider.press("ArrowLeft")
    assert ana.page.locator(".playback img, .playback-source img").count() == 0
    assert ana.page.evaluate("window.owned") is None
