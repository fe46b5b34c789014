"""Running the application: the listening socket, uvicorn, and a drain before it stops."""

import asyncio
import gc
import logging
import socket
import sys
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import multiprocess

from app.app_state import State
from app.identity.accounts.invitation import offer_ownership
from app.logs.log_setup import configure_logging
from app.main import create_app, prepare_database
from app.metrics.workers_folder import workers_folder
from app.server.linger import LingerLimits
from app.server.log_privacy import install_query_filter
from app.server.quire_websocket import QuireWebSocket
from app.server.timer_wheel import TimerWheel
from app.settings import Settings
from storage.store import open_store

_log = logging.getLogger(__name__)

_LEAST_USER_TIMEOUT_S: Final = 30.0
"""The shortest time after which the kernel drops a connection whose peer takes no bytes.

Without it a peer that does not read keeps its connection, and uvicorn's shutdown, for ever: a
keepalive timeout waits to flush first.
"""
_KEEP_ALIVE_S: Final = 75
"""The time that an idle HTTP connection is kept: longer than proxies keep theirs (nginx: 60 s).

Otherwise a proxy might send a request into one that is just being closed.
"""
_GC_THRESHOLD: Final = 10_000
"""Objects made since the last collection that cause one; Python's own is 700."""
_SWITCH_INTERVAL_S: Final = 0.0005
"""The time after which a busy event loop gives the interpreter to a thread; Python's own is 5 ms.

A thread that has committed waits for it, and with it everybody who is to be told.
"""
_WORKER_TIMEOUT_S: Final = 60
"""The longest silence or start of a worker; then it is replaced."""


class _Server(uvicorn.Server):
    """uvicorn, which on SIGTERM or SIGINT lets the application drain before it closes sockets."""

    def __init__(self, config: "_Config") -> None:
        super().__init__(config)
        self._settings = config.settings
        self._app = create_app(
            config.settings,
            database_is_ready=True,
            give_up=self._give_up,
            figures_folder=config.figures_folder,
        )
        config.app = self._app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self.has_failed = False
        """True if it ends because a part failed without which it breaks a promise."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        install_query_filter()
        await super().startup(sockets)
        # What is loaded by now stays. Looking through all of it again and again would stop the
        # loop for 50 ms each time; this way a full collection looks at what came since. Not after
        # a collection: it takes 75 ms, a seventh of a start, to find 0.2 MB of garbage.
        gc.freeze()
        # An update leaves no cycles, only objects that live for a moment: look for some less often.
        gc.set_threshold(_GC_THRESHOLD)
        gc.enable()
        sys.setswitchinterval(_SWITCH_INTERVAL_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        state: State | None = getattr(self._app.state, "quire", None)
        if self._loop is None or state is None or state.rooms.draining:
            super().handle_exit(sig, frame)
            return
        state.rooms.draining = True
        self._loop.call_soon_threadsafe(self._start_drain, state)

    def _start_drain(self, state: State) -> None:
        self._draining = asyncio.get_running_loop().create_task(self._drain(state))

    def _give_up(self, reason: str) -> None:
        """End at once: every socket is closed with 1012, and its client sends again elsewhere."""
        _log.critical("this process ends, since it cannot go on: %s", reason)
        self.has_failed = True
        state: State | None = getattr(self._app.state, "quire", None)
        if state is not None:
            state.rooms.draining = True
        # uvicorn looks at it ten times a second. No drain: it waits for what has failed.
        self.should_exit = True

    async def _drain(self, state: State) -> None:
        try:
            async with asyncio.timeout(self._settings.drain_s + 5):
                # First: while clients write on, it would never settle.
                state.sockets.stop_reading()
                await state.rooms.settle()
                await state.rooms.titles.refresh_all()
                await state.sockets.drain(self._settings.drain_s)
        except TimeoutError:
            _log.warning("some sockets did not close in time")
        except Exception:  # noqa: BLE001 - it is a task of its own
            _log.exception("the drain has failed")
        finally:
            # Not by `super().handle_exit`: uvicorn would raise the signal again once it has
            # stopped, and a clean drain would end with the status of a kill.
            self.should_exit = True


class _Config(uvicorn.Config):
    """The configuration of a serving process; sent to it when it is one of several."""

    def __init__(self, settings: Settings) -> None:
        linger = LingerLimits(total_s=settings.linger_s, max_bytes=settings.max_linger_bytes)
        # First: the base class asks for the log at once.
        self.settings = settings
        self.figures_folder: Path | None = None
        super().__init__(
            # Made in the process that serves, by its `_Server`.
            "app.main:create_app",
            host=settings.host,
            port=settings.port,
            log_config=None,
            log_level=settings.log_level,
            loop="auto",
            # uvicorn calls what it is given; it need not be a class.
            http=_http_protocol(linger),
            ws=partial(  # type: ignore[arg-type]
                QuireWebSocket,
                linger=linger,
                compresses=settings.compression == "on",
                wheel=TimerWheel(),
            ),
            ws_max_size=settings.max_message_bytes,
            ws_ping_interval=settings.ping_interval_s,
            ws_ping_timeout=settings.ping_timeout_s,
            ws_per_message_deflate=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=5,
            timeout_worker_healthcheck=_WORKER_TIMEOUT_S,
            server_header=False,
            proxy_headers=False,
            access_log=settings.log_level in ("debug", "trace"),
            workers=settings.workers,
        )

    def configure_logging(self) -> None:
        """Set up the log; uvicorn calls this in each process, workers included."""
        configure_logging(self.settings.log_format, self.settings.log_level)
        super().configure_logging()


def _http_protocol(linger: LingerLimits) -> Any:
    if find_spec("httptools") is None:
        # Not on Windows; uvicorn then takes h11.
        return "auto"
    from app.server.quire_http import QuireHttp

    return partial(QuireHttp, linger=linger)


class _Worker(multiprocess.Process):
    """One of several server processes, which drains as a single one does."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            assert isinstance(self.config, _Config), "workers are started by `run`"
            self._server = _Server(self.config)
        return self._server


async def _offer_ownership(settings: Settings, port: int) -> None:
    """Print the link with which the owner of a new installation becomes its first operator."""
    store = open_store(settings.database_url, timeout_s=settings.database_timeout_s)
    try:
        if await store.identity.count_operators():
            return
        issued = await offer_ownership(store.identity)
    finally:
        await store.aclose()
    if issued is None:
        text = (
            "the link that an earlier start has printed, or a new one: quire user invite --operator"
        )
    else:
        text = issued.url(replace(settings, port=port).public_root)
    # Not through the log, which other people and machines may read.
    print(f"This installation has no operator yet. To become it, once: {text}", file=sys.stderr)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the process's exit code.

    With several workers this process only watches over them: it starts those anew that end, and on
    SIGHUP replaces one after another.

    Raises:
        OSError: the address cannot be bound.
        StoreError: the database cannot be used as it is; the message says what to do.
    """
    configure_logging(settings.log_format, settings.log_level)
    # Not left to the application's start, whose failures uvicorn tells as tracebacks.
    asyncio.run(prepare_database(settings))
    config = _Config(settings)
    listening = config.bind_socket()
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Not before the application itself would give the reader up, and say so.
        user_timeout_s = max(_LEAST_USER_TIMEOUT_S, settings.slow_consumer_timeout_s)
        listening.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(user_timeout_s * 1000)
        )
    if settings.auth_mode == "accounts":
        asyncio.run(_offer_ownership(settings, listening.getsockname()[1]))
    if settings.workers > 1:
        # This one only watches; each worker starts with it on.
        gc.enable()
        # uvicorn has no other place to say what a worker is.
        multiprocess.Process = _Worker  # type: ignore[misc]
        with workers_folder() if hasattr(socket, "AF_UNIX") else nullcontext() as folder:
            config.figures_folder = folder
            multiprocess.Multiprocess(config, sockets=[listening]).run()
        return 0
    server = _Server(config)
    server.run(sockets=[listening])
    if server.has_failed:
        return 1
    return 0 if server.started else 3
