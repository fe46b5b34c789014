"""Frames that come with the upgrade request, in one segment: none is lost.

RFC 6455 (section 4.1) has a client wait for the answer. One that does not wait, or a proxy that
joins what came in pieces, loses nothing all the same: a frame that is left out is an edit that is
never acknowledged, and half a frame would make the rest unreadable.
"""

import socket
from collections.abc import Iterator

import msgspec
import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.p7]

AUTH = b'{"type":"auth","name":"Ana"}'
PING = b'{"type":"ping"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server")) as running:
        yield running


def text_frame(payload: bytes) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


def answers(server: ServerProcess, early: bytes, late: bytes, count: int) -> list[str]:
    """Return the types of the messages that answer frames.

    Args:
        early: sent in one segment with the request.
        late: sent once the request is answered.
    """
    client = ClientProtocol(parse_uri(server.ws_url))
    client.send_request(client.connect())
    found: list[str] = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as peer:
        peer.sendall(b"".join(client.data_to_send()) + early)
        while len(found) < count:
            data = peer.recv(65_536)
            assert data, f"the connection ended after {found}"
            client.receive_data(data)
            for event in client.events_received():
                if isinstance(event, Response):
                    assert client.handshake_exc is None
                    peer.sendall(late)
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    found.append(msgspec.json.decode(event.data)["type"])
    return found


def test_frames_that_come_with_the_request_are_answered(server: ServerProcess) -> None:
    early = text_frame(AUTH) + text_frame(PING)
    assert answers(server, early, text_frame(PING), 3) == ["auth_ok", "pong", "pong"]


@pytest.mark.parametrize("length", [1, 3, 20])
def test_half_a_frame_that_comes_with_the_request_is_completed(
    server: ServerProcess, length: int
) -> None:
    frame = text_frame(AUTH)
    late = frame[length:] + text_frame(PING)
    assert answers(server, frame[:length], late, 2) == ["auth_ok", "pong"]


def test_large_frame_that_comes_with_the_request_is_read(server: ServerProcess) -> None:
    large = text_frame(PING + b" " * 40_000)
    early = text_frame(AUTH) + large
    assert answers(server, early, large, 3) == ["auth_ok", "pong", "pong"]


def test_refused_request_leaves_what_came_with_it_unread(server: ServerProcess) -> None:
    request = (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as peer:
        peer.sendall(request.encode() + text_frame(AUTH))
        assert peer.recv(65_536).startswith(b"HTTP/1.1 400 ")
