"""Who wrote what, in the live text and in old versions: as the server tells it, and kept up."""

import json
import re

import httpx
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import create, open_history, write
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

HOSTILE = '"><img src=x onerror="window.owned=1">'
_PARTS = """() => [...document.querySelectorAll(".pane-source .cm-line .author")]
    .map((mark) => [mark.dataset.tip.split(",")[0], mark.textContent])"""


def blamed(server: ServerProcess, name: str) -> list[tuple[str, str]]:
    """Whoever wrote each part of the head, as the server tells it, without line ends."""
    base = f"{server.url}/api/documents/{name}"
    answer = httpx.get(f"{base}/blame?grain=author", timeout=PATIENCE_S).json()
    text = httpx.get(f"{base}/text", timeout=PATIENCE_S).text
    parts: list[tuple[str, str]] = []
    at = 0
    for span in answer["spans"]:
        part = text[at : at + span["len"]]
        at += span["len"]
        parts += [(span["actor"]["name"], line) for line in part.split("\n") if line]
    assert at == len(text)
    return parts


def expect_authors(window: Window, server: ServerProcess, name: str) -> None:
    """Wait until the text shows what the server tells."""
    window.wait_until_saved()
    expected = [list(part) for part in blamed(server, name)]
    shown = json.dumps(expected, separators=(",", ":"), ensure_ascii=False)
    window.page.wait_for_function(
        f"(expected) => JSON.stringify(({_PARTS})()) === expected", arg=shown
    )


def test_authors_are_shown_and_kept_up_while_two_people_write(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/authors", "Ana")
    ana.focus_end()
    ana.type("From Ana alone. ")
    ana.wait_until_saved()
    ben = open_window("/d/authors", "Ben")
    wait_until_equal(ana, ben)
    ana.page.keyboard.press("Control+Alt+a")
    expect_authors(ana, server, "authors")
    ben.focus_end()
    ben.type("From Ben. ")
    wait_until_equal(ana, ben)
    expect_authors(ana, server, "authors")
    # In the midst of the other's words.
    ben.focus_start()
    for _ in "From ":
        ben.page.keyboard.press("ArrowRight")
    ben.type("dear ")
    ana.focus_end()
    ana.page.keyboard.press("ArrowLeft")
    ana.type("!")
    typed = ana.page.locator(".pane-source .cm-line .author", has_text="!")
    expect(typed).to_have_attribute("data-tip", "Ana")
    wait_until_equal(ana, ben)
    expect_authors(ana, server, "authors")
    assert [part for part in blamed(server, "authors") if part[1] == "dear "] == [("Ben", "dear ")]
    tip = ana.page.locator(".author", has_text="dear").get_attribute("data-tip") or ""
    assert tip.startswith("Ben, ")
    assert ", version " in tip
    text = httpx.get(f"{server.url}/api/documents/authors/text", timeout=PATIENCE_S).text
    assert text == ana.text == ben.text
    ana.page.keyboard.press("Control+Alt+a")
    expect(ana.page.locator(".author")).to_have_count(0)


def legend(window: Window) -> Locator:
    open_history(window)
    window.page.get_by_role("button", name="People", exact=True).click()
    people = window.page.locator(".person")
    expect(people.first).to_be_visible()
    return people


def test_the_legend_tells_how_much_each_wrote_and_old_versions_have_authors(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "legend", "Ana wrote this.\n")
    write(server, "legend", "Ana wrote this.\nBen too.\n", by="Ben")
    write(server, "legend", "Ben too.\n", by="Ben")
    restored = httpx.post(
        f"{server.url}/api/documents/legend/restore",
        json={"version": 2},
        headers={"X-Quire-Name": "Cem"},
        timeout=PATIENCE_S,
    )
    restored.raise_for_status()
    ana = open_window("/d/legend", "Ana")
    people = legend(ana)
    expect(people.filter(has_text="Ana")).to_contain_text("16 characters stand (64 %)")
    expect(people.filter(has_text="Ben")).to_contain_text("9 characters stand (36 %)")
    ana.page.get_by_label("Show in the text who wrote what").check()
    expect_authors(ana, server, "legend")
    # What Cem brought back is what Ana wrote.
    assert blamed(server, "legend") == [("Ana", "Ana wrote this."), ("Ben", "Ben too.")]
    ana.page.get_by_role("button", name="All", exact=True).click()
    ana.page.get_by_role("button", name="Single versions").first.click()
    ana.page.locator('[data-single="2"]').click()
    expect(ana.page.locator(".banner-version")).to_contain_text("Version 2")
    past = ana.page.locator(".pane-source .pane-layer:not([hidden])").last
    tip = re.compile(r"^Ben, .*, version 2$")
    expect(past.locator(".author", has_text="Ben too.")).to_have_attribute("data-tip", tip)


def test_hostile_names_stay_text_among_the_authors(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "odd-authors", "one\n")
    write(server, "odd-authors", "one\ntwo\n", by=HOSTILE)
    ana = open_window("/d/odd-authors", "Ana")
    people = legend(ana)
    ana.page.get_by_label("Show in the text who wrote what").check()
    expect(people.filter(has_text=HOSTILE)).to_have_count(1)
    expect(ana.page.locator(".author", has_text="two")).to_be_visible()
    ana.page.locator(".cm-line .author", has_text="two").hover()
    expect(ana.page.locator(".tooltip")).to_contain_text(HOSTILE)
    assert ana.page.locator(".person img, .tooltip img, .cm-gutters img").count() == 0
    assert ana.page.evaluate("window.owned") is None
