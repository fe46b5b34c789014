"""Import: files are dropped into the text, or made into documents; what comes out is compared."""

import base64
import re
import zipfile
from io import BytesIO
from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_export import drop
from tests.e2e.window import Window
from tests.e2e.word_file import PIXEL, image, link, paragraph, table, write_word
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

HTML: Final = """<!doctype html><html><head><title>No content</title><style>p{}</style></head><body>
<h1>Title</h1><p>Some <b>bold</b>, <em>slanted</em>, <del>gone</del> and <code>x = 1</code>.</p>
<p><a href="https://example.org/">a link</a> and <img src="https://example.org/i.png" alt="i"></p>
<ul><li>one<ul><li>nested</li></ul></li><li>two</li></ul><ol start="3"><li>three</li></ol>
<ul><li><input type="checkbox" checked> done</li><li><input type="checkbox"> open</li></ul>
<blockquote><p>quoted</p></blockquote><hr><pre><code class="language-python">def f():
    pass
</code></pre>
<table><thead><tr><th>a</th><th align="right">b</th></tr></thead>
<tbody><tr><td>1 | 2</td><td>3</td></tr></tbody></table>
<script>window.hacked = 1</script></body></html>"""
MARKDOWN: Final = """# Title

Some **bold**, *slanted*, ~~gone~~ and `x = 1`.

[a link](https://example.org/) and ![i](https://example.org/i.png)

- one
  - nested
- two

3. three

- [x] done
- [ ] open

> quoted

---

```python
def f():
    pass
```

| a | b |
| --- | ---: |
| 1 \\| 2 | 3 |
"""


def saved_text(window: Window, server: ServerProcess, name: str) -> str:
    """Return the text that the window shows, once the server has the same."""
    window.wait_until_saved()
    answer = httpx.get(f"{server.url}/api/documents/{name}/text", timeout=PATIENCE_S)
    assert answer.text == window.text
    return answer.text


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.md", b"# Title\r\n\r\n- one\r\n"),
        ("a.txt", "\ufeff# Title\n\n- one\n".encode()),
        ("a.markdown", "# Title\n\n- one\n".encode("utf-16")),
        ("a.html", b"<h1>Title</h1><ul><li>one</li></ul>"),
        ("a.docx", write_word(paragraph("Title", style="Heading1"), paragraph("- one"))),
    ],
)
def test_a_dropped_file_is_markdown_in_the_text(
    open_window: OpenWindow, server: ServerProcess, file: str, content: bytes
) -> None:
    ana = open_window("/d/dropped", "Ana")
    drop(ana, [(file, content)])
    ana.wait_until("() => window.quire.text().includes('one')")
    text = saved_text(ana, server, "dropped")
    # What looks like a list in a file of Word is none.
    assert text.replace("\\- one", "- one") == "# Title\n\n- one\n"


def test_html_becomes_the_markdown_that_means_the_same(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/html", "Ana")
    drop(ana, [("page.html", HTML.encode())])
    ana.wait_until("() => window.quire.text().includes('Title')")
    assert saved_text(ana, server, "html") == MARKDOWN
    assert ana.page.evaluate("window.hacked") is None


def test_several_files_are_inserted_one_after_the_other(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/several", "Ana")
    drop(ana, [("1.md", b"# One\n\nfirst\n"), ("2.txt", b"second\n"), ("3.md", b"- third\n")])
    ana.wait_until("() => window.quire.text().includes('third')")
    assert saved_text(ana, server, "several") == "# One\n\nfirst\n\nsecond\n\n- third\n"
    ana.page.keyboard.press("Control+z")
    ana.wait_until("() => window.quire.text() === ''")


def test_a_file_dropped_between_words_stands_apart(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/apart", "Ana")
    ana.focus_end()
    ana.type("before")
    drop(ana, [("list.md", b"- a\n- b\n")])
    ana.wait_until("() => window.quire.text().includes('- b')")
    assert saved_text(ana, server, "apart") == "- a\n- b\n\nbefore"


def test_word_has_headings_bold_links_tables_and_says_which_pictures_it_lost(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    word = write_word(
        paragraph("Report", style="Heading1"),
        paragraph("important", bold=True),
        link("a link", "l1"),
        link("evil", "l2"),
        table([["a", "b"], ["1", "2"]]),
        image("image"),
        image("broken"),
        paragraph("<script>window.hacked = 1</script>"),
        links={"l1": "https://example.org/", "l2": "javascript:window.hacked=1"},
        with_image=True,
        with_broken_image=True,
    )
    ana = open_window("/d/word", "Ana")
    drop(ana, [("report.docx", word)])
    ana.wait_until("() => window.quire.text().includes('Report')")
    text = saved_text(ana, server, "word")
    for part in ("# Report", "**important**", "[a link](https://example.org/)", "| 1 | 2 |"):
        assert part in text, part
    assert "javascript:" not in text
    # The picture is an image of the document; what is none is left out.
    assert len(re.findall(r"!\[\]\(/api/documents/word/files/[0-9a-f]{64}\.png\)", text)) == 1
    expect(ana.page.locator(".preview-content img")).to_have_js_property("naturalWidth", 1)
    expect(ana.page.get_by_text("One picture was left out.")).to_be_visible()
    assert ana.page.evaluate("window.hacked") is None


def test_bytes_that_are_no_text_are_counted(open_window: OpenWindow) -> None:
    ana = open_window("/d/bytes", "Ana")
    drop(ana, [("latin.txt", "Größe".encode("latin-1"))])
    expect(ana.page.get_by_text("2 places were not valid text")).to_be_visible()
    assert ana.text == "Gr\ufffd\ufffde"


def _bomb() -> bytes:
    """A file of Word that unpacks to 300 MB."""
    return write_word(paragraph("x"), filler=300 << 20)


def _truncated() -> bytes:
    return write_word(paragraph("x"))[:-40]


def _no_word() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    return file.getvalue()


def _entities() -> bytes:
    """XML whose entities would grow to a gigabyte, and one that names a file."""
    file = BytesIO()
    grown = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<!DOCTYPE d [<!ENTITY e0 "lol">{grown}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    parts = BytesIO(write_word(paragraph("ENTITY")))
    with zipfile.ZipFile(parts) as source, zipfile.ZipFile(file, "w") as archive:
        for name in source.namelist():
            content = source.read(name).decode()
            if name == "word/document.xml":
                content = content.replace("?>", f"?>{declared}", 1)
                content = content.replace("ENTITY</w:t>", "&e9;&f;</w:t>")
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.docx", _bomb()),
        ("truncated.docx", _truncated()),
        ("other.docx", _no_word()),
        ("text.docx", b"no archive at all"),
    ],
)
def test_a_hostile_or_damaged_file_is_refused_and_the_page_goes_on(
    open_window: OpenWindow, server: ServerProcess, name: str, content: bytes
) -> None:
    ana = open_window("/d/refused", "Ana")
    ana.focus_end()
    ana.type("here")
    drop(ana, [(name, content)])
    expect(ana.page.get_by_text(f"{name} cannot be read")).to_be_visible()
    ana.focus_end()
    ana.type(" still")
    ana.wait_until_saved()
    assert saved_text(ana, server, "refused") == "here still"


def test_entities_in_a_file_of_word_neither_grow_nor_read_files(open_window: OpenWindow) -> None:
    ana = open_window("/d/entities", "Ana")
    ana.focus_end()
    ana.type("here")
    drop(ana, [("entities.docx", _entities())])
    ana.wait_until(
        "() => document.body.textContent.includes('cannot be read')"
        " || window.quire.text() !== 'here'"
    )
    assert len(ana.text) < 1_000
    assert "root:" not in ana.text
    ana.focus_end()
    ana.type("!")
    ana.wait_until_saved()


def test_hostile_html_is_harmless_text(open_window: OpenWindow, server: ServerProcess) -> None:
    hostile = b"""<script>window.hacked=1</script><img src=x onerror="window.hacked=1">
<svg onload="window.hacked=1"></svg><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>
<a href="javascript:window.hacked=1">script</a> <a href=" java\tscript:x">split</a>
<form><button formaction="javascript:x">b</button></form><p onclick="window.hacked=1">kept</p>
<template><img src=x onerror="window.hacked=1"></template><base href="https://evil.example/">
<p>&lt;img src=x onerror=window.hacked=1&gt;</p>"""
    ana = open_window("/d/harmless", "Ana")
    drop(ana, [("hostile.html", hostile)])
    ana.wait_until("() => window.quire.text().includes('kept')")
    text = saved_text(ana, server, "harmless")
    assert "javascript" not in text
    assert "<script" not in text
    assert "srcdoc" not in text
    expect(ana.page.locator(".preview").get_by_text("kept")).to_be_visible()
    assert ana.page.locator(".preview [onerror], .preview script, .preview iframe").count() == 0
    assert ana.page.evaluate("window.hacked") is None


def test_pictures_that_are_in_a_file_are_images_of_the_document(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    """Dropped at an address without a document, which the pictures need first."""
    data = base64.b64encode(PIXEL).decode()
    page = f"<p>seen <img alt='one pixel' src='data:image/png;base64,{data}'></p>"
    ana = open_window("/", "Ana")
    ana.visit("/d/pictured")
    ana.wait_for_words("Not created")
    drop(ana, [("page.html", page.encode())])
    ana.wait_until("() => window.quire.text().includes('one pixel')")
    text = saved_text(ana, server, "pictured")
    assert re.fullmatch(
        r"seen !\[one pixel\]\(/api/documents/pictured/files/[0-9a-f]{64}\.png\)\n*", text
    )
    assert not ana.page.locator(".banner").all()


def test_a_file_read_while_the_role_is_lowered_says_that_nothing_was_inserted(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/lowered", "Ana")
    ana.focus_end()
    ana.type("text")
    ana.wait_until_saved()
    ben = open_window("/d/lowered", "Ben")
    ben.wait_for_text("text")
    # A disk that is slow: the file is there once the role is another one.
    ben.page.evaluate(
        """() => {
            const read = Blob.prototype.arrayBuffer;
            Blob.prototype.arrayBuffer = async function () {
                await new Promise((resolve) => { window.letRead = resolve; });
                return read.call(this);
            };
        }"""
    )
    drop(ben, [("late.md", b"late")])
    ben.wait_until("() => window.letRead !== undefined")
    dialog = ana.share()
    dialog.set_everyone("Can view")
    dialog.close()
    ben.wait_for_words("View only")
    ben.page.evaluate("window.letRead()")
    expect(ben.page.get_by_text("Nothing was inserted: you can only read")).to_be_visible()
    assert ben.text == "text"
