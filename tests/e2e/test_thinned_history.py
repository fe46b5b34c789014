"""The history of a document of which old versions are gone: said, skipped, and offered instead."""

import httpx
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.test_history import open_history
from tests.e2e.test_playback import shown_text
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.thinned_file import KEPT, TEXTS, thinned_file


def bring_in(server: ServerProcess, name: str) -> None:
    """Bring the document in, and have it thinned from now on."""
    url = f"{server.url}/api/documents"
    ada = {"X-Quire-Name": "Ada"}
    body = thinned_file(name)
    made = httpx.post(f"{url}/import", content=body, headers=ada, timeout=PATIENCE_S)
    assert made.status_code == 201, made.text
    rule = {"kind": "thin", "days": 30}
    httpx.put(
        f"{url}/{name}/retention", json=rule, headers=ada, timeout=PATIENCE_S
    ).raise_for_status()
    # Whoever was not there may write, too.
    editor = {"role": "editor"}
    httpx.put(
        f"{url}/{name}/access/everyone", json=editor, headers=ada, timeout=PATIENCE_S
    ).raise_for_status()


def test_versions_that_are_gone_are_said_skipped_and_offered_instead(
    open_window: OpenWindow, server: ServerProcess
) -> None:
    bring_in(server, "choir")
    ana = open_window("/d/choir", "Ana")
    page = ana.page
    open_history(ana)
    note = page.locator(".history-kept")
    expect(note).to_contain_text("only sittings are kept")
    expect(note).to_contain_text("older than 30 days")

    # A thinned sitting has one version, and nothing earlier.
    page.get_by_role("button", name="Single versions").last.click()
    single = page.locator(".version-choice")
    expect(single).to_have_count(1)
    expect(single).to_contain_text("versions 1–3 in one")
    expect(page.locator(".version-list").get_by_role("button", name="Earlier")).to_have_count(0)
    single.click()
    expect(page.locator(".banner-version")).to_contain_text("Version 3")

    page.get_by_role("button", name="Play back").click()
    slider = page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(page.locator(".playback-edge-end")).to_be_visible()
    expect(slider).to_have_value("3")
    page.keyboard.press("End")
    for version in reversed(KEPT[:-1]):
        page.keyboard.press("ArrowLeft")
        expect(slider).to_have_value(str(version))
        assert shown_text(ana) == ("", *TEXTS)[version]
    page.keyboard.press("ArrowRight")
    expect(page.locator(".playback-shown")).to_contain_text("Versions 1–3 in one")

    ana.visit("/d/choir?version=5")
    dialog = page.get_by_role("dialog", name="Version 5 is no longer kept")
    expect(dialog.get_by_role("button", name="Show version 3")).to_be_visible()
    dialog.get_by_role("button", name="Show version 6").click()
    expect(page.locator(".banner-version")).to_contain_text("Version 6")
    # Somebody's list may be of before the history was thinned.
    page.route("**/restore", lambda route: route.continue_(post_data='{"version": 5}'))
    page.get_by_role("button", name="Restore", exact=True).click()
    page.unroute("**/restore")
    page.get_by_role("button", name="Restore version 3").click()
    ana.wait_until(f"() => window.quire.text() === {TEXTS[2]!r}")
