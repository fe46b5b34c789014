"""Servers and commands that start without importing all anew: each is forked off one that has.

Most of what a start of `quire serve` costs are its imports, and the tests start hundreds of
servers. `start_forked` has a process of its own run `app.cli.main` as `python -m` does. That it
was forked makes no difference to it: the process that it comes from has imported modules and done
nothing else; it has one thread, and no event loop. Both roles are in this file: the tests' half
comes first; `python -m tests.integration.fork_server` is the other.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from tests.patience import PATIENCE_S

_ROOT: Final = Path(__file__).resolve().parents[2]
_PROGRAM: Final = "app.cli.main"
_IMPORTED: Final = (
    _PROGRAM,
    "alembic.command",
    "app.logs.log_setup",
    "app.main",
    "app.server.quire_http",
    "app.server.serve",
    "sqlalchemy.ext.compiler",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
_MAX_REQUEST_BYTES: Final = 1 << 17
_MAX_STATUS_BYTES: Final = 64
_MOMENT_S: Final = 0.01


class ForkedProcess:
    """A process that was forked for the tests: as much of `subprocess.Popen` as they need."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid: Final = pid
        self.returncode: int | None = None
        self._channel = channel
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, `timeout` seconds at most; return the exit status, -N for signal N."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            # Others may wait too: none keeps the lock for longer than a moment.
            with self._lock:
                self._look()
            if deadline is not None and time.monotonic() >= deadline and self.returncode is None:
                raise subprocess.TimeoutExpired(_PROGRAM, timeout or 0)
        return self.returncode

    def _look(self) -> None:
        """Take its exit status, if it is there within a moment."""
        if self.returncode is None and select.select([self._channel], [], [], _MOMENT_S)[0]:
            told = self._channel.recv(_MAX_STATUS_BYTES)
            assert told, "the fork server has ended"
            self._channel.close()
            self.returncode = int(told)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


class _ForkServer:
    """The process that is forked; it ends with this one, and its forks with it."""

    def __init__(self) -> None:
        self._requests, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
        with served:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(served.fileno()), *_preparations],
                cwd=_ROOT,
                env={**inherited, "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[served.fileno()],
                start_new_session=True,
            )
        self._lock = threading.Lock()

    def start(self, request: Mapping[str, Any], files: Sequence[IO[bytes]]) -> ForkedProcess:
        channel, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with served, self._lock:
            message = json.dumps(request).encode()
            socket.send_fds(
                self._requests, [message], [served.fileno(), *(file.fileno() for file in files)]
            )
        return ForkedProcess(int(channel.recv(_MAX_STATUS_BYTES)), channel)

    def end(self) -> None:
        self._requests.close()
        self._process.wait()


_running: dict[int, _ForkServer] = {}
"""By the id of the process that started it: a fork of the tests has one of its own."""
_starting = threading.Lock()
_preparations: list[str] = []


def prepare_by(module: str) -> None:
    """Have a module imported by the process that is forked, unless it runs already.

    What it leaves in memory is there for every server: what each would do for itself is done once.
    """
    if module not in _preparations:
        _preparations.append(module)


def start_forked(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    *,
    errors: IO[bytes] | None = None,
    source: IO[bytes] | None = None,
) -> ForkedProcess:
    """Start `quire` in a session of its own.

    Args:
        arguments: for the command line, without the program's name.
        folder: its working directory.
        environment: all of its environment. What folders in its PYTHONPATH have as `sitecustomize`
            is run first.
        output: where it writes.
        errors: where it writes what goes to stderr; None: to `output`.
        source: what it reads; None: nothing.
    """
    with _starting:
        server = _running.get(os.getpid())
        if server is None:
            server = _running[os.getpid()] = _ForkServer()
            atexit.register(server.end)
    request = {"argv": arguments, "cwd": str(folder), "environment": dict(environment)}
    with open(os.devnull, "rb") as nothing:
        return server.start(request, [source or nothing, output, errors or output])


def run_forked(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], source: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of `quire` to its end; see `start_forked`."""
    with TemporaryFile() as read, TemporaryFile() as output, TemporaryFile() as errors:
        read.write(source)
        read.seek(0)
        process = start_forked(arguments, folder, environment, output, errors=errors, source=read)
        code = process.wait(PATIENCE_S)
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(list(arguments), code, output.read(), errors.read())


# --- the process that is forked -------------------------------------------------------------------


class _Forks:
    """Forks on request, and tells of each fork that has ended."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._channels: dict[int, socket.socket] = {}
        self._ended, self._ends = os.pipe()
        os.set_blocking(self._ends, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._ends, warn_on_full_buffer=False)

    def serve(self) -> dict[str, Any] | None:
        """Return a request in the process that was forked for it; None when there are no more."""
        requests = self._requests.fileno()
        while True:
            ready, _, _ = select.select([requests, self._ended], [], [])
            if self._ended in ready:
                os.read(self._ended, 4096)
                self._tell_ends()
            if requests not in ready:
                continue
            message, files, _, _ = socket.recv_fds(self._requests, _MAX_REQUEST_BYTES, 4)
            if not message:
                self._kill_all()
                return None
            channel, *streams = files
            if (pid := os.fork()) == 0:
                os.close(channel)
                self._become_fork(streams)
                request: dict[str, Any] = json.loads(message)
                return request
            for stream in streams:
                os.close(stream)
            self._channels[pid] = socket.socket(fileno=channel)
            self._channels[pid].send(str(pid).encode())

    def _become_fork(self, streams: Sequence[int]) -> None:
        """Give up all that is the fork server's; read and write these streams from here on."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for one in self._channels.values():
            one.close()
        self._channels.clear()
        self._requests.close()
        for descriptor, stream in enumerate(streams):
            os.dup2(stream, descriptor)
        for descriptor in (*streams, self._ended, self._ends):
            os.close(descriptor)

    def _tell_ends(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                with self._channels.pop(pid) as channel, suppress(OSError):
                    channel.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _kill_all(self) -> None:
        for pid in self._channels:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _serve(descriptor: int, preparations: Sequence[str]) -> None:
    for name in (*_IMPORTED, *preparations):
        import_module(name)
    assert threading.active_count() == 1, "threads do not survive a fork"
    # What is there stays: collections in the forks need not look at it, nor copy its pages.
    gc.collect()
    gc.freeze()
    request = _Forks(socket.socket(fileno=descriptor)).serve()
    if request is not None:
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv[1:] = request["argv"]
        for place in os.environ.get("PYTHONPATH", "").split(os.pathsep):
            if (custom := Path(place, "sitecustomize.py")).exists():
                runpy.run_path(str(custom))
        # Runs anew as the program; what it has imported stays.
        del sys.modules[_PROGRAM]
        runpy.run_module(_PROGRAM, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2:])
