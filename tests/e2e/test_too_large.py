"""A message over the limit, sent by a browser: its page learns why the socket was closed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.integration.server import ServerProcess
from tests.proxy_server import nginx

SEND = """([url, size]) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send("x".repeat(size));
    socket.onclose = (event) => resolve(event.code);
})"""


@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "nginx"])
@pytest.mark.parametrize("mebibytes", [8, 20])
def test_browser_is_told_that_its_message_was_too_large(
    tmp_path: Path, browser: Browser, server: ServerProcess, mebibytes: int, proxied: bool
) -> None:
    location = f"location / {{ proxy_pass {server.url}; }}"
    with nginx(tmp_path / "nginx", location) as proxy:
        base = proxy.url() if proxied else server.url
        context = browser.new_context()
        try:
            page = context.new_page()
            # Not /healthz: its policy lets no page connect.
            page.goto(f"{base}/")
            url = base.replace("http", "ws", 1) + "/ws"
            assert page.evaluate(SEND, [url, mebibytes << 20]) == 1009
        finally:
            context.close()
