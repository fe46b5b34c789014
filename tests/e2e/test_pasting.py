"""What is pasted with its formatting becomes markdown, and cells of a spreadsheet a table."""

import httpx

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_PASTE = """(data) => {
    const transfer = new DataTransfer();
    for (const [type, text] of Object.entries(data)) transfer.setData(type, text);
    document.querySelector(".pane-source .cm-content").dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


def _text(server: ServerProcess, name: str) -> str:
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text


def _paste(window: Window, plain: str, html: str | None = None) -> None:
    data = {"text/plain": plain} | ({} if html is None else {"text/html": html})
    window.page.evaluate(_PASTE, data)


def test_html_is_pasted_as_markdown_and_runs_nothing(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/html", "Ana")
    ana.focus_end()
    _paste(
        ana,
        "Title one two",
        "<h2>Title</h2><ul><li>one <b>bold</b></li><li><a href='https://example.org/'>two</a>"
        "<a href='javascript:window.hacked=1'>!</a></li></ul>"
        "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>",
    )
    ana.wait_until("() => window.quire.text().includes('## Title')")
    ana.wait_until_saved()
    assert "- one **bold**\n- [two](https://example.org/)!" in ana.text
    assert "javascript" not in ana.text
    assert ana.page.evaluate("window.hacked") is None
    assert _text(server, "html") == ana.text


def test_cells_are_pasted_as_a_table_and_undone_as_one_step(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/cells", "Ana")
    ana.focus_end()
    ana.type("Costs\n\n")
    _paste(ana, "what\tprice\nbread\t3\n", "<table><tr><td>what</td><td>price</td></tr></table>")
    table = "| what  | price |\n| ----- | ----- |\n| bread | 3     |\n"
    ana.wait_for_text(f"Costs\n\n{table}")
    ana.page.keyboard.press("Control+z")
    ana.wait_for_text("Costs\n\n")
    ana.page.keyboard.press("Control+Shift+KeyZ")
    ana.wait_until_saved()
    assert _text(server, "cells") == ana.text == f"Costs\n\n{table}"


def test_an_address_over_a_selection_becomes_a_link(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/d/address", "Ana")
    ana.focus_end()
    ana.type("look here")
    for _ in "here":
        ana.page.keyboard.press("Shift+ArrowLeft")
    _paste(ana, "https://example.org/a")
    ana.wait_for_text("look [here](https://example.org/a)")
    ana.wait_until_saved()
    assert _text(server, "address") == ana.text
