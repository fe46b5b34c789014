"""axe-core on a page: rules of accessibility that a program can check."""

from typing import Any, Final

from playwright.sync_api import Page

from scripts.stage_command import NPM_CLIENTS

_SOURCE: Final = NPM_CLIENTS / "node_modules" / "axe-core" / "axe.min.js"
_ALL: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN: Final = """
async (runOnly) => (await axe.run(document, {
  runOnly,
  resultTypes: ["violations"],
})).violations.map(({ id, impact, nodes }) => ({
  id, impact, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
}))
"""


def axe_violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """Return what axe finds wrong, a line for each element; `colours_only`: by contrast alone."""
    # Not skipped: a run without axe would say of no page whether it is accessible.
    assert _SOURCE.exists(), "axe-core is not installed; `./test e2e` does it"
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_SOURCE.read_text())
    rules = {"type": "rule", "values": ["color-contrast"]} if colours_only else [*_ALL]
    found: list[dict[str, Any]] = page.evaluate(_RUN, rules)
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
