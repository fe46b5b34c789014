"""A receiver of webhooks on loopback that fails as a test wants it to; no test is in here.

    with Receiver() as receiver:
        receiver.mode = "fail"
        ... receiver.url ... receiver.messages

It checks every signature, and drops doubles by their id, as receivers should.
"""

import base64
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct

from tests.free_port import free_port

_POLL_S: Final = 0.01


class Message(Struct, frozen=True):
    """A message that was taken."""

    id: str
    type: str
    data: dict[str, Any]


class Receiver:
    """See the module's docstring.

    Args:
        certificate: a file with a key and a certificate; None: without TLS.
    """

    def __init__(self, certificate: Path | None = None, *, host: str = "127.0.0.1") -> None:
        self.secret = ""
        self.signatures = 1
        """The number of signatures that a message is to have."""
        """That of the webhook; while it is empty, signatures are not checked."""
        self.answer: Callable[[Message], int] = lambda _: 204
        """The status for a message; 0: none for as long as the receiver runs."""
        self.location = ""
        self.messages: list[Message] = []
        """What was taken, without doubles."""
        self.doubles = 0
        self.requests = 0
        self.bodies: dict[str, bytes] = {}
        self.faults: list[str] = []
        """What no sender should do."""
        self._port = free_port()
        self._certificate = certificate
        self._host = host
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._is_over = threading.Event()

    @property
    def url(self) -> str:
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://{self._host}:{self._port}/hook"

    @property
    def taken(self) -> list[tuple[str, str]]:
        """The types of the messages that were taken, with their documents."""
        return [(each.type, each.data.get("document", "")) for each in self.messages]

    def start(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *_: object) -> None:
                return

        self._is_over.clear()
        server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        server.daemon_threads = True
        if self._certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self._certificate)
            # In the thread of its request: a handshake that fails is not the server's end.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._server = server
        threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True).start()

    def stop(self) -> None:
        """End; whoever asks finds nobody there."""
        if self._server is not None:
            self._is_over.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        said = json.loads(body)
        message = Message(handler.headers["webhook-id"], said["type"], said["data"])
        with self._lock:
            self.requests += 1
            self._check(handler, message, body)
            status = self.answer(message)
            if 200 <= status < 300:
                if any(each.id == message.id for each in self.messages):
                    self.doubles += 1
                else:
                    self.messages.append(message)
        if not status:
            self._is_over.wait()
            return
        handler.send_response(status)
        if self.location:
            handler.send_header("Location", self.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _check(self, handler: BaseHTTPRequestHandler, message: Message, body: bytes) -> None:
        if self.bodies.setdefault(message.id, body) != body:
            self.faults.append(f"{message.id} came with two contents")
        if not self.secret:
            return
        at = handler.headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{message.id}.{at}.".encode() + body
        signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        shown = handler.headers["webhook-signature"].split(" ")
        if len(shown) != self.signatures or f"v1,{signature}" not in shown:
            self.faults.append(f"{message.id} has a wrong signature")
        if abs(time.time() - int(at)) > 60:
            self.faults.append(f"{message.id} was signed at another time")
