"""A server with `--auth jwt`, and what programs and pages show it; no test is in here."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from joserfc import jwt
from joserfc.jwk import OctKey
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from tests.integration.fork_server import run_forked
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

SECRET: Final = "needle-of-the-application, 32 bytes and more"
ISSUER: Final = "https://wiki.example.org"
ENVIRONMENT: Final = {
    "QUIRE_AUTH": "jwt",
    "QUIRE_JWT_KEY": SECRET,
    "QUIRE_JWT_ISSUER": ISSUER,
    "QUIRE_TICKET_RETURN_S": "60",
}


def token(
    subject: str = "ada", grants: Mapping[str, str] | None = None, *, lasts_s: float = 600
) -> str:
    claims = {
        "iss": ISSUER,
        "aud": "quire",
        "sub": subject,
        "exp": int(time.time() + lasts_s),
        "name": subject.capitalize(),
        "quire": {"documents": grants or {}, "create": subject == "owner"},
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def ask(server: ServerProcess, method: str, path: str, **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as http:
        return http.request(method, server.url + path, **options)


def document(server: ServerProcess, name: str) -> str:
    """Make a document whose owner no test acts as; returns its name."""
    made = ask(
        server,
        "POST",
        "/api/documents",
        json={"name": name, "text": "Hello"},
        headers=bearer(token("owner", {name: "owner"})),
    )
    assert made.status_code == 201, made.text
    return name


def ticket(server: ServerProcess, secret: str, origin: str | None = None, **body: str) -> str:
    headers = bearer(secret) | ({} if origin is None else {"Origin": origin})
    answer = ask(server, "POST", "/api/tickets", headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    issued: str = answer.json()["ticket"]
    return issued


class Native:
    """A socket of `quire.v1`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def ask(self, **message: Any) -> dict[str, Any]:
        self._socket.send(msgspec.json.encode(message).decode())
        answer: dict[str, Any] = msgspec.json.decode(self._socket.recv(timeout=PATIENCE_S))
        return answer

    def closed_with(self) -> int | None:
        """Wait for the close; returns its code."""
        with suppress(ConnectionClosed):
            while True:
                self._socket.recv(timeout=PATIENCE_S)
        return self._socket.close_code


@contextmanager
def native(server: ServerProcess, origin: str | None = None) -> Iterator[Native]:
    headers = {} if origin is None else {"Origin": origin}
    with open_socket(server.ws_url, additional_headers=headers, proxy=None) as socket:
        yield Native(socket)


def enter_yjs(server: ServerProcess, name: str, query: str, **headers: str) -> int | None:
    """Open `/yjs/{name}`; returns None once it is served, else the code it is closed with."""
    url = f"ws://127.0.0.1:{server.port}/yjs/{name}?{query}"
    with open_socket(url, additional_headers=headers, proxy=None) as socket:
        try:
            while True:
                frame = socket.recv(timeout=PATIENCE_S)
                # A sync message: the document is joined.
                if isinstance(frame, bytes) and frame[0] == 0:
                    return None
        except ConnectionClosed:
            return socket.close_code


def quire(server: ServerProcess, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = run_forked(arguments, Path.cwd(), {**os.environ, **environment})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def api_token(server: ServerProcess, *flags: str, role: str = "editor") -> tuple[str, str]:
    """Create a token with the command; returns its secret and its id."""
    place = ("--database-url", server.database_url)
    code, out, err = quire(
        server, "token", "create", "--name", "Bot", "--role", role, *flags, *place
    )
    assert code == 0, err
    return out.strip(), err.split()[1]
