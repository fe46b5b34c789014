"""The steps that people with accounts take in a browser; no test is in here."""

import re
from typing import Final

from playwright.sync_api import expect

from tests.e2e.window import Window
from tests.integration.server import ServerProcess

PASSWORD: Final = "correct horse battery"
_LINK: Final = re.compile(r"https?://\S+/join#[A-Za-z0-9_-]+")


def find_owner_link(server: ServerProcess) -> str:
    """Return the link that the first start of a server prints."""
    found = _LINK.search(server.log())
    assert found is not None, "the first start prints a link"
    return found[0]


def fragment(link: str) -> str:
    """Return the path of a link, with its secret."""
    return link[link.index("/join#") :]


def join(window: Window, link: str, login: str) -> None:
    """Follow an invitation and make an account."""
    window.visit(fragment(link))
    window.page.get_by_label("Your name").fill(window.name)
    window.page.get_by_label("Login").fill(login)
    window.page.get_by_label("New password").fill(PASSWORD)
    window.page.get_by_role("button", name="Create account").click()
    expect(window.page.locator(".self-name")).to_have_text(window.name)


def sign_in(window: Window, login: str, password: str = PASSWORD) -> None:
    """Fill in the form to sign in, on its page or in its dialog."""
    window.page.get_by_label("Login").fill(login)
    window.page.get_by_label("Password").fill(password)
    window.page.locator("main, dialog").get_by_role("button", name="Sign in").last.click()
