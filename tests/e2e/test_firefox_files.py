"""Firefox prints a document, reads files into documents, and writes documents to files."""

import io
import time
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.e2e.firefox import Firefox, FirefoxWindow, open_document
from tests.e2e.stored import stored_text
from tests.e2e.test_export import long_text, squeezed
from tests.e2e.test_import import HTML, MARKDOWN
from tests.e2e.word_file import read_paragraphs
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.timeout(4 * PATIENCE_S)


def test_firefox_prints_all_of_a_long_document_and_nothing_of_the_page(
    shared_server: ServerProcess, firefox: Firefox
) -> None:
    text = long_text(80)
    ben = open_document(firefox, shared_server, "firefox-print", text)
    pages = PdfReader(io.BytesIO(ben.print())).pages
    assert len(pages) > 3
    shown = text.replace("#", "")
    assert squeezed("".join(page.extract_text() for page in pages)) == squeezed(shown)
    assert ben.text == stored_text(shared_server, "firefox-print") == text


def test_firefox_imports_a_file_and_exports_the_document(
    shared_server: ServerProcess, firefox: Firefox, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(HTML)
    ben = firefox.open(f"{shared_server.url}/")
    ben.wait_until("document.querySelector('input[type=file]') !== null")
    ben.choose_files("input[type=file]", page)
    # The only file of an import is opened at once.
    ben.wait_until("location.pathname.startsWith('/d/')")
    ben.wait_until_saved()
    name = ben.evaluate("location.pathname.split('/').pop()")
    assert ben.text == stored_text(shared_server, name) == MARKDOWN
    assert _export(firefox, ben, "export-markdown", "Title.md") == MARKDOWN.encode()
    words = _export(firefox, ben, "export-docx", "Title.docx")
    assert ("Heading1", "Title") in read_paragraphs(words)
    _export(firefox, ben, "export-html", "Title.html")
    alone = firefox.open((firefox.downloads / "Title.html").as_uri())
    assert alone.evaluate("document.title") == "Title"
    parts = "[...document.querySelectorAll('article :is(h1, td, li li)')]"
    shown = alone.evaluate(f"{parts}.map((one) => one.innerText)")
    assert shown == ["Title", "nested", "1 | 2", "3"]


def _export(firefox: Firefox, window: FirefoxWindow, command: str, file: str) -> bytes:
    """Run an export; returns what is in the file of that name, once it is whole."""
    path = firefox.downloads / file
    window.wait_until(f"window.quire.run('{command}')")
    deadline = time.monotonic() + PATIENCE_S
    # While it is written, another lies beside it.
    while not path.exists() or path.stat().st_size == 0 or path.with_name(f"{file}.part").exists():
        assert time.monotonic() < deadline, list(firefox.downloads.iterdir())
        time.sleep(0.05)
    return path.read_bytes()
