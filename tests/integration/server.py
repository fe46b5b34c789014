"""A real Quire server in a process of its own, for tests that need one; no test is in here.

    with ServerProcess(tmp_path) as server:
        httpx.get(f"{server.url}/readyz")
        server.kill9()
        server.start()          # the same port, the same database

Every method blocks until what it says has happened. From async tests, call those that take long
through `anyio.to_thread.run_sync`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import httpx

from tests.free_port import free_port
from tests.integration.fork_server import ForkedProcess, start_forked
from tests.patience import PATIENCE_S

_PATIENT: Final = {
    "QUIRE_AUTH_TIMEOUT_S": str(PATIENCE_S),
    "QUIRE_DATABASE_TIMEOUT_S": str(PATIENCE_S),
    "QUIRE_PING_TIMEOUT_S": str(PATIENCE_S),
    "QUIRE_SLOW_CONSUMER_TIMEOUT_S": str(PATIENCE_S),
}
"""So that a client which the machine holds up is not taken for a dead one."""
ROOT: Final = Path(__file__).resolve().parents[2]
_POLL_S: Final = 0.02
_PORT_ATTEMPTS: Final = 5


class ServerFailed(AssertionError):
    """The server did not do what a test asked of it; the message ends with what it logged."""


class ServerProcess:
    """`quire serve` on 127.0.0.1. `with` starts it, and leaves nothing of it running.

    Args:
        folder: where its database (unless `database_url` is given) and its log file go.
        arguments: more for the command line, such as `("--log-level", "debug")`.
        environment: more for its environment; `QUIRE_*` of the caller's is not passed on.
        ready_within_s: how long a start may take.
        is_forked: whether it comes from `fork_server`, which is quicker; None: unless it is to
            start processes itself. False where its
            memory is measured: a forked one comes to the pages of its libraries only later.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        port: int | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        ready_within_s: float = PATIENCE_S,
        is_forked: bool | None = None,
    ) -> None:
        self.database_url = database_url or f"sqlite+aiosqlite:///{folder / 'quire.db'}"
        self.log_path = folder / "server.log"
        self._folder = folder
        self._fixed_port = port is not None
        self._port = port or free_port()
        self._arguments = tuple(arguments)
        self._environment = dict(environment or {})
        self._ready_within_s = ready_within_s
        if is_forked is None:
            is_forked = "--workers" not in arguments
        self._is_forked = is_forked
        self._temporary: str | None = None
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._started_once = False

    # --- where it is ----------------------------------------------------------------------------

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, the same over restarts."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT/ws`"""
        return f"ws://127.0.0.1:{self._port}/ws"

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def held_bytes(self) -> int:
        """Of memory, by the process that runs now, without the files that it maps."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """All that it has written to stdout and stderr, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and wait until `/readyz` answers 200.

        Raises:
            ServerFailed: it ended, or was not ready in time.
        """
        assert not self.is_running, "the server runs already"
        attempts = 1 if self._fixed_port or self._started_once else _PORT_ATTEMPTS
        for attempt in range(attempts):
            self._spawn()
            try:
                self._wait_until_ready()
            except ServerFailed:
                self.kill9()
                # Somebody else may have taken the port since it was found free.
                if attempt + 1 == attempts or "in use" not in self.log():
                    raise
                self._port = free_port()
            else:
                self._started_once = True
                return

    def kill9(self) -> None:
        """End it at once, as a crash would, if it runs; returns when it is gone."""
        if self._process is not None:
            # The group, so that workers go too: a crash of the machine spares none of them.
            self._signal_group(signal.SIGKILL)
            self._process.wait()

    def terminate(self, within_s: float = PATIENCE_S) -> int:
        """Send SIGTERM and wait; returns the exit status.

        Raises:
            ServerFailed: it did not end in time (it is killed then).
        """
        assert self._process is not None, "the server was not started"
        self._process.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise ServerFailed(
                self._with_log(f"still running {within_s} s after SIGTERM")
            ) from None

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait until it ends by itself; returns the exit status.

        Raises:
            ServerFailed: it did not end in time.
        """
        assert self._process is not None, "the server was not started"
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise ServerFailed(self._with_log(f"still running after {within_s} s")) from None

    def restart(self) -> None:
        """Kill it as a crash would, and start it again on the same port and database."""
        self.kill9()
        self.start()

    def pause(self) -> None:
        """Stop it from running (SIGSTOP): its sockets stay open and silent."""
        self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on after `pause`."""
        self._signal_group(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill9()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    # --- how ------------------------------------------------------------------------------------

    def _spawn(self) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
        own = {"PYTHONPATH": str(ROOT)}
        if not self._is_forked:
            own["TMPDIR"] = self._temporary_folder()
        environment = {**inherited, **own, **_PATIENT, **self._environment}
        place = ("--host", "127.0.0.1", "--port", str(self._port))
        command = ["serve", *place, "--database-url", self.database_url, *self._arguments]
        # Not the checkout: no `.env` that lies there may change what is tested.
        folder = self._folder
        log: IO[bytes]
        with self.log_path.open("ab") as log:
            if self._is_forked:
                self._process = start_forked(command, folder, environment, log)
                return
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli.main", *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _temporary_folder(self) -> str:
        """Return where it may leave files behind: the sockets of workers, when it is killed.

        Not the folder of the test, whose path is too long for a socket's.
        """
        if self._temporary is None:
            self._temporary = tempfile.mkdtemp(prefix="quire-test-")
        return self._temporary

    def _wait_until_ready(self) -> None:
        process = self._process
        assert process is not None, "the server was not started"
        deadline = time.monotonic() + self._ready_within_s
        # Without the environment's proxies: the server is on this machine. Without TLS, so without
        # the certificates, which cost more to read than the requests.
        with httpx.Client(trust_env=False, verify=False, timeout=5.0) as http:
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    raise ServerFailed(self._with_log(f"ended with {process.returncode}"))
                try:
                    if http.get(f"{self.url}/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(_POLL_S)
        raise ServerFailed(self._with_log(f"not ready after {self._ready_within_s} s"))

    def _signal_group(self, number: signal.Signals) -> None:
        assert self._process is not None, "the server was not started"
        try:
            # Its own session, so its process group has its pid.
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _with_log(self, problem: str) -> str:
        return f"the server {problem}; its log ends with:\n{self.log()[-4000:]}"
