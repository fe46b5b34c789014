"""The receiver of docs/webhooks.md takes what a server signs, and nothing else."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from app.webhook.signature import shown_secret, signed_headers
from app.webhook.webhook_http import WebhookHttp
from tests.free_port import free_port
from tests.integration.server import ROOT
from tests.patience import PATIENCE_S

PAGE: Final = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
SECRET: Final = b"a secret of thirty-two bytes or so"
BODY: Final = b'{"type":"document.edited","timestamp":"","data":{"document":"notes","to":3}}'


@pytest.fixture
def receiver() -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of the sample, and its process."""
    found = re.search(r"```python receiver\n(.*?)```", PAGE, re.DOTALL)
    assert found, "docs/webhooks.md has no sample"
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "-c", found[1]],
        env={**os.environ, "WEBHOOK_SECRET": shown_secret(SECRET), "PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.anyio
async def test_sample_takes_what_is_signed_and_refuses_the_rest(
    receiver: tuple[str, "subprocess.Popen[str]"],
) -> None:
    url, process = receiver
    now_s = int(time.time())
    good = signed_headers(SECRET, "msg_1", now_s, BODY)
    old = signed_headers(SECRET, "msg_2", now_s - 1_000, BODY)
    foreign = signed_headers(b"another", "msg_3", now_s, BODY)
    async with WebhookHttp(("127.0.0.1",), PATIENCE_S) as http:
        deadline = time.monotonic() + PATIENCE_S
        while (failure := await http.post(url, good, BODY)) is not None:
            assert failure.error == "no connection"
            assert time.monotonic() < deadline
        assert await http.post(url, good, BODY) is None
        for headers, body in ((old, BODY), (foreign, BODY), (good, BODY + b" ")):
            refused = await http.post(url, headers, body)
            assert refused is not None
            assert refused.error == "HTTP 401"
        assert await http.post(url, signed_headers(SECRET, "msg_4", now_s, BODY), BODY) is None
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(2)]
    assert said == ["document.edited {'document': 'notes', 'to': 3}\n"] * 2


def test_types_and_routes_are_those_of_the_code() -> None:
    from app.http.routes.webhooks import router
    from app.webhook.webhook_message import EVENT_TYPES, TEST_TYPE

    types = set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", PAGE, re.MULTILINE))
    assert types == {*EVENT_TYPES, TEST_TYPE}
    told = set(re.findall(r"^\| `([A-Z]+) (/api/webhooks[^`]*)` \|", PAGE, re.MULTILINE))
    routed = {
        (method, getattr(route, "path", ""))
        for route in router.routes
        for method in getattr(route, "methods", ())
    }
    assert told == routed
    assert httpx.URL(f"http://x{router.prefix}").path == "/api/webhooks"
