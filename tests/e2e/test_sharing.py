"""Sharing by the dialog and by links: who sees what, at once, and nothing typed is lost."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.link import Link
from tests.e2e.window import Window, expect_soon, wait_until_equal
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, ever_longer

REFUSED = "Nothing here for you"
DEAD_LINK = "This link no longer works"


def _open_private(open_window: OpenWindow, path: str, text: str) -> Window:
    """Ana makes a document that is hers alone."""
    ana = open_window(path, "Ana")
    ana.focus_end()
    ana.type(text)
    ana.wait_until_saved()
    dialog = ana.share()
    dialog.set_everyone("No access")
    expect(dialog.dom.get_by_text("Only its owner")).to_be_visible()
    dialog.close()
    return ana


def _open_together(
    open_window: OpenWindow, path: str, text: str, base: str | None = None
) -> tuple[Window, Window]:
    """Ana makes a document, lets Ben edit it, whom she finds in it by name, and nobody else."""
    ana = open_window(path, "Ana")
    ana.focus_end()
    ana.type(text)
    ana.wait_until_saved()
    ben = open_window(path, "Ben", base)
    dialog = ana.share()
    dialog.add_person("Ben")
    dialog.set_everyone("No access")
    expect(dialog.dom.get_by_text("Only the people above")).to_be_visible()
    dialog.close()
    ben.wait_until_saved()
    return ana, ben


def _follow(window: Window, url: str) -> None:
    """Open a share link and wait until it has led to the document."""
    window.visit(url)
    window.page.wait_for_url("**/d/*")


def _stored(owner: Window, name: str) -> str:
    """Return the server's text of a document, as its owner reads it."""
    text: str = owner.page.evaluate(
        "async (name) => (await fetch(`/api/documents/${name}/text`)).text()", name
    )
    return text


def _set_role(ana: Window, ben: Window, role: str) -> None:
    dialog = ana.share()
    dialog.set_role(ben.name, role)
    dialog.close()


def test_viewer_by_link_sees_live_and_types_nothing(open_window: OpenWindow) -> None:
    ana = _open_private(open_window, "/d/plan", "# Plan")
    dialog = ana.share()
    url = dialog.create_link("Can view")
    dialog.close()
    ben = open_window("/", "Ben")
    _follow(ben, url)
    ben.wait_for_words("View only")
    assert "#" not in ben.page.evaluate("location.href + document.referrer")
    ben.wait_for_text("# Plan")
    ana.focus_end()
    ana.type(", and more")
    ben.wait_for_text("# Plan, and more")
    expect(ana.page.get_by_label("Also here").get_by_role("button")).to_have_count(1)
    ben.expect_read_only()
    ben.focus_end()
    ben.type("no")
    ben.page.keyboard.press("Backspace")
    ben.page.keyboard.insert_text("no")
    ben.page.wait_for_timeout(300)
    assert (ben.text, ben.state()["pending"]) == ("# Plan, and more", 0)
    expect(ben.page.locator(".banners .banner")).to_have_count(0)
    told = ben.share()
    expect(told.dom.get_by_text("You can read this document.")).to_be_visible()
    told.close()


def test_write_over_http_by_a_viewer_is_refused(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _open_private(open_window, "/d/http", "mine")
    dialog = ana.share()
    url = dialog.create_link("Can view")
    ben = open_window("/", "Ben")
    _follow(ben, url)
    ben.wait_for_words("View only")
    status = ben.page.evaluate(
        """async () => (await fetch("/api/documents/http/edits", {
            method: "POST", headers: {"Content-Type": "application/json"},
            body: JSON.stringify({id: "x", base: 0, ops: [{insert: "no"}]}),
        })).status"""
    )
    assert status == 403
    assert ana.text == "mine"


def test_role_raised_makes_the_page_writable_without_a_reload(open_window: OpenWindow) -> None:
    ana, ben = _open_together(open_window, "/d/raise", "start")
    _set_role(ana, ben, "Can view")
    ben.wait_for_words("View only")
    ben.page.evaluate("window.isSamePage = true")
    _set_role(ana, ben, "Can edit")
    ben.wait_until_saved()
    assert ben.page.evaluate("window.isSamePage") is True
    ben.expect_writable()
    ben.focus_end()
    ben.type(" by Ben")
    assert wait_until_equal(ana, ben) == "start by Ben"


def test_role_lowered_while_typing_loses_nothing(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    """What a role takes away is the right to save; the text stays, and can be saved elsewhere."""
    with Link(server.port) as link:
        ana, ben = _open_together(open_window, "/d/lower", "start", link.url)
        ben.focus_end()
        ben.type(", saved")
        ben.wait_until_saved()
        link.cut()
        ben.type(", and typed meanwhile")
        _set_role(ana, ben, "Can view")
        link.mend()
        ben.wait_for_words("View only – ")
        banner = ben.page.locator(".banners .banner")
        expect(banner).to_contain_text("You can only read this document now.")
        assert ben.text == "start, saved, and typed meanwhile"
        ana.focus_start()
        ana.type("Ana: ")
        ben.wait_for_text("Ana: start, saved, and typed meanwhile")
        ana.wait_until_saved()
        assert ana.text == _stored(ana, "lower") == "Ana: start, saved"
        banner.get_by_role("button", name="Save as new document").click()
        ben.page.wait_for_url(lambda url: not url.endswith("/d/lower"))
        ben.wait_for_text("Ana: start, saved, and typed meanwhile")
        ben.wait_until_saved()
        name = ben.page.evaluate("location.pathname.split('/').pop()")
        assert _stored(ben, name) == ben.text


def test_role_lowered_and_raised_again_saves_what_was_typed_between(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana, ben = _open_together(open_window, "/d/again", "start", link.url)
        link.cut()
        ben.focus_end()
        ben.type(", typed offline")
        _set_role(ana, ben, "Can view")
        link.mend()
        ben.wait_for_words("View only – ")
        _set_role(ana, ben, "Can edit")
        assert wait_until_equal(ana, ben) == "start, typed offline"
        assert _stored(ana, "again") == "start, typed offline"


def test_unsaved_text_can_be_discarded_for_the_servers(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana, ben = _open_together(open_window, "/d/discard", "start", link.url)
        link.cut()
        ben.focus_end()
        ben.type(", unwanted")
        _set_role(ana, ben, "Can view")
        link.mend()
        ben.page.get_by_role("button", name="Discard", exact=True).click()
        ben.wait_for_text("start")
        ben.wait_for_words("View only · ")
        expect(ben.page.locator(".banners .banner")).to_have_count(0)


def test_keystrokes_at_the_very_moment_of_a_lowered_role_are_saved_or_kept(
    open_window: OpenWindow,
) -> None:
    ana, ben = _open_together(open_window, "/d/moment", "start ")
    ben.focus_end()
    dialog = ana.share()
    dialog.set_role("Ben", "Can view")
    for _ in range(400):
        ben.type("x")
        if ben.save_words.startswith("View only"):
            break
    ben.wait_for_words("View only")
    ben.page.wait_for_timeout(500)
    expect_soon(lambda: len(ana.text) + int(ben.state()["pending"]) - len(ben.text), 0)
    assert ana.text.startswith("start ")
    expect_soon(lambda: _stored(ana, "moment"), ana.text)
    if int(ben.state()["pending"]) > 0:
        expect(ben.page.locator(".banner", has_text="could not be saved")).to_be_visible()


_CREATE_BRIEF_LINK = """async (inMs) => (await (await fetch("/api/documents/brief/links", {
    method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({
        role: "viewer", expires_at: new Date(Date.now() + inMs).toISOString(),
    }),
})).json()).url"""


def _is_shown_before_the_end(window: Window, text: str) -> bool:
    """Wait until the page shows a text, or that there is nothing; returns whether it is the text.

    On a slow machine a link may end before the page has followed it.
    """
    window.wait_until(
        "([text, ...ends]) => window.quire?.text() === text"
        " || ends.includes(document.querySelector('h1')?.textContent)",
        [text, REFUSED, DEAD_LINK],
    )
    is_shown: bool = window.page.evaluate("text => window.quire?.text() === text", text)
    return is_shown


def test_link_that_expires_ends_the_visit_and_does_not_open_again(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = _open_private(open_window, "/d/brief", "for a moment")
    ben = open_window("/", "Ben")
    for lasts_s in ever_longer(5.0):
        url = ana.page.evaluate(_CREATE_BRIEF_LINK, lasts_s * 1000)
        if url is None:  # It had ended before it was made.
            continue
        # From the page of a link, another link would differ in its hash alone.
        ben.visit("/")
        ben.visit(url)
        if _is_shown_before_the_end(ben, "for a moment"):
            break
    ben.wait_for_heading(REFUSED)
    ben.visit("/")
    ben.visit(url)
    ben.wait_for_heading(DEAD_LINK)
    assert "#" not in ben.page.url
    assert server.log().find(url.split("#")[1]) == -1


def test_revoked_link_ends_the_visit_at_once(open_window: OpenWindow) -> None:
    ana = _open_private(open_window, "/d/revoke", "for a moment")
    dialog = ana.share()
    url = dialog.create_link("Can edit")
    ben = open_window("/", "Ben")
    _follow(ben, url)
    ben.wait_for_text("for a moment")
    ben.wait_until_saved()
    dialog.dom.get_by_role("button", name="Revoke").click()
    ben.wait_for_heading(REFUSED)


def test_access_that_is_taken_away_leaves_what_was_not_saved(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    with Link(server.port) as link:
        ana, ben = _open_together(open_window, "/d/away", "start", link.url)
        link.cut()
        ben.focus_end()
        ben.type(", unsaved")
        dialog = ana.share()
        dialog.set_role("Ben", "Remove")
        dialog.close()
        link.mend()
        banner = ben.page.locator(".banner-error")
        expect(banner).to_contain_text("no longer there for you")
        assert ben.text == "start, unsaved"
        banner.get_by_role("button", name="Save as new document").click()
        ben.page.wait_for_url(lambda url: not url.endswith("/d/away"))
        ben.wait_for_text("start, unsaved")


def test_document_that_is_not_shared_is_a_kind_page(
    open_window: OpenWindow,
) -> None:
    _open_private(open_window, "/d/private", "mine")
    ben = open_window("/", "Ben")
    ben.visit("/d/private")
    ben.wait_for_heading(REFUSED)
    expect(ben.page.locator("main")).to_contain_text("There is no document at this address")


def test_two_guests_of_one_name_are_two_people(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    one, other = open_window("/d/twins", "Ana"), open_window("/d/twins", "Ana")
    assert one.user()["id"] != other.user()["id"]
    expect(one.page.get_by_label("Also here").get_by_role("button", name="Ana")).to_have_count(1)
    for window, text in ((one, "one "), (other, "other ")):
        window.focus_end()
        window.type(text)
        window.wait_until_saved()
    wait_until_equal(one, other)
    answer = httpx.get(f"{server.url}/api/documents/twins/history", timeout=PATIENCE_S)
    actors = {event["actor"]["id"] for event in answer.json()["events"]}
    assert actors == {one.user()["id"], other.user()["id"]}


def test_guest_is_the_same_person_after_a_reload_and_under_another_name(
    open_window: OpenWindow,
) -> None:
    ana = open_window("/d/same", "Ana")
    first = ana.user()
    ana.focus_end()
    ana.type("before")
    ana.wait_until_saved()
    ana.page.reload()
    ana.wait_until_saved()
    ana.rename("Ada")
    ana.wait_until("() => window.quire.state().connected")
    renamed = ana.user()
    assert (renamed["id"], renamed["color"]) == (first["id"], first["color"])
    assert renamed["name"] == "Ada"
    ana.focus_end()
    ana.type(" and after")
    ana.wait_until_saved()
    assert ana.text == "before and after"


def test_name_of_an_earlier_quire_is_the_guests_name(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ana = open_window("/", "Ana")
    ana.page.context.clear_cookies()
    ana.page.evaluate("localStorage.setItem('quire:name', 'Ana of yesterday')")
    ana.visit("/d/yesterday")
    ana.create_if_absent()
    ana.wait_until_saved()
    expect(ana.page.locator(".self-name")).to_have_text("Ana of yesterday")
    assert ana.page.evaluate("localStorage.getItem('quire:name')") is None


@pytest.mark.parametrize("width", [1200, 390])
def test_share_dialog_works_by_keyboard(open_window: OpenWindow, width: int) -> None:
    ana = open_window("/d/keys", "Ana")
    ana.page.set_viewport_size({"width": width, "height": 800})
    button = ana.page.get_by_role("button", name="Share")
    button.focus()
    ana.page.keyboard.press("Enter")
    dialog = ana.page.get_by_role("dialog", name="Share")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Create link")).to_be_visible()
    for _ in range(40):
        ana.page.keyboard.press("Tab")
        inside = ana.page.evaluate(
            "document.activeElement === document.body"
            " || document.activeElement.closest('dialog') !== null"
        )
        assert inside, "the focus stays in the dialog"
    fits = ana.page.evaluate(
        "(() => { const d = document.querySelector('dialog');"
        " return d.scrollWidth <= d.clientWidth && document.body.scrollWidth <= innerWidth })()"
    )
    assert fits
    dialog.get_by_role("button", name="Create link").focus()
    ana.page.keyboard.press("Enter")
    expect(dialog.get_by_label("Share link")).to_be_visible()
    expect(dialog.get_by_role("button", name="Copy").first).to_be_focused()
    ana.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
