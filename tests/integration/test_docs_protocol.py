"""`docs/protocol.md` and the README's exchange say what a real server does and the code has."""

import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest

from sync.error import CLIENT_ACTIONS, ClientAction, ErrorCode
from sync.wire.message import (
    ClientMessage,
    Rejected,
    ServerMessage,
    decode_client,
    decode_server,
    encode,
)
from tests.integration.peer import Peer, open_socket
from tests.integration.server import ROOT, ServerProcess

PROTOCOL: Final = (ROOT / "docs" / "protocol.md").read_text()
README: Final = (ROOT / "README.md").read_text()
VECTORS: Final = ROOT / "tests" / "vectors" / "protocol.json"
VOLATILE: Final = frozenset({"session", "epoch", "at", "color", "state"})
"""Fields whose values differ from run to run; a sample shows one that could be."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("docs")) as process:
        yield process


class Stage:
    """Plays an exchange: sends what clients say, and holds what comes against the sample."""

    def __init__(self) -> None:
        self._real: dict[str, Any] = {}

    def spoken(self, sample: Any) -> Any:
        """A client's message, with this run's values for those that a sample stands for."""
        if isinstance(sample, dict):
            return {key: self.spoken(value) for key, value in sample.items()}
        if isinstance(sample, list):
            return [self.spoken(value) for value in sample]
        return self._real.get(sample, sample) if isinstance(sample, str) else sample

    def compare(self, sample: Any, real: Any, where: str, *, volatile: bool = False) -> None:
        assert type(sample) is type(real), f"{where}: {real!r} instead of {sample!r}"
        if isinstance(sample, dict):
            assert sample.keys() == real.keys(), f"{where}: {real}"
            for key, value in sample.items():
                varies = key in VOLATILE or self._varies(where, key)
                self.compare(value, real[key], f"{where}.{key}", volatile=varies)
        elif isinstance(sample, list):
            assert len(sample) == len(real), f"{where}: {real}"
            for number, (mine, other) in enumerate(zip(sample, real, strict=True)):
                self.compare(mine, other, f"{where}[{number}]")
        elif volatile:
            # What is equal in the sample is equal in this run.
            if not where.endswith((".update", ".state", ".at", ".version")):
                assert self._real.setdefault(sample, real) == real, where
        else:
            assert sample == real, where

    @staticmethod
    def _varies(where: str, key: str) -> bool:
        if key == "id":
            return where.endswith((".user", ".actor"))
        return (where in ("updates", "awareness") and key == "update") or where.endswith(".server")


async def play(server: ServerProcess, exchange: str) -> None:
    """Run an exchange of lines such as `Ana > {…}` and `Ana < {…}`."""
    stage = Stage()
    peers: dict[str, Peer] = {}
    async with AsyncExitStack() as sockets:
        for line in exchange.strip().splitlines():
            match = re.fullmatch(r"(?:(\w+) )?([<>]) (\{.*\})", line.strip())
            assert match is not None, line
            name, direction, body = match[1] or "", match[2], json.loads(match[3])
            if name not in peers:
                socket = await sockets.enter_async_context(open_socket(server))
                peers[name] = Peer(socket, "json")
            if direction == ">":
                await peers[name].send_frame(json.dumps(stage.spoken(body)))
            else:
                frame = await peers[name].socket.recv()
                stage.compare(body, json.loads(frame), body["type"])


def exchanges(page: str) -> list[str]:
    found: list[str] = re.findall(r"^```text exchange\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return found


@pytest.mark.anyio
async def test_the_exchange_in_the_protocol_page_happens(server: ServerProcess) -> None:
    (exchange,) = exchanges(PROTOCOL)
    await play(server, exchange)


@pytest.mark.anyio
async def test_the_exchange_in_the_readme_happens(server: ServerProcess) -> None:
    match = re.search(r"<!-- exchange -->(.*?)<!-- /exchange -->", README, re.DOTALL)
    assert match is not None, "the README has lost its exchange"
    lines = [line for line in match[1].splitlines() if re.match(r"    .*[<>] \{", line)]
    assert len(lines) > 6
    await play(server, "\n".join(lines))


# --- tables -------------------------------------------------------------------------------------


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = PROTOCOL.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert table is not None, heading
    lines = table[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("heading", "union"),
    [("Client to server", ClientMessage), ("Server to client", ServerMessage)],
)
def test_the_table_of_messages_has_every_type_and_field(heading: str, union: Any) -> None:
    documented = {}
    for kind, fields in rows(heading):
        # What stands in parentheses are values.
        spelled = re.findall(r"`(\w+)`(\??)", re.sub(r"\(.*?\)", "", fields))
        documented[kind.strip("`")] = {name: optional == "?" for name, optional in spelled}
    coded = {}
    for struct in get_args(union):
        fields_of = msgspec.structs.fields(struct)
        coded[struct.__struct_config__.tag] = {
            field.encode_name: not field.required for field in fields_of
        }
    assert documented == coded


def test_the_table_of_errors_is_the_one_in_the_code() -> None:
    assert [row[0].strip("`") for row in rows("Errors")] == [code.value for code in ErrorCode]


def test_the_table_of_close_codes_is_the_one_in_the_code() -> None:
    said = {
        "reconnect with jitter": ClientAction.RECONNECT,
        "reconnect with backoff": ClientAction.BACK_OFF,
        "get a new ticket, then reconnect": ClientAction.REAUTHENTICATE,
        "stop": ClientAction.STOP,
        "stop, tell the user": ClientAction.STOP,
    }
    assert {int(code): said[action] for code, _, action in rows("Closing")} == CLIENT_ACTIONS


# --- the vectors that the web client shares ------------------------------------------------------


def vectors() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(Path(VECTORS).read_text())
    return loaded


def test_every_shared_vector_is_a_message_and_survives_both_encodings() -> None:
    for vector in vectors():
        frame = json.dumps(vector["json"])
        for encoding in ("json", "msgpack"):
            if vector["direction"] == "client":
                message = decode_client(frame, "json")
                assert not isinstance(message, Rejected), (vector, message)
                again = decode_client(encode(message, encoding), encoding)
                assert again == message
            else:
                shown = decode_server(frame, "json")
                assert decode_server(encode(shown, encoding), encoding) == shown


def test_the_shared_vectors_have_every_type_of_message() -> None:
    for direction, union in (("client", ClientMessage), ("server", ServerMessage)):
        tags = {struct.__struct_config__.tag for struct in get_args(union)}
        found = {v["json"]["type"] for v in vectors() if v["direction"] == direction}
        assert found == tags
