"""The requests to webhooks, whose library is imported for the first of them."""

import asyncio
import subprocess
import sys

import pytest

from app.webhook.address_guard import AddressRefused
from app.webhook.webhook_door import LateWebhookDoor

LATE = {"httpx", "alembic", "mako", "boto3", "redis", "authlib"}


def test_start_imports_no_library_that_a_server_may_never_need() -> None:
    """A quarter of a second each. Planted and caught: `webhook_http` imported at the start."""
    said = f"import sys, app.main; print(*sorted({LATE!r} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, text=True)
    assert ran.stdout.split() == []


def test_door_that_was_never_used_closes() -> None:
    async def close() -> None:
        async with LateWebhookDoor((), 1.0):
            pass

    asyncio.run(close())


def test_door_refuses_as_the_requests_do() -> None:
    async def ask() -> None:
        async with LateWebhookDoor((), 5.0) as door:
            failure = await door.post("https://127.0.0.1/hook", {}, b"{}")
            assert failure is not None
            assert "refused" in failure.error
            with pytest.raises(AddressRefused):
                await door.require_reachable("https://127.0.0.1/hook")

    asyncio.run(ask())
