"""The preview beside the source: tasks, places, links to a part, large and hidden texts."""

import json
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, expect_soon
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_SECTIONS = 60


def _create(server: ServerProcess, name: str, text: str) -> None:
    httpx.post(
        f"{server.url}/api/documents",
        content=json.dumps({"name": name, "text": text}),
        headers={"Content-Type": "application/json"},
        timeout=PATIENCE_S,
    ).raise_for_status()


def _long_text(sections: int = _SECTIONS) -> str:
    """Sections whose rendering is much higher, or much lower, than their source."""
    parts = []
    for number in range(sections):
        parts.append(f"## Part {number}\n\n{'Many words in one line. ' * (number % 7 * 10 + 5)}\n")
        parts.append("\n".join(f"[note{number}-{line}]: /x" for line in range(number % 5)))
    return "\n".join(parts)


def _tops(window: Window) -> dict[str, Any]:
    """The heading that is seen first in either pane."""
    seen: dict[str, Any] = window.page.evaluate(
        """() => {
          const first = (nodes, pane) => [...nodes]
            .filter((node) => /Part \\d+/.test(node.textContent))
            .find((node) => node.getBoundingClientRect().bottom > pane.getBoundingClientRect().top)
            ?.textContent.replace(/^#+ /, "");
          const source = document.querySelector(".cm-scroller");
          const preview = document.querySelector(".preview");
          return {
            source: first(source.querySelectorAll(".cm-line"), source),
            preview: first(preview.querySelectorAll("h2"), preview),
          };
        }"""
    )
    return seen


def _distance(window: Window) -> int | None:
    """Return how many headings lie between the first that is seen in either pane; None: no such."""
    tops = _tops(window)
    if None in (tops.get("source"), tops.get("preview")):
        return None  # not drawn yet
    source, preview = (int(tops[side].split()[1]) for side in ("source", "preview"))
    return abs(source - preview)


def test_a_task_is_ticked_in_the_preview_at_its_place(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    text = "# To do\n\n- [ ] one\n- [x] two\n  1. [ ] three\n\n> - [ ] four\n"
    _create(server, "tasks", text)
    ana, ben = open_window("/d/tasks", "Ana"), open_window("/d/tasks", "Ben")
    box = ana.page.get_by_role("checkbox", name="three")
    box.focus()
    ana.page.keyboard.press("Space")
    ben.wait_for_text(text.replace("[ ] three", "[x] three"))
    expect(ana.page.get_by_role("checkbox", name="three")).to_be_checked()
    expect(ana.page.get_by_role("checkbox", name="three")).to_be_focused()
    ben.focus_start()
    ben.type("Above\n\n")
    ana.page.get_by_role("checkbox", name="two").click()
    ana.page.get_by_role("checkbox", name="four").click()
    expected = "Above\n\n" + text.replace("[ ] three", "[x] three").replace("[x] two", "[ ] two")
    ben.wait_for_text(expected.replace("[ ] four", "[x] four"))


def test_source_and_preview_scroll_together_by_line(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    _create(server, "long", _long_text())
    ana = open_window("/d/long", "Ana")
    preview, source = ana.page.locator(".preview").first, ana.page.locator(".cm-scroller").first
    for pane, other in ((source, "preview"), (preview, "source")):
        pane.hover()
        for _ in range(6):
            ana.page.mouse.wheel(0, 700)
            ana.page.wait_for_timeout(60)
        ana.wait_until(
            """other => {
              const name = other === "preview" ? ".preview" : ".cm-scroller";
              return document.querySelector(name).scrollTop > 300;
            }""",
            other,
        )
        ana.page.wait_for_timeout(300)
        expect_soon(lambda: _distance(ana) in (0, 1), True)
    source.hover()
    ana.wait_until(
        "() => { const source = document.querySelector('.cm-scroller');"
        " source.scrollTop = source.scrollHeight; const e = document.querySelector('.preview');"
        " return e.scrollTop + e.clientHeight >= e.scrollHeight - 2; }"
    )


def test_a_click_in_the_preview_places_the_caret(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    _create(server, "click", "# One\n\n- first\n- second\n- third\n\nlast\n")
    ana = open_window("/d/click", "Ana")
    ana.page.locator(".preview li", has_text="second").click()
    ana.type("X")
    ana.wait_for_text("# One\n\n- first\nX- second\n- third\n\nlast\n")
    ana.page.locator(".preview p", has_text="last").click()
    expect(ana.page.locator(".preview .caret-line")).to_have_text("last")


def test_an_address_leads_to_a_part_and_so_does_a_link(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    _create(server, "parts", f"[go](#part-50) [TOC]\n\n{_long_text()}")
    ana = open_window("/d/parts#part-40", "Ana")
    in_view = "name => { const e = [...document.querySelectorAll('.preview h2')]" + (
        ".find((one) => one.textContent === name); if (e === undefined) return false;"
        " const { top } = e.getBoundingClientRect(); return top >= 0 && top < 400; }"
    )
    ana.wait_until(in_view, "Part 40")
    ana.page.evaluate("() => { document.querySelector('.preview').scrollTop = 0; }")
    ana.page.get_by_role("link", name="go", exact=True).click()
    ana.wait_until(in_view, "Part 50")
    ana.wait_until("() => location.hash === '#part-50'")


def test_a_large_text_is_rendered_in_a_worker_and_follows_edits(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    _create(server, "large", _long_text(600))
    ana = open_window("/d/large", "Ana")
    expect(ana.page.locator(".preview h2", has_text="Part 0")).to_be_visible()
    assert len(ana.page.workers) == 1
    ana.focus_end()
    ana.type("\n# The end\n")
    ana.wait_until("() => document.querySelector('.preview h1') !== null")
    ana.focus_start()
    ana.type("# The start\n\n")
    expect(ana.page.locator(".preview h1").first).to_have_text("The start")


def test_a_very_long_line_is_cut_into_pieces_and_reads_as_before(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    """As one paragraph it took the page seconds for each key, and minutes with two windows."""
    line = "שלום " + "many *words* in one line " + "x" * 50_000 + " words" * 20_000
    _create(server, "line", f"before\n\n{line}\n\nafter\n")
    ana, ben = open_window("/d/line", "Ana"), open_window("/d/line", "Ben")
    ana.focus_end()
    ana.type("!")
    ben.wait_for_text(ana.text)
    paragraph = ben.page.locator(".preview .block p").nth(1)
    expect(paragraph.locator(".text-piece").nth(7)).to_be_attached()
    expect_soon(paragraph.text_content, line.replace("*", ""))
    expect(ben.page.locator(".preview .block p").last).to_have_text("after !")
    style = paragraph.evaluate(
        "p => [getComputedStyle(p).direction, getComputedStyle(p).unicodeBidi]"
    )
    assert style == ["rtl", "isolate"]


def test_nothing_is_rendered_while_the_preview_is_hidden(open_window: OpenWindow) -> None:
    ana = open_window("/d/hidden", "Ana")
    ana.page.keyboard.press("Control+Alt+e")
    ana.focus_end()
    ana.type("# Written unseen")
    ana.wait_until_saved()
    ana.page.wait_for_timeout(300)
    assert ana.page.locator(".preview h1").count() == 0
    ana.page.keyboard.press("Control+Alt+b")
    expect(ana.page.locator(".preview h1")).to_have_text("Written unseen")


def test_formulas_code_and_drawings_are_made_when_they_are_used(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    spec = '{"data":{"values":[{"a":1}]},"mark":"bar","encoding":{"x":{"field":"a"}}}'
    _create(
        server,
        "rich",
        "$x^2$\n\n```js\nconst a = 1;\n```\n\n```mermaid\ngraph TD\nA-->B\n```\n\n"
        f"```vega-lite\n{spec}\n```\n\n```mermaid\nnonsense\n```\n",
    )
    ana = open_window("/d/rich", "Ana")
    expect(ana.page.locator(".preview .katex-html")).to_be_visible()
    expect(ana.page.locator(".preview .tok-keyword")).to_have_text("const")
    expect(ana.page.locator(".preview img.drawing")).to_have_count(2)
    expect(ana.page.locator(".preview .diagram-failed")).to_be_visible()
    # They are there before they are loaded.
    expect_soon(
        lambda: ana.page.locator(".preview img.drawing").evaluate_all(
            "images => images.map((image) => image.complete && image.naturalWidth > 20)"
        ),
        [True, True],
    )


def test_what_is_folded_out_stays_while_one_types(open_window: OpenWindow) -> None:
    ana = open_window("/d/fold", "Ana")
    ana.focus_end()
    ana.page.keyboard.insert_text(":::spoiler More\nhidden\n:::\n\nafter\n")
    ana.page.locator(".preview summary").click()
    expect(ana.page.get_by_text("hidden", exact=True).last).to_be_visible()
    ana.focus_end()
    ana.type("typed")
    expect(ana.page.locator(".preview p", has_text="typed")).to_be_visible()
    expect(ana.page.locator(".preview details[open]")).to_have_count(1)
