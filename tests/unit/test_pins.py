"""Libraries that code here knows from the inside: pinned exactly, and still as that code expects.

A failure says where to look before the pin may move.
"""

import inspect
import re
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.supervisors import multiprocess
from websockets.frames import apply_mask  # type: ignore[attr-defined]
from websockets.server import ServerProtocol

from app.server.lean_websocket import LeanWebSocket
from storage.table import secrets

ROOT = Path(__file__).resolve().parents[2]
PINNED = {
    "pycrdt": "sync/yjs/gate.py and replica.py, with tests/property and tests/vectors",
    "sqlalchemy": "storage/prepared.py",
    "uvicorn": "app/server/",
    "websockets": "app/server/quire_websocket.py and lean_websocket.py",
}


@pytest.mark.parametrize("name", sorted(PINNED))
def test_library_known_from_the_inside_is_pinned_and_installed(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [line for line in project["dependencies"] if line.startswith((f"{name}=", f"{name}["))]
    assert len(found) == 1, f"{name} is not pinned: {PINNED[name]} depend on its insides"
    assert found[0].partition("==")[2] == version(name), f"look at {PINNED[name]}"


def test_uvicorns_websocket_is_as_quire_websocket_expects() -> None:
    look = "look at app/server/quire_websocket.py"
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for name in (
        *("close_timer", "close_sent", "read_paused", "pending_ping_payload", "ping_sent_at"),
        *("pong_timer", "handshake_initiated", "handshake_complete", "queue", "conn"),
    ):
        assert f"self.{name}" in source, f"{name}: {look}"
    for method in ("handle_parser_exception", "keepalive_timeout", "schedule_ping", "run_asgi"):
        assert hasattr(WebSocketsSansIOProtocol, method), f"{method}: {look}"
    # The wait for the peer's end stands in for this timer.
    ending = inspect.getsource(WebSocketsSansIOProtocol.run_asgi)
    assert "if self.close_timer is None:\n            self.transport.close()" in ending, look


def test_attributes_of_uvicorns_websocket_are_slots() -> None:
    source = inspect.getsource(WebSocketsSansIOProtocol)
    attributes = set(re.findall(r"\bself\.(\w+)(?:: [^=\n]+)? = ", source))
    assert attributes >= {"queue", "transport", "conn"}
    ours = {name for kind in LeanWebSocket.__mro__ for name in getattr(kind, "__slots__", ())}
    assert attributes - {"conn"} <= ours, "look at app/server/lean_websocket.py: 1 kB a socket"


def test_uvicorns_http_is_as_quire_http_expects() -> None:
    look = "look at app/server/quire_http.py"
    assert "self.transport.close()" in inspect.getsource(RequestResponseCycle.send), look
    for method in ("on_message_begin", "on_message_complete", "on_response_complete"):
        assert hasattr(HttpToolsProtocol, method), f"{method}: {look}"
    begun = inspect.getsource(HttpToolsProtocol.on_headers_complete)
    assert "transport=self.transport" in begun, look


def test_uvicorns_supervisor_starts_the_process_that_serve_puts_there() -> None:
    source = inspect.getsource(multiprocess.Multiprocess)
    assert "Process(self.config" in source, "look at app/server/serve.py"


def test_websockets_is_as_the_server_expects() -> None:
    look = "look at app/server/quire_websocket.py"
    assert apply_mask(b"\x01\x02\x03", b"\x01\x01\x01\x01") == b"\x00\x03\x02", look
    for name in ("parser_exc", "close_sent", "send_close", "data_to_send"):
        assert hasattr(ServerProtocol(), name), f"{name}: {look}"


@pytest.mark.parametrize("kind", [sqlite.dialect, postgresql.asyncpg.dialect])
def test_sqlalchemy_names_the_order_of_parameters(kind: Callable[[], Any]) -> None:
    look = "look at storage/prepared.py"
    statement = select(secrets.c.value).where(secrets.c.name == bindparam("wanted"))
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=kind())
    assert tuple(getattr(compiled, "positiontup", None) or ()) == ("wanted",), look
