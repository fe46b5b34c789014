"""A WebSocket to an application in this process, asked over ASGI; no test is in here."""

import asyncio
import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from fastapi import FastAPI
from starlette.types import Message

from tests.patience import PATIENCE_S

_BYTES: Final = frozenset({"update", "state", "state_vector"})


class SocketClosed(Exception):
    """The server has closed the socket."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class AsgiSocket:
    """A client of one socket: `async with` opens and leaves it.

    Args:
        address: a path, perhaps with a query.
    """

    def __init__(
        self,
        app: FastAPI,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        client: str = "127.0.0.1",
    ) -> None:
        path, _, query = address.partition("?")
        named = {"Host": "quire.test", **(headers or {})}
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in named.items()],
            "subprotocols": [],
            "client": (client, 1),
            "server": ("quire.test", 80),
        }
        self._app = app
        self._to_server: asyncio.Queue[Message] = asyncio.Queue()
        self._to_client: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        await self._to_server.put({"type": "websocket.connect"})
        self._task = asyncio.create_task(
            self._app(self._scope, self._to_server.get, self._to_client.put)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._to_server.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE_S):
            await self._task

    async def send(self, frame: bytes | str) -> None:
        """Send one frame."""
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self._to_server.put({"type": "websocket.receive", kind: frame})

    async def receive(self) -> bytes | str:
        """The next frame.

        Raises:
            SocketClosed: there is none.
        """
        async with asyncio.timeout(PATIENCE_S):
            message = await self._to_client.get()
            if message["type"] == "websocket.accept":
                message = await self._to_client.get()
        if message["type"] == "websocket.close":
            raise SocketClosed(message["code"], message.get("reason") or "")
        frame: bytes | str | None = message.get("bytes")
        if frame is not None:
            return frame
        text: bytes | str = message["text"]
        return text

    async def closed_with(self) -> int:
        """Read to the end; returns the code of the close."""
        try:
            while True:
                await self.receive()
        except SocketClosed as closed:
            return closed.code

    # --- quire.v1 ---------------------------------------------------------------------------------

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a message of `quire.v1.json`."""
        await self.send(msgspec.json.encode({"type": kind, **fields}).decode())

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message of `quire.v1.json` that is of one of these types."""
        while True:
            message: dict[str, Any] = msgspec.json.decode(await self.receive())
            if message["type"] in kinds:
                for field in _BYTES & message.keys():
                    message[field] = base64.b64decode(message[field])
                return message

    async def barrier(self) -> list[dict[str, Any]]:
        """Wait until all that was sent is read; returns what came meanwhile."""
        await self.say("ping", nonce="barrier")
        heard: list[dict[str, Any]] = []
        while True:
            message: dict[str, Any] = msgspec.json.decode(await self.receive())
            if message["type"] == "pong":
                return heard
            heard.append(message)
