"""A bucket that misbehaves: every fault is a store that fails, in bounded time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from storage.blobs.s3_blobs import S3Blobs
from storage.blobs.watched_blobs import WatchedBlobs
from sync.port import StoreError
from tests.patience import PATIENCE_S, SOON_S

pytestmark = pytest.mark.anyio

NAME = "a1" * 32
Operation = Callable[[S3Blobs], Awaitable[object]]
OPERATIONS: dict[str, Operation] = {
    "put": lambda blobs: blobs.put(NAME, b"image"),
    "read": lambda blobs: blobs.read(NAME),
    "delete": lambda blobs: blobs.delete(NAME),
    "names": lambda blobs: anext(blobs.names()),
}


def error(status: str, code: str, *headers: str) -> bytes:
    """An answer as S3 gives it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>"
    return answer(status, body.encode(), "Content-Type: application/xml", *headers)


def answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


class Bucket:
    """A server that gives one answer to every request; None: none at all."""

    def __init__(self, reply: bytes | None) -> None:
        self.reply = reply
        self.requests = 0
        self.may_end = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        if self.reply is None:
            await self.may_end.wait()
        else:
            if b"expect" not in head.lower():
                writer.write(self.reply)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def bucket(reply: bytes | None) -> AsyncIterator[tuple[Bucket, str]]:
    made = Bucket(reply)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield made, f"s3://images?endpoint=http://127.0.0.1:{port}"
    finally:
        made.may_end.set()
        server.close()


FAULTS = {
    "key is refused": (error("403 Forbidden", "SignatureDoesNotMatch"), "SignatureDoesNotMatch"),
    "slow down": (error("503 Slow Down", "SlowDown", "Retry-After: 3600"), "does not answer"),
    "wrong region": (error("400 Bad Request", "AuthorizationHeaderMalformed"), "refused"),
    "moved": (error("301 Moved Permanently", "PermanentRedirect"), "refused"),
    "page of a proxy": (answer("502 Bad Gateway", b"<html>", "Content-Type: text/html"), "answer"),
    "no text": (answer("418 Teapot", b"\xff\xfe", "Content-Type: image/png"), "answer"),
    "broken XML": (answer("400 Bad", b"<Error", "Content-Type: application/xml"), "answer"),
    "nothing": (b"", "answer"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", "answer"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_fault_of_a_bucket_is_a_store_that_fails(fault: str, operation: str) -> None:
    reply, words = FAULTS[fault]
    async with bucket(reply) as (served, url), asyncio.timeout(PATIENCE_S):
        blobs = S3Blobs(url, "key", "secret")
        begun = time.monotonic()
        with pytest.raises(StoreError, match=words):
            await OPERATIONS[operation](blobs)
        assert time.monotonic() - begun < SOON_S
        assert 1 <= served.requests <= 6
        await blobs.aclose()


async def test_bucket_that_hangs_costs_a_bounded_wait_and_no_one_else() -> None:
    async with bucket(None) as (served, url), asyncio.timeout(PATIENCE_S):
        blobs = S3Blobs(url, "key", "secret", deadline_s=1.0)
        begun = time.monotonic()
        waiting = [asyncio.create_task(blobs.put(NAME, b"image")) for _ in range(40)]
        # Threads for everything else are free.
        await asyncio.gather(*(asyncio.to_thread(int) for _ in range(40)))
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {str(each) for each in outcomes} == {"the bucket of images does not answer in time"}
        assert time.monotonic() - begun < SOON_S
        assert 1 <= served.requests <= 8
        await blobs.aclose()


async def test_failing_store_is_told_until_it_answers_again() -> None:
    async with bucket(error("403 Forbidden", "AccessDenied")) as (served, url):
        blobs = WatchedBlobs(S3Blobs(url, "key", "secret"))

        def failing() -> bool:
            return blobs.is_failing

        assert not failing()
        with pytest.raises(StoreError):
            await blobs.put(NAME, b"image")
        assert failing()
        served.reply = error("404 Not Found", "NoSuchKey")
        assert await blobs.read(NAME) is None
        assert not failing()
        served.reply = b""
        with pytest.raises(StoreError):
            _ = [name async for name in blobs.names()]
        assert failing()
        await blobs.aclose()
