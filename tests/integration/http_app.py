"""The whole application on a real SQLite file, asked over ASGI without sockets; no test is here."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from starlette.types import Message

from app.app_state import State
from app.main import create_app
from app.settings import Settings
from tests.patience import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Application:
    """A running application, and a client of it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def state(self) -> State:
        """Its parts, to bring about what no request can."""
        state: State = self.app.state.quire
        return state

    async def create(self, name: str = "notes", text: str = "") -> dict[str, Any]:
        """Create a document."""
        return await self.ok("POST", "/api/documents", json={"name": name, "text": text})

    async def edit(self, name: str, base: int | None, *ops: dict[str, Any]) -> dict[str, Any]:
        """Edit a document."""
        body = {"base": base, "ops": list(ops)}
        return await self.ok("POST", f"/api/documents/{name}/edits", json=body)

    async def text(self, name: str, version: int | None = None) -> str:
        """The text of a document."""
        query = {} if version is None else {"version": version}
        response = await self.http.get(f"/api/documents/{name}/text", params=query)
        assert response.status_code == 200, response.text
        return response.text

    async def ok(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The JSON of an answer that must be a success."""
        response = await self.http.request(method, path, **options)
        assert response.is_success, f"{response.status_code}: {response.text}"
        body: dict[str, Any] = response.json()
        return body

    async def refused(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """The status and code of an answer that must be a problem document."""
        response = await self.http.request(method, path, **options)
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["detail"]
        assert problem["type"] == f"urn:quire:problem:{problem['code']}"
        return response.status_code, problem["code"]


@asynccontextmanager
async def application(folder: Path, **settings: Any) -> AsyncIterator[Application]:
    """Run an application whose database lies in `folder`."""
    url = f"sqlite+aiosqlite:///{folder / 'quire.db'}"
    app = create_app(Settings(database_url=url, **settings))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://quire.test") as http,
    ):
        yield Application(app, http)


@dataclass(frozen=True, slots=True)
class Told:
    """One event of an event stream."""

    id: int
    event: str
    data: dict[str, Any]


class EventStream:
    """A client of an event stream: `async with` opens and leaves it."""

    def __init__(
        self,
        app: FastAPI,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        address: str = "127.0.0.1",
    ) -> None:
        bare, _, query = path.partition("?")
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": bare,
            "raw_path": bare.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "client": (address, 1),
            "server": ("quire.test", 80),
        }
        self._app = app
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._left = asyncio.Event()
        self._asked = False
        self._buffer = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.blocks: list[str] = []
        """All that was sent, in blocks, comments included."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._app(self._scope, self._receive, self._sent.put))
        async with asyncio.timeout(PATIENCE_S):
            start = await self._sent.get()
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        async with asyncio.timeout(PATIENCE_S):
            await self._task

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def next(self) -> Told | None:
        """The next event; None at the end of the stream."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                block = await self._block()
                if block is None:
                    return None
                fields = dict(line.split(": ", 1) for line in block.split("\n") if line[0] != ":")
                if "data" in fields:
                    return Told(int(fields["id"]), fields["event"], json.loads(fields["data"]))

    async def skip(self) -> None:
        """Wait for the next block, whatever it is."""
        async with asyncio.timeout(PATIENCE_S):
            await self._block()

    async def _block(self) -> str | None:
        while b"\n\n" not in self._buffer:
            message = await self._sent.get()
            self._buffer += message.get("body", b"")
            if not message.get("more_body", False) and b"\n\n" not in self._buffer:
                return None
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        self.blocks.append(block.decode())
        return self.blocks[-1]
