"""Hostile words in all of the interface but the preview: nothing runs, nothing is reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.test_export import drop, export
from tests.e2e.window import AGAIN_MS, Window, repeat_until
from tests.e2e.xss_corpus import ATTACKS, Watch
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

_LONG_CHARS: Final = 2_000
"""Longer attacks are about the cost of reading markdown, which the preview's test is about."""
_TEXTS: Final = [attack.text for attack in ATTACKS if len(attack.text) <= _LONG_CHARS]
_WORDS: Final = [" ".join(text.split()) for text in _TEXTS]
"""As titles and names are: in one line."""
_WHOLE: Final = "\n\n```\n```\n\n".join(_TEXTS)
_SVG: Final = b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.hacked=1</script></svg>"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("surfaces")) as running:
        yield running


@pytest.fixture
def reader(browser: Browser, shared_server: ServerProcess) -> Iterator[tuple[Window, Watch]]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    window = Window(context.new_page(), shared_server.url, "Reader")
    yield window, Watch(window.page)
    assert window.errors == []
    context.close()


def _create(server: ServerProcess, **document: str) -> str:
    answer = httpx.post(f"{server.url}/api/documents", json=document, timeout=PATIENCE_S)
    return str(answer.raise_for_status().json()["name"])


def _put(server: ServerProcess, name: str, text: str, by: str) -> None:
    httpx.put(
        f"{server.url}/api/documents/{name}/text",
        content=text.encode(),
        headers={"If-Match": "*", "X-Quire-Name": by},
        timeout=PATIENCE_S,
    ).raise_for_status()


def test_titles_on_the_start_page_and_in_what_a_search_finds(
    shared_server: ServerProcess, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    for words in _WORDS:
        _create(shared_server, title=words[:200], text=f"needle {words}\n\n# {words}\n")
    window.visit("/")
    window.page.get_by_role("button", name="All", exact=True).click()
    window.wait_until("() => document.body.textContent.includes('window.hacked')")
    search = window.page.get_by_role("searchbox")
    for typed in ("needle", "<script", "onerror", "window.hacked", *_WORDS[:12]):
        search.fill(typed[:100])
        window.page.wait_for_timeout(400)
    repeat_until(
        lambda: expect(window.page.locator("mark").first).to_be_visible(timeout=AGAIN_MS),
        lambda: search.fill(""),
        lambda: search.fill("needle"),
    )
    watch.assert_nothing_happened()


def test_names_of_people_titles_and_labels_on_the_page_of_a_document(
    shared_server: ServerProcess, browser: Browser, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    name = _create(shared_server, name="people", title="people", text="words\n")
    window.open(f"/d/{name}")
    other = browser.new_context()
    try:
        peer = Window(other.new_page(), shared_server.url, "<b>Peer</b>")
        peer.open(f"/d/{name}")
        peer.focus_end()
        for words in _WORDS[::4]:
            peer.rename(words[:40])
            httpx.patch(
                f"{shared_server.url}/api/documents/{name}",
                json={"title": words[:200]},
                timeout=PATIENCE_S,
            ).raise_for_status()
        window.page.wait_for_timeout(1_000)
        expect(window.page.locator(".peer-caret")).to_have_count(1)
    finally:
        other.close()
    watch.assert_nothing_happened()


def test_old_versions_and_what_changed_between_them(
    shared_server: ServerProcess, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    name = _create(shared_server, name="past", text=_WHOLE)
    half = len(_TEXTS) // 2
    _put(shared_server, name, "\n\n".join(_TEXTS[half:]), by="<img src=x onerror=hacked=1>")
    _put(shared_server, name, "\n\n".join(reversed(_TEXTS)), by="<script>hacked=1</script>")
    window.open(f"/d/{name}")
    window.page.keyboard.press("Control+Alt+h")
    sittings = window.page.locator(".sitting")
    expect(sittings.first).to_be_visible()
    for index in range(sittings.count()):
        sittings.nth(index).locator("button").first.click()
        window.wait_until(
            "() => [...document.querySelectorAll('.preview')]"
            ".some((pane) => !pane.hidden && pane.querySelector('.block, ins, del') !== null)"
        )
        window.page.wait_for_timeout(1_000)
        watch.assert_nothing_happened()


def test_files_that_are_dropped_as_markdown_and_as_html(
    shared_server: ServerProcess, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    window.open("/d/dropped")
    page = f"<!doctype html><body>{''.join(_TEXTS)}<p>the end of html</p></body>"
    drop(window, [("<img src=x onerror=hacked=1>.md", _WHOLE.encode())])
    window.wait_for_text_that_contains(_TEXTS[0])
    drop(window, [(f"{index}.html", text.encode()) for index, text in enumerate(_TEXTS)])
    drop(window, [("page.html", page.encode()), ("last.md", b"the last file\n")])
    window.wait_for_text_that_contains("the last file")
    window.wait_until_saved()
    window.page.wait_for_timeout(1_000)
    watch.assert_nothing_happened()


def test_a_file_of_html_that_was_exported(
    shared_server: ServerProcess,
    browser: Browser,
    reader: tuple[Window, Watch],
    tmp_path: Path,
) -> None:
    window, watch = reader
    title = "</title><script>window.hacked=1</script>"
    name = _create(shared_server, name="exported", title=title, text=_WHOLE)
    window.open(f"/d/{name}")
    _, content = export(window, "export-html", tmp_path)
    watch.assert_nothing_happened()
    file = tmp_path / "opened.html"
    file.write_bytes(content)
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.hacked") is None
    assert page.locator("script, iframe, object, embed, base, form").count() == 0
    assert [url for url in asked if url.startswith("http") and "evil" in url] == []
    context.close()


def test_an_svg_is_no_image_and_is_not_shown_as_one(
    shared_server: ServerProcess, reader: tuple[Window, Watch]
) -> None:
    window, watch = reader
    name = _create(shared_server, name="svg", text="words\n")
    window.open(f"/d/{name}")
    for file, kind in (("a.svg", "image/svg+xml"), ("a.png", "image/png")):
        answer = httpx.post(
            f"{shared_server.url}/api/documents/{name}/files",
            content=_SVG,
            headers={"Content-Type": kind},
            timeout=PATIENCE_S,
        )
        assert (answer.status_code, answer.json()["code"]) == (415, "no_image")
        drop(window, [(file, _SVG)])
    window.page.wait_for_timeout(1_500)
    watch.assert_nothing_happened()
    assert "<script" not in window.text
