"""Accounts in the browser: the first operator, invitations, sign-in, sign-out everywhere."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.account_journey import PASSWORD, find_owner_link, fragment, join, sign_in
from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.offline


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, arguments=("--auth", "accounts")) as running:
        yield running


def _first_operator(server: ServerProcess, open_window: OpenWindow) -> Window:
    ana = open_window("/", "Ana")
    join(ana, find_owner_link(server), "ana")
    return ana


def _invite(ana: Window) -> str:
    """Invite somebody on the page of people; returns the link."""
    ana.visit("/people")
    ana.page.get_by_role("button", name="Invite somebody").click()
    return ana.page.get_by_label("Invitation link").input_value()


def test_first_operator_invites_somebody_and_they_write_together(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    link = _invite(ana)
    ben = open_window("/", "Ben")
    join(ben, link, "Ben@Example.org")
    assert "#" not in ben.page.url
    late = open_window("/", "Late")
    late.visit(fragment(link))
    late.wait_for_heading("This invitation is no longer valid")
    ana.visit("/")
    ana.page.get_by_label("Name", exact=False).fill("Together")
    ana.page.get_by_role("button", name="New document").click()
    ana.page.wait_for_url("**/d/*")
    ana.wait_until_saved()
    ana.focus_end()
    ana.type("# Together")
    ben.visit(ana.page.url)
    assert wait_until_equal(ana, ben) == "# Together"
    ana.visit("/people")
    expect(ana.page.locator(".rows")).to_contain_text(["ben@example.org"])


def test_signing_in_leads_back_to_the_document(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ana.visit("/d/notes")
    ana.create_if_absent()
    ana.wait_until_saved()
    ana.focus_end()
    ana.type("mine")
    ana.wait_until_saved()
    other = open_window("/", "Ana")
    other.visit("/d/notes")
    other.wait_for_heading("Nothing here for you")
    other.page.get_by_role("link", name="Sign in").click()
    sign_in(other, "ana", "wrong password")
    expect(other.page.get_by_role("alert")).to_be_visible()
    sign_in(other, "ana")
    other.page.wait_for_url("**/d/notes")
    other.wait_for_text("mine")
    assert other.user()["id"] == ana.user()["id"]


def test_visitor_sees_no_difference_between_missing_and_forbidden(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ana.visit("/d/private")
    ana.create_if_absent()
    ana.wait_until_saved()
    visitor = open_window("/", "Visitor")
    seen = []
    for name in ("private", "missing"):
        visitor.visit(f"/d/{name}")
        visitor.wait_for_heading("Nothing here for you")
        seen.append((visitor.page.title(), visitor.page.locator("#app").inner_text()))
    assert seen[0] == seen[1]
    assert visitor.page.context.cookies() == [], "nobody becomes a guest to be refused"


def test_sign_out_everywhere_ends_open_pages_and_keeps_what_was_typed(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    desk = open_window("/", "Ana")
    desk.visit("/sign-in?next=/d/notes")
    sign_in(desk, "ana")
    desk.create_if_absent()
    desk.wait_until_saved()
    desk.focus_end()
    desk.type("saved, ")
    desk.wait_until_saved()
    ana.visit("/account")
    expect(ana.page.locator(".rows .entry")).to_have_count(2)
    ana.page.get_by_role("button", name="Sign out everywhere").click()
    ana.page.wait_for_url("**/sign-in*")
    banner = desk.page.locator(".banner", has_text="You are signed out.")
    expect(banner).to_be_visible()
    desk.expect_read_only()
    assert desk.text == "saved, "
    banner.get_by_role("button", name="Sign in").click()
    sign_in(desk, "ana")
    desk.wait_until_saved()
    desk.focus_end()
    desk.type("and written on")
    desk.wait_until_saved()
    assert desk.text == "saved, and written on"


def test_unsaved_text_is_saved_after_signing_in_again(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ana.visit("/d/notes")
    ana.create_if_absent()
    ana.wait_until_saved()
    ana.page.context.set_offline(True)
    # Until then, what is typed may still be sent and saved.
    ana.wait_until("() => !window.quire.state().connected")
    ana.focus_end()
    ana.type("typed before it was known")
    cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in ana.page.context.cookies()}
    # Ended on the server, too: the ticket of the socket is good for some seconds more.
    httpx.delete(
        f"{server.url}/api/session",
        cookies=cookies,
        headers={"Origin": server.url},
        timeout=PATIENCE_S,
    ).raise_for_status()
    ana.page.context.clear_cookies()
    server.restart()
    ana.page.context.set_offline(False)
    banner = ana.page.locator(".banner", has_text="You are signed out.")
    expect(banner).to_contain_text("kept here until you sign in again")
    assert cookies, "there was a session"
    banner.get_by_role("button", name="Sign in").click()
    sign_in(ana, "ana")
    ana.wait_until_saved()
    assert ana.text == "typed before it was known"


def test_unsaved_text_is_never_saved_as_another_users(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ben = open_window("/", "Ben")
    join(ben, _invite(ana), "ben")
    ana.visit("/d/notes")
    ana.create_if_absent()
    ana.wait_until_saved()
    dialog = ana.share()
    dialog.set_everyone("Can edit")
    dialog.close()
    context = ana.page.context
    context.set_offline(True)
    ana.wait_until("() => !window.quire.state().connected")
    ana.focus_end()
    ana.type("Ana's")
    ana.wait_for_words("Offline – 5 edits kept on this device")
    anas = context.cookies()
    # Somebody else signs in, in another tab of the same browser.
    context.clear_cookies()
    context.add_cookies([dict(each) for each in ben.page.context.cookies()])  # type: ignore[misc]
    # Before the page is online: the ticket of its socket is good for some seconds more.
    server.restart()
    with ana.page.expect_navigation(url="**/d/notes"):
        context.set_offline(False)
    ana.wait_until_saved()
    assert ana.user()["name"] == "Ben"
    assert ana.text == ""
    ana.page.wait_for_timeout(1_000)
    history = ana.page.request.get(f"{server.url}/api/documents/notes/history").json()
    assert history["events"] == []
    context.clear_cookies()
    context.add_cookies([dict(each) for each in anas])  # type: ignore[misc]
    ana.visit("/d/notes")
    ana.wait_for_text("Ana's")
    ana.wait_until_saved()
    history = ana.page.request.get(f"{server.url}/api/documents/notes/history").json()
    assert {each["actor"]["name"] for each in history["events"]} == {"Ana"}


def test_another_account_finds_nothing_of_the_one_before(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ben = open_window("/", "Ben")
    join(ben, _invite(ana), "ben")
    ben.visit("/d/bens")
    ben.create_if_absent()
    ben.wait_until_saved()
    ben.focus_end()
    ben.type("Ben's own")
    ben.wait_until_saved()
    ana.visit("/d/anas")
    ana.create_if_absent()
    ana.wait_until_saved()
    dialog = ana.share()
    dialog.set_everyone("No access")
    dialog.close()
    ben.visit("/d/anas")
    assert ben.page.evaluate(_COUNT_STORED) > 0
    ben.page.get_by_role("button", name="Use another account").click()
    ben.page.wait_for_url("**/sign-in*")
    assert ben.page.evaluate(_COUNT_STORED) == 0


_COUNT_STORED = """async () => {
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open("quire:/"));
    const names = [...database.objectStoreNames];
    const stores = database.transaction(names);
    const counts = await Promise.all(names.map((name) => done(stores.objectStore(name).count())));
    database.close();
    return counts.reduce((sum, count) => sum + count, 0);
}"""


def test_public_document_is_read_without_an_account(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _first_operator(server, open_window)
    ana.visit("/d/public")
    ana.create_if_absent()
    ana.wait_until_saved()
    ana.focus_end()
    ana.type("for all")
    dialog = ana.share()
    dialog.dom.get_by_label("Anyone, without signing in").select_option(label="Can view")
    expect(dialog.dom.get_by_text("Anyone who has the address can read it.")).to_be_visible()
    dialog.close()
    visitor = open_window("/", "Visitor")
    visitor.visit("/d/public")
    visitor.wait_for_text("for all")
    visitor.wait_for_words("View only")
    ana.focus_end()
    ana.type(" to see")
    visitor.wait_for_text("for all to see")


def test_password_is_changed(server: ServerProcess, open_window: OpenWindow) -> None:
    ana = _first_operator(server, open_window)
    ana.visit("/account")
    form = ana.page.get_by_role("form", name="Password")
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_label("New password").fill("another horse entirely")
    form.get_by_role("button", name="Change password").click()
    expect(ana.page.get_by_role("status").filter(has_text="changed")).to_be_visible()
    other = open_window("/", "Ana")
    other.visit("/sign-in")
    sign_in(other, "ana")
    expect(other.page.get_by_role("alert")).to_be_visible()
    sign_in(other, "ana", "another horse entirely")
    expect(other.page.locator(".self-name")).to_have_text("Ana")


def test_one_other_browser_is_signed_out(server: ServerProcess, open_window: OpenWindow) -> None:
    ana = _first_operator(server, open_window)
    phone = open_window("/", "Ana")
    phone.visit("/sign-in?next=/account")
    sign_in(phone, "ana")
    expect(phone.page.locator(".rows .entry")).to_have_count(2)
    ana.visit("/account")
    expect(ana.page.locator(".rows .entry")).to_have_count(2)
    ana.page.get_by_role("button", name="Sign out: ").click()
    expect(ana.page.locator(".rows .entry")).to_have_count(1)
    expect(ana.page.locator(".rows .entry")).to_contain_text(["this one"])
    phone.visit("/account")
    phone.wait_for_heading("You are not signed in")


def test_all_users_are_listed_page_by_page(
    server: ServerProcess, open_window: OpenWindow, tmp_path: Path
) -> None:
    ana = _first_operator(server, open_window)
    with closing(sqlite3.connect(tmp_path / "quire.db")) as database, database:
        database.executemany(
            "INSERT INTO users (id, kind, name, color, login, is_operator, is_disabled,"
            " created_at_ms, seen_at_ms) VALUES (?, 'account', ?, '#1670c9', ?, 0, 0, 0, 0)",
            [(f"user-{n}", f"Person {n:02}", f"person{n}") for n in range(30)],
        )
    ana.visit("/people")
    users = ana.page.locator(".card", has_text="Users").locator(".entry")
    expect(users).to_have_count(20)
    ana.page.get_by_role("button", name="Show more").click()
    expect(users).to_have_count(31)
    expect(ana.page.get_by_role("button", name="Show more")).to_have_count(0)
    users.nth(30).get_by_role("button", name="Lock out").click()
    expect(users.nth(30)).to_have_class("entry entry-off")
    expect(users).to_have_count(31)
