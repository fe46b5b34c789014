"""Hostile texts, for every place of the interface where a document, a name or a file becomes HTML.

    @pytest.mark.parametrize("attack", ATTACKS, ids=str)
    def test_…(attack, open_window):
        watch = Watch(window.page)          # before the page is opened
        …                                   # show attack.text somewhere
        watch.assert_nothing_happened()

The number of an attack's class is that of the list in docs/security.md.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

_FILE: Final = Path(__file__).parents[1] / "vectors" / "xss.json"
_LISTEN: Final = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
for (const name of ["alert", "confirm", "prompt"]) window[name] = () => { window.hacked = 1; };
"""
_FOUND: Final = """() => {
  const found = [...(window.policyViolations ?? [])];
  if (window.hacked !== undefined) found.push("a script ran");
  if (({}).hacked !== undefined) found.push("a prototype was changed");
  const names = "script,iframe,object,embed,base,form,style,meta,link";
  for (const root of document.querySelectorAll(".preview, .history, [data-rendered]")) {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(names)) found.push(`an element: ${element.localName}`);
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) found.push(`a handler: ${name}`);
        const isAddress = /^(href|src|action|xlink:href)$/i.test(name);
        if (isAddress && /^\\s*(javascript|vbscript|data:text)/i.test(value)) {
          found.push(`an address: ${value}`);
        }
      }
    }
  }
  if (document.getElementById("app")?.parentNode !== document.body) found.push("an id was taken");
  return found;
}"""


@dataclass(frozen=True)
class Attack:
    """A hostile text; it sets `window.hacked` if it succeeds."""

    number: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"


def _load() -> list[Attack]:
    rows: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))
    return [Attack(row["class"], row["name"], row["text"]) for row in rows]


ATTACKS: Final = _load()


class Watch:
    """Notes what a page runs, and what its policy refuses, from the next navigation on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._requests: list[str] = []
        page.add_init_script(_LISTEN)
        page.on("request", lambda request: self._requests.append(request.url))

    def found(self) -> list[str]:
        """Return what went wrong until now."""
        found: list[str] = self._page.evaluate(_FOUND)
        asked = [url for url in self._requests if "evil.example" in url or "/auth/" in url]
        return found + [f"a request: {url}" for url in asked]

    def assert_nothing_happened(self) -> None:
        assert self.found() == []
