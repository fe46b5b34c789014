"""The editor below a path of a site, behind a real nginx."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.account_journey import find_owner_link, join, sign_in
from tests.e2e.conftest import OpenWindow
from tests.e2e.window import wait_until_equal
from tests.integration.server import ServerProcess
from tests.proxy_server import nginx

pytestmark = pytest.mark.offline


@pytest.mark.parametrize(
    ("root_path", "target"),
    [("/pad", "/"), ("/pad", ""), ("", "/")],
    ids=["stripped", "kept", "stripped, and the server does not know"],
)
def test_two_people_write_below_a_path(
    tmp_path: Path, open_window: OpenWindow, root_path: str, target: str
) -> None:
    folder = tmp_path / "below"
    folder.mkdir()
    arguments = ("--root-path", root_path) if root_path else ()
    with ServerProcess(folder, arguments=arguments) as server:
        location = f"location /pad/ {{ proxy_pass {server.url}{target}; }}"
        with nginx(tmp_path / "nginx", location) as proxy:
            base = f"{proxy.url()}/pad"
            ana = open_window("/", "Ana", base)
            ana.page.get_by_label("Name").fill("notes")
            ana.page.get_by_role("button", name="New document").click()
            ana.page.wait_for_url("**/pad/d/notes")
            ana.wait_until_saved()
            ana.rename("Ana")
            ana.focus_end()
            ana.type("# Below a path")
            ben = open_window("/d/notes", "Ben", base)
            assert wait_until_equal(ana, ben) == "# Below a path"
            ben.page.get_by_role("button", name="History").click()
            expect(ben.page.locator(".sitting").first).to_contain_text("Ana")
            ben.page.locator("a.home").click()
            ben.page.wait_for_url("**/pad/")
            entry = ben.page.locator(".document-list a").first
            expect(entry).to_be_visible()
            entry.click()
            ben.page.wait_for_url("**/pad/d/notes")
            ben.wait_for_text("# Below a path")


def test_sharing_and_signing_in_work_below_a_path(tmp_path: Path, open_window: OpenWindow) -> None:
    folder = tmp_path / "below"
    folder.mkdir()
    arguments = ("--root-path", "/pad", "--auth", "accounts")
    with ServerProcess(folder, arguments=arguments) as server:
        link = find_owner_link(server)
        location = f"location /pad/ {{ proxy_pass {server.url}/; }}"
        with nginx(tmp_path / "nginx", location) as proxy:
            base = f"{proxy.url()}/pad"
            ana = open_window("/", "Ana", base)
            join(ana, link, "ana")
            ana.page.wait_for_url("**/pad/")
            ana.visit("/d/notes")
            ana.create_if_absent()
            ana.wait_until_saved()
            ana.focus_end()
            ana.type("# Below a path")
            ana.wait_until_saved()
            dialog = ana.share()
            url = dialog.create_link("Can view")
            dialog.close()
            ben = open_window("/", "Ben", base)
            ben.visit("/l#" + url.split("/l#")[1])
            ben.page.wait_for_url("**/pad/d/notes")
            ben.wait_for_words("View only")
            ben.wait_for_text("# Below a path")
            other = open_window("/", "Ana", base)
            other.visit("/d/notes")
            other.page.get_by_role("link", name="Sign in").click()
            sign_in(other, "ana")
            other.page.wait_for_url("**/pad/d/notes")
            other.wait_for_text("# Below a path")
