"""Signing in at a real OpenID Connect provider, in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenWindow
from tests.e2e.window import Window
from tests.free_port import free_port
from tests.integration.oidc_provider import oidc_provider, settings_for
from tests.integration.server import ServerProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    port = free_port()
    with (
        oidc_provider(f"http://127.0.0.1:{port}") as issuer,
        ServerProcess(tmp_path, port=port, environment=settings_for(issuer)) as running,
    ):
        yield running


def _sign_in(window: Window, name: str) -> None:
    """Go to the provider, and through its own pages."""
    page = window.page
    page.get_by_role("link", name="Sign in with").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_document_opens_after_signing_in_at_the_provider(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ada = open_window("/", "Ada")
    ada.visit("/d/notes")
    ada.wait_for_heading("Nothing here for you")
    ada.page.get_by_role("link", name="Sign in").click()
    _sign_in(ada, "ada")
    ada.page.wait_for_url("**/d/notes")
    ada.create_if_absent()
    ada.wait_until_saved()
    expect(ada.page.locator(".self-name")).to_have_text("Ada Example")
    assert "code=" not in ada.page.evaluate("location.href + document.referrer")
    ada.focus_end()
    ada.type("signed in")
    ada.wait_until_saved()
    ada.page.locator(".self").click()
    ada.page.get_by_role("button", name="Sign out").click()
    ada.page.wait_for_url(f"{server.url}/")
    ada.visit("/d/notes")
    ada.wait_for_heading("Nothing here for you")


def test_sign_in_that_is_cancelled_at_the_provider_says_so(
    server: ServerProcess, open_window: OpenWindow
) -> None:
    ada = open_window("/sign-in", "Ada")
    ada.page.get_by_role("link", name="Sign in with").click()
    ada.page.get_by_role("link", name="Cancel").click()
    ada.page.wait_for_url("**/sign-in?*")
    expect(ada.page.get_by_role("alert")).to_have_text("The sign-in was cancelled.")
