"""Requests to webhooks, on real sockets: where they go, and what of an answer counts."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from app.webhook.address_guard import AddressRefused
from app.webhook.delivery_plan import Failure
from app.webhook.webhook_http import MAX_ANSWER_BYTES, WebhookHttp, retry_after_ms
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

LOCAL = ("127.0.0.0/8",)
Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A TCP server on loopback that counts who connects to it."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0
        self.request = b""


@asynccontextmanager
async def listening(answer: bytes | Handle) -> AsyncIterator[Listener]:
    listener = Listener()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.connections += 1
        listener.request = await reader.readuntil(b"\r\n\r\n")
        try:
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await server.wait_closed()


async def post(
    url: str, *, allowed: tuple[str, ...] = LOCAL, timeout_s: float = PATIENCE_S
) -> Failure | None:
    async with WebhookHttp(allowed, timeout_s) as http:
        return await http.post(url, {"webhook-id": "msg_1"}, b"{}")


async def test_message_is_posted_to_the_address_with_its_own_name() -> None:
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as listener:
        assert await post(f"http://localhost:{listener.port}/hook?key=1") is None
    head = listener.request.decode().lower().split("\r\n")
    assert head[0] == "post /hook?key=1 http/1.1"
    assert f"host: localhost:{listener.port}" in head
    assert "webhook-id: msg_1" in head
    assert "content-type: application/json" in head


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f.1",
        "169.254.169.254",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_address_of_the_inside_is_never_connected_to(host: str, scheme: str) -> None:
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as listener:
        failure = await post(f"{scheme}://{host}:{listener.port}/", allowed=())
        assert failure is not None
        assert failure.error.startswith("refused: ")
        async with WebhookHttp((), 5.0) as http:
            with pytest.raises(AddressRefused):
                await http.require_reachable(f"{scheme}://{host}:{listener.port}/")
    assert listener.connections == 0


async def test_name_is_resolved_once_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that answers otherwise the second time leads nowhere else."""
    resolve = socket.getaddrinfo
    asked: list[str] = []

    def rebinding(host: str, port: int, *args: object, **options: object) -> object:
        if host != "rebinding.example":
            return resolve(host, port)
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as listener:
        url = f"http://rebinding.example:{listener.port}/"
        assert await post(url, allowed=("127.0.0.1/32",)) is None
        assert (len(asked), listener.connections) == (1, 1)
        refused = await post(url, allowed=("127.0.0.1/32",))
    assert refused is not None
    assert "127.0.0.2" in refused.error
    assert listener.connections == 1


async def test_answer_is_bounded_in_time() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-more: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(drip) as listener:
        failure = await post(f"http://127.0.0.1:{listener.port}/", timeout_s=0.3)
    assert failure == Failure("no answer within 0.3 s")


async def test_answer_is_bounded_in_bytes_and_its_text_is_not_told() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            writer.write(b"the secret of the inside" * 1_000)
            await writer.drain()
            sent += 24_000

    async with listening(flood) as listener:
        assert await post(f"http://127.0.0.1:{listener.port}/") is None
    # What the sockets hold comes on top.
    assert sent < MAX_ANSWER_BYTES + (16 << 20)
    head = b"HTTP/1.1 500 the-secret\r\nContent-Length: 10\r\n\r\nthe secret"
    for answer in (head, b"the secret is no HTTP\r\n\r\n", b""):
        async with listening(answer) as listener:
            failure = await post(f"http://127.0.0.1:{listener.port}/")
        assert failure is not None
        assert "secret" not in failure.error


async def test_status_and_retry_after_count() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with listening(answer) as listener:
        failure = await post(f"http://127.0.0.1:{listener.port}/")
    assert failure == Failure("HTTP 503", retry_after_ms=7_000)


def test_retry_after_is_read_in_both_forms() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert retry_after_ms("120", now) == 120_000
    assert retry_after_ms("Sun, 29 Nov 2026 12:01:00 GMT", now) == 60_000
    assert retry_after_ms("Sun, 29 Nov 2026 11:00:00 GMT", now) == 0
    for useless in ("", "soon", "-5", "1e9", "٣", "Sun, 29 Nov 2026 12:01:00"):
        assert retry_after_ms(useless, now) == 0
    assert retry_after_ms("9" * 400, now) == 7 * 86_400_000
