"""An HTTP server on loopback whose answers a test chooses: keys, metadata, tokens; no test here.

with Issuer() as issuer:
    issuer.answer("/keys", {"keys": [...]})
    ... issuer.url ... issuer.asked("/keys")
"""

import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct


class Asked(Struct, frozen=True):
    """One request to an issuer."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]]


class Answer(Struct, frozen=True):
    """The answer of an issuer."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = {}


Maker = Callable[[Asked], Answer]
_POLL_S: Final = 0.01


class Issuer:
    """See the module's docstring."""

    def __init__(self) -> None:
        self._makers: dict[str, Maker] = {}
        self._counts: Counter[str] = Counter()
        self.requests: list[Asked] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                issuer._handle(self)

            def do_POST(self) -> None:
                issuer._handle(self)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_S,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, content: Any) -> None:
        """Answer a path with JSON, or with what a function makes of a request."""
        if callable(content):
            self._makers[path] = content
        else:
            self._makers[path] = lambda _: Answer(json.dumps(content).encode())

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return self._counts[path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("content-length", "0"))
        form = parse_qs(handler.rfile.read(length).decode())
        headers = {name.lower(): value for name, value in handler.headers.items()}
        query = parse_qs(parts.query)
        asked = Asked(handler.command, parts.path, query, headers, form)
        self.requests.append(asked)
        self._counts[parts.path] += 1
        maker = self._makers.get(parts.path)
        answer = Answer(b"{}", 404) if maker is None else maker(asked)
        try:
            handler.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            # A client that has read enough goes away.
            return
