"""A TCP link between a browser and the server that a test can cut and mend."""

import contextlib
import selectors
import socket
import threading
from typing import Final

_CHUNK: Final = 65_536


class Link:
    """Forwards a port of 127.0.0.1 to another. `with` starts it and ends it.

    Cut, it drops every connection and refuses new ones. Silent, it takes connections and bytes and
    passes nothing on, as a network does that has lost its route.
    """

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.Lock()
        self._is_cut = False
        self._is_silent = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Link":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join()
        self._drop_all()
        self._listener.close()
        self._selector.close()

    def cut(self) -> None:
        """Drop every connection; refuse new ones until `mend`."""
        with self._lock:
            self._is_cut = True
            self._drop_all()

    def fall_silent(self) -> None:
        """Keep connections open and lose what they carry, until `mend`."""
        with self._lock:
            self._is_silent = True

    def mend(self) -> None:
        """Forward again. What was lost stays lost: connections of the silent time are dropped."""
        with self._lock:
            if self._is_silent:
                self._drop_all()
            self._is_cut = self._is_silent = False

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(timeout=0.05):
                source = key.fileobj
                assert isinstance(source, socket.socket), "only sockets are registered"
                with self._lock:
                    if source is self._listener:
                        self._accept()
                    elif source in self._peers:
                        self._forward(source)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._is_cut:
            client.close()
            return
        try:
            server = socket.create_connection(self._target, timeout=2)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self._peers[client], self._peers[server] = server, client
        self._selector.register(client, selectors.EVENT_READ)
        self._selector.register(server, selectors.EVENT_READ)

    def _forward(self, source: socket.socket) -> None:
        try:
            data = source.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._drop(source)
        elif not self._is_silent:
            try:
                self._peers[source].sendall(data)
            except OSError:
                self._drop(source)

    def _drop(self, one: socket.socket) -> None:
        for end in (one, self._peers.pop(one)):
            self._peers.pop(end, None)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            end.close()

    def _drop_all(self) -> None:
        for end in list(self._peers):
            if end in self._peers:
                self._drop(end)
