"""The history panel: sittings of several people, what changed in them, and restores by name."""

import httpx
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import PATIENCE_MS, Window, expect_soon
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def write(server: ServerProcess, name: str, text: str, *, by: str = "Ana") -> int:
    """Put a whole text, and return its version."""
    answer = httpx.put(
        f"{server.url}/api/documents/{name}/text",
        content=text.encode(),
        headers={"If-Match": "*", "X-Quire-Name": by},
        timeout=PATIENCE_S,
    )
    answer.raise_for_status()
    version: int = answer.json()["version"]
    return version


def create(server: ServerProcess, name: str, text: str) -> None:
    httpx.post(
        f"{server.url}/api/documents",
        json={"name": name, "text": text},
        headers={"X-Quire-Name": "Ana"},
        timeout=PATIENCE_S,
    ).raise_for_status()


def open_history(window: Window) -> Locator:
    """Open the panel; returns its sittings, newest first."""
    window.page.keyboard.press("Control+Alt+h")
    entries = window.page.locator(".sitting")
    expect(entries.first).to_be_visible()
    return entries


def test_seconds_of_two_people_typing_are_one_entry(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/both", "Ana")
    ben = open_window("/d/both", "Ben")
    for _ in range(8):
        ana.focus_start()
        ana.type("from Ana ", delay_ms=15)
        ben.focus_end()
        ben.type("from Ben ", delay_ms=15)
    ana.wait_until_saved()
    ben.wait_until_saved()
    entries = open_history(ana)
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("Ana")
    expect(entries).to_contain_text("Ben")
    expect(ana.page.locator(".history h3")).to_have_text("Today")
    dots = ana.page.locator(".sitting-people .sitting-dot")
    expect(dots).to_have_count(2)
    answer = httpx.get(f"{server.url}/api/documents/both/history/sittings", timeout=PATIENCE_S)
    (sitting,) = answer.json()["sittings"]
    for dot, author in zip(dots.all(), sitting["authors"], strict=True):
        color = bytes.fromhex(author["color"][1:])
        expect(dot).to_have_css("background-color", "rgb({}, {}, {})".format(*color))


def test_an_entry_opens_to_its_single_versions(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "single", "one")
    write(server, "single", "one two", by="Ben")
    last = write(server, "single", "one two three")
    ana = open_window("/d/single", "Ana")
    entries = open_history(ana)
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("via API")
    opener = ana.page.get_by_role("button", name="Single versions")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    versions = ana.page.locator(".version-choice")
    expect(versions).to_have_count(last)
    expect(versions.nth(1)).to_contain_text("Ben")
    versions.nth(1).click()
    expect(ana.page.locator(".banner-version")).to_contain_text("Version 2")
    expect_marks(ana, [], [" two"])


def marks(window: Window, tag: str, pane: str = "source") -> list[str]:
    """The texts of the marks in a pane that shows an old version."""
    pane_selector = f".pane-{pane} .pane-layer:not([hidden])"
    shown = window.page.locator(f"{pane_selector} :is(.cm-content, .preview-content)").last
    expect(shown).to_be_visible()
    return [each.text_content() or "" for each in shown.locator(tag).all()]


def expect_marks(window: Window, removed: list[str], added: list[str]) -> None:
    """Wait until these are the marks in the source of an old version."""
    expect_soon(lambda: (marks(window, "del"), marks(window, "ins")), (removed, added))


def test_what_changed_is_marked_in_source_and_rendering(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    create(server, "marked", "# Plan\n\nThe old words stay.\n\nGone soon.\n\n- one\n- two\n")
    first = write(server, "marked", "# Plan\n\nThe old words stay.\n\nGone soon.\n\n- one\n- two\n")
    assert first == 1, "the same text is no version"
    ana = open_window("/d/marked", "Ana")
    restored = httpx.post(
        f"{server.url}/api/documents/marked/restore", json={"version": 0}, timeout=PATIENCE_S
    )
    restored.raise_for_status()
    write(server, "marked", "# Plan\n\nThe new words stay.\n\n- one\n- two\n- <b>three</b>\n")
    write(server, "marked", "# Plan\n\nThe plain words stay.\n\n- one\n- two\n- <b>three</b>\n")
    entries = open_history(ana)
    expect(entries).to_have_count(3)
    expect(entries.nth(1)).to_contain_text("Restore of version 0")

    # Everything was written anew since the restore, in two steps, but is compared as a whole.
    entries.first.locator(".sitting-choice").click()
    bar = ana.page.locator(".banner-version")
    expect(bar).to_contain_text("1 change")
    expect(bar.locator(".past-steps")).to_be_visible()
    expect_soon(lambda: "".join(marks(ana, "ins")).startswith("# Plan"), True)

    # One version of it: a word for another.
    ana.page.get_by_role("button", name="Single versions").first.click()
    ana.page.locator(".version-choice").first.click()
    expect(bar).to_contain_text("Version 4")
    expect(bar).to_contain_text("1 change")
    expect(ana.page.locator(".pane-source ins")).to_have_text(["plain"])
    expect_marks(ana, ["new"], ["plain"])
    expect(ana.page.locator(".pane-preview ins")).to_have_text("plain")
    expect(ana.page.locator(".pane-preview del")).to_have_text("new")
    added = ana.page.locator(".pane-source ins").last
    assert "underline" in added.evaluate("mark => getComputedStyle(mark).textDecorationLine")
    gone = ana.page.locator(".pane-source del").last
    assert "line-through" in gone.evaluate("mark => getComputedStyle(mark).textDecorationLine")

    ana.page.get_by_role("button", name="Next change").click()
    expect(bar).to_contain_text("Change 1 of 1")
    expect(ana.page.locator(".pane-source ins.diff-current")).to_have_text("plain")
    ana.page.get_by_label("Show changes").uncheck()
    expect(ana.page.locator(".pane-preview ins")).to_have_count(0)
    expect_soon(lambda: marks(ana, "ins"), [])


def test_a_restore_is_an_entry_of_its_own_with_its_version(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    ana = open_window("/d/back", "Ana")
    ana.focus_end()
    ana.type("kept")
    kept = ana.wait_until_saved()
    ana.page.keyboard.press("Control+a")
    ana.page.keyboard.press("Delete")
    ana.wait_until_saved()
    open_history(ana)
    ana.page.get_by_role("button", name="Single versions").click()
    ana.page.locator(f'[data-single="{kept}"]').click()
    ana.page.get_by_role("button", name="Restore", exact=True).click()
    ana.wait_until("() => window.quire.text() === 'kept'")
    entries = ana.page.locator(".sitting")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(f"Restore of version {kept}")
    text = httpx.get(f"{server.url}/api/documents/back/text", timeout=PATIENCE_S).text
    assert text == ana.text == "kept"


def test_many_changes_are_walked_through_in_a_long_document(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    lines = [f"Line {n} of a long document with some words in it." for n in range(8_000)]
    create(server, "long", "\n\n".join(lines))
    for n in (10, 4_000, 7_990):
        lines[n] = lines[n].replace("some words", "other words")
    write(server, "long", "\n\n".join(lines))
    ana = open_window("/d/long", "Ana")
    open_history(ana)
    ana.page.get_by_role("button", name="Single versions").click()
    ana.page.locator(".version-choice").first.click()
    bar = ana.page.locator(".banner-version")
    expect(bar).to_contain_text("3 changes", timeout=PATIENCE_MS)
    for n in (10, 4_000, 7_990):
        ana.page.get_by_role("button", name="Next change").click()
        current = ana.page.locator(".pane-source ins.diff-current")
        expect(current).to_have_text("other")
        expect(current).to_be_in_viewport()
        line = ana.page.locator(".pane-source .cm-line", has=ana.page.locator("ins.diff-current"))
        expect(line).to_contain_text(f"Line {n} of")
    ana.page.get_by_role("button", name="Previous change").click()
    expect(bar).to_contain_text("Change 2 of 3")


def test_hostile_names_and_texts_stay_text_in_the_history(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    hostile = '<img src=x onerror="window.owned = 1"><script>window.owned = 1</script>'
    create(server, "hostile", f"{hostile}\n\n[x](javascript:window.owned=1)\n")
    write(server, "hostile", f"# {hostile}\n\n| a |\n|---|\n| {hostile} |\n", by=hostile[:60])
    ana = open_window("/d/hostile", "Ana")
    entries = open_history(ana)
    expect(entries.first).to_contain_text("<img src=x")
    ana.page.get_by_role("button", name="Single versions").first.click()
    for version in ana.page.locator(".version-choice").all():
        version.click()
        expect(ana.page.locator(".pane-preview .preview-content").last).to_be_visible()
        expect(ana.page.locator(".pane-preview :is(ins, del)").first).to_be_visible()
    assert ana.page.evaluate("window.owned") is None
