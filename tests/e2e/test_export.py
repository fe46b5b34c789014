"""Export and print: each file is opened again, and held against the document."""

import io
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.e2e.word_file import PIXEL, read_names, read_paragraphs, read_part
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

TEXT = """# Übersicht 📝

Some **bold**, *italic*, ~~struck~~ and `code` words, [a link](https://example.org/a?b=1&c=2).

## Second

- one
  - nested
- two

3. third
4. fourth

- [ ] open
- [x] done

> quoted words

| left | right |
|:-----|------:|
| a    | 1     |
| b    | 2     |

```python
def f(x):
    return x < 1 & 2
```

مرحبا بالعالم
"""


def create(server: ServerProcess, name: str, text: str) -> None:
    httpx.post(
        f"{server.url}/api/documents", json={"name": name, "text": text}, timeout=PATIENCE_S
    ).raise_for_status()


def open_document(
    open_window: OpenWindow, server: ServerProcess, name: str, text: str = TEXT
) -> Window:
    create(server, name, text)
    window = open_window(f"/d/{name}", "Ana")
    window.wait_for_text(text)
    return window


def export(window: Window, command: str, tmp_path: Path) -> tuple[str, bytes]:
    """Run an export; returns the name of the file and what is in it."""
    with window.page.expect_download() as download:
        window.wait_until("(id) => window.quire.run(id)", command)
    path = tmp_path / "exported"
    download.value.save_as(path)
    return download.value.suggested_filename, path.read_bytes()


def test_markdown_is_the_text_byte_for_byte(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path
) -> None:
    ana = open_document(open_window, server, "md")
    # The server says the title, a moment after the text is there.
    expect(ana.page).to_have_title(re.compile("Übersicht 📝"))
    name, content = export(ana, "export-markdown", tmp_path)
    assert content == TEXT.encode()
    assert name == "Übersicht 📝.md"


def test_a_web_page_opens_alone_and_shows_the_document(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path, browser: Browser
) -> None:
    picture = f"\n![dot](data:image/png;base64,{_base64(PIXEL)})\n"
    ana = open_document(open_window, server, "html", TEXT + picture)
    name, content = export(ana, "export-html", tmp_path)
    assert name.endswith(".html")
    file = tmp_path / "page.html"
    file.write_bytes(content)
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.on("request", lambda request: errors.append(request.url))
        page.goto(file.as_uri())
        expect(page).to_have_title("Übersicht 📝")
        expect(page.locator("article h1")).to_have_text("Übersicht 📝")
        expect(page.locator("article strong")).to_have_text("bold")
        expect(page.locator("ul ul li")).to_have_text("nested")
        expect(page.locator("ol")).to_have_attribute("start", "3")
        assert [box.is_checked() for box in page.locator("input").all()] == [False, True]
        expect(page.locator("td").nth(1)).to_have_text("1")
        expect(page.locator("pre code")).to_contain_text("return x < 1 & 2")
        assert page.locator("a").get_attribute("href") == "https://example.org/a?b=1&c=2"
        assert page.locator("[data-line]").count() == 0
        assert (
            page.evaluate("getComputedStyle(document.querySelector('td')).borderStyle") == "solid"
        )
        own = [each for each in errors if each != file.as_uri() and not each.startswith("data:")]
        assert own == [], "it loads nothing, and its policy refuses nothing"


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()


HOSTILE = """# <script>window.hacked=1</script>

<img src=x onerror="window.hacked=1">

[x](javascript:window.hacked=1) [y](data:text/html,<script>window.hacked=1</script>)

<svg><style><img src=x onerror=window.hacked=1></style></svg>

<form><math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=1>

`</style></title><script>window.hacked=1</script>`

| <iframe srcdoc="<script>parent.hacked=1</script>"> |
|---|
| <a href="vbscript:x" onclick="window.hacked=1">z</a> |

```html
</code></pre><script>window.hacked=1</script>
```
"""


def test_hostile_text_does_nothing_in_an_exported_page(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path, browser: Browser
) -> None:
    ana = open_document(open_window, server, "hostile", HOSTILE)
    _, content = export(ana, "export-html", tmp_path)
    assert_harmless(browser, tmp_path / "hostile.html", content.decode())
    # Even without its policy.
    text, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", content.decode())
    assert count == 1
    assert_harmless(browser, tmp_path / "without.html", text)


def assert_harmless(browser: Browser, file: Path, page_source: str) -> None:
    """Open a page of hostile origin: nothing in it runs, or could."""
    file.write_text(page_source)
    with browser.new_context() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        page.goto(file.as_uri())
        for link in page.locator("article a").all():
            href = link.get_attribute("href") or ""
            assert not re.match(r"\s*(javascript|vbscript|data):", href, re.IGNORECASE)
        assert page.evaluate("window.hacked") is None
        found = page.locator("script, iframe, form, object, embed, svg, [onerror], [onclick]")
        assert found.count() == 0
        assert [each for each in errors if "Content Security Policy" in each] == []


def test_a_word_document_has_every_part_of_the_text(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path
) -> None:
    picture = f"\n![dot](data:image/png;base64,{_base64(PIXEL)})\n"
    ana = open_document(open_window, server, "word", TEXT + picture)
    name, content = export(ana, "export-docx", tmp_path)
    assert name.endswith(".docx")
    paragraphs = [each for each in read_paragraphs(content) if each[1]]
    assert paragraphs[0] == ("Heading1", "Übersicht 📝")
    assert ("Heading2", "Second") in paragraphs
    texts = [text for _, text in paragraphs]
    assert "Some bold, italic, struck and code words, a link." in texts
    for text in ("one", "nested", "two", "third", "fourth", "quoted words", "مرحبا بالعالم"):
        assert text in texts
    assert "def f(x):\n    return x < 1 & 2" in texts
    assert [text for text in texts if text in ("left", "right", "a", "1", "b", "2")] == [
        *("left", "right", "a", "1", "b", "2")
    ]
    document = read_part(content, "word/document.xml")
    for mark in ("<w:b/>", "<w:i/>", "<w:strike/>", "<w:tbl>", "<w:numPr>", "w14:checkbox"):
        assert mark in document, mark
    assert '<w:ilvl w:val="1"/>' in document, "a list in a list"
    assert 'w:val="right"' in document, "the alignment of a column"
    assert '<w:start w:val="3"/>' in read_part(content, "word/numbering.xml")
    relations = read_part(content, "word/_rels/document.xml.rels")
    assert "https://example.org/a?b=1&amp;c=2" in relations
    assert [each for each in read_names(content) if each.startswith("word/media/")]


def test_a_word_document_comes_back_by_import(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path
) -> None:
    ana = open_document(open_window, server, "there")
    _, content = export(ana, "export-docx", tmp_path)
    ben = open_document(open_window, server, "back", "")
    drop(ben, [("there.docx", content)])
    ben.wait_until("() => window.quire.text().includes('fourth')")
    for line in (
        "# Übersicht 📝",
        "## Second",
        "- one",
        "[a link](https://example.org/a?b=1&c=2)",
        "| a | 1 |",
        "**bold**",
        "~~struck~~",
        "and `code` words",
        "  - nested",
        "1. third\n2. fourth",
        "[x] done",
        "> quoted words",
        "    return x < 1 & 2",
    ):
        assert line in ben.text, line
    ben.wait_until_saved()


def drop(window: Window, files: list[tuple[str, bytes]]) -> None:
    """Drop files onto the text, at its start."""
    window.page.evaluate(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, content] of files) {
            const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
            data.items.add(new File([bytes], name));
          }
          const target = document.querySelector(".pane-source .cm-content");
          const { left, top } = target.getBoundingClientRect();
          const place = {clientX: left + 4, clientY: top + 4, bubbles: true, cancelable: true};
          target.dispatchEvent(new DragEvent("drop", {dataTransfer: data, ...place}));
        }""",
        [[name, _base64(content)] for name, content in files],
    )


RICH = """Euler: $e^{i\\pi} + 1 = 0$, said once.[^1] :smile:

```mermaid
graph TD
  Alpha --> Beta
```

:::info
A box of its own.
:::

[^1]: A note at the foot.
"""


def test_formulas_drawings_and_notes_are_in_a_web_page(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path, browser: Browser
) -> None:
    ana = open_document(open_window, server, "rich-html", RICH)
    _, content = export(ana, "export-html", tmp_path)
    file = tmp_path / "rich.html"
    file.write_bytes(content)
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        expect(page.locator("math annotation")).to_have_text("e^{i\\pi} + 1 = 0")
        drawing = page.locator("figure img")
        assert (drawing.get_attribute("src") or "").startswith("data:image/png;base64,")
        assert drawing.evaluate("image => image.naturalWidth") > 20
        expect(page.locator("article")).to_contain_text("😄")
        expect(page.locator(".box")).to_contain_text("A box of its own.")
        page.locator(".footnote-ref a").click()
        expect(page.locator(":target")).to_contain_text("A note at the foot.")


def test_formulas_drawings_and_notes_are_in_a_word_document(
    open_window: OpenWindow, server: ServerProcess, tmp_path: Path
) -> None:
    ana = open_document(open_window, server, "rich-word", RICH)
    _, content = export(ana, "export-docx", tmp_path)
    texts = [text for _, text in read_paragraphs(content)]
    assert any("e^{i\\pi} + 1 = 0" in text for text in texts)
    assert "A box of its own." in texts
    assert not any("A note" in text for text in texts), "it is at the foot of the page"
    assert "A note at the foot." in read_part(content, "word/footnotes.xml")
    assert "<w:footnoteReference " in read_part(content, "word/document.xml")
    pictures = [each for each in read_names(content) if each.startswith("word/media/")]
    assert len(pictures) == 1


def test_formulas_and_drawings_are_there_before_printing_begins(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_document(open_window, server, "rich-print", RICH)
    ana.page.evaluate(
        """() => {
          // What the browser would do: ask the page to get ready, and take a picture of it.
          window.print = () => {
            window.dispatchEvent(new Event("beforeprint"));
            const paper = document.querySelector(".print-paper");
            const loaded = [...paper.querySelectorAll("img")].every((image) => image.complete);
            window.printed = [paper.querySelectorAll(".katex").length,
              paper.querySelectorAll("img.drawing").length, loaded, paper.textContent];
            window.dispatchEvent(new Event("afterprint"));
          };
        }"""
    )
    ana.page.keyboard.press("Control+p")
    ana.wait_until("() => window.printed !== undefined")
    formulas, drawings, is_loaded, text = ana.page.evaluate("window.printed")
    assert (formulas, drawings, is_loaded) == (1, 1, True)
    assert "A note at the foot." in text
    expect(ana.page.locator(".print-paper")).to_have_count(0)


# Print


def long_text(parts: int) -> str:
    """Return a document with so many parts, some 14 of which fill a page."""
    return "\n\n".join(
        ["# Long document"]
        + [f"## Part {n}\n\nParagraph {n} has words of its own: w{n}w." for n in range(parts)]
        + ["The very last words."]
    )


LONG = long_text(400)


def pdf_text(window: Window) -> tuple[str, int]:
    """Print as the browser does; returns the text of the pages, and their number."""
    content = window.page.pdf(print_background=True, format="A4")
    reader = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in reader.pages]
    return "\n".join(pages), len(pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("layout", ["edit", "both", "view"])
def test_all_of_a_long_document_is_printed_and_nothing_of_the_page(
    open_window: OpenWindow, server: ServerProcess, layout: str
) -> None:
    ana = open_document(open_window, server, f"print-{layout}", LONG)
    ana.wait_until("(id) => window.quire.run(id)", f"view-{layout}")
    text, pages = pdf_text(ana)
    assert pages > 5
    # The document's words without its markup: these, in this order, and no others.
    expected = LONG.replace("# ", "").replace("#", "")
    assert squeezed(text) == squeezed(expected)
    # The page is as it was, and is printed again as it is then.
    expect(ana.page.locator(".print-paper")).to_have_count(0)
    expect(ana.page.locator(".topbar")).to_be_visible()
    ana.wait_until("(id) => window.quire.run(id)", "view-edit")
    ana.focus_start()
    ana.type("Written since. ")
    ana.wait_until_saved()
    assert "Writtensince." in squeezed(pdf_text(ana)[0])


def test_an_old_version_is_printed_when_it_is_what_is_shown(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_document(open_window, server, "print-old", "# The first text\n")
    ana.focus_end()
    ana.type("and more")
    ana.wait_until_saved()
    ana.page.keyboard.press("Control+Alt+h")
    ana.page.get_by_role("button", name="Single versions").click()
    ana.page.locator('[data-single="1"]').click()
    expect(ana.page.locator(".banner-version")).to_contain_text("Version 1")
    shown = ana.page.locator(".pane-source .pane-layer:not([hidden]) .cm-content").last
    expect(shown).to_have_text("# The first text")
    assert squeezed(pdf_text(ana)[0]) == squeezed("The first text")


def test_dark_pages_are_printed_light(open_window: OpenWindow, server: ServerProcess) -> None:
    ana = open_document(open_window, server, "print-dark")
    ana.page.emulate_media(color_scheme="dark", media="print")
    ana.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    paper = ana.page.locator(".print-paper")
    expect(paper).to_be_visible()
    expect(paper).to_have_css("color", "rgb(0, 0, 0)")
    expect(ana.page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(paper.locator("pre")).to_have_css("background-color", "rgb(245, 246, 248)")
    expect(ana.page.locator(".topbar")).to_be_hidden()
