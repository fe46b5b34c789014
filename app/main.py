"""The application: its parts, wired, and their life."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.http import install
from app.identity import OpenGatekeeper
from app.settings import Settings
from app.state import State
from app.ws import Sockets
from storage.log import open_event_log
from storage.migrate import upgrade
from sync.message import PROTOCOL, ServerInfo
from sync.shells.rooms import Rooms


def quire_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("quire")
    except PackageNotFoundError:
        return "0"


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application for these settings; its lifespan opens the store and the rooms."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if settings.database_url.startswith("sqlite"):
            await upgrade(settings.database_url)
        log = open_event_log(settings.database_url)
        try:
            async with Rooms(
                log,
                settings.limits(),
                flush_interval_s=settings.flush_interval_ms / 1000,
                unload_after_s=settings.unload_after_s,
            ) as rooms:
                gatekeeper = OpenGatekeeper()
                server = ServerInfo("quire", quire_version(), PROTOCOL)
                sockets = Sockets(rooms, gatekeeper, settings, server)
                app.state.quire = State(settings, log, rooms, gatekeeper, sockets)
                sweeping = asyncio.create_task(sockets.sweep())
                try:
                    yield
                finally:
                    sweeping.cancel()
        finally:
            await log.aclose()

    app = _Application(
        title="Quire",
        version=quire_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    install(app, settings)
    return app


class _Application(FastAPI):
    """Sends WebSockets straight to where they are served; what HTTP needs costs memory and time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            state: State = self.state.quire
            await state.sockets(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
