"""A writer of `quire.v1` whose membership the server ends while edits of it are under way."""

from typing import Any

import pytest

from bench.websocket import encode
from lab.crash.document_record import DocumentRecord
from lab.crash.native_writer import TextEventWriter


def _joined(*, is_recovered: bool) -> bytes:
    return encode(
        type="joined",
        doc="notes",
        version=3,
        epoch="e",
        text="abc",
        recovered=is_recovered,
        members=[],
    )


class Wire:
    """Takes what a writer sends."""

    is_open = True

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, payload: bytes) -> None:
        self.sent.append(payload)


def _error(code: str, *, is_retryable: bool, **fields: Any) -> bytes:
    return encode(
        type="error", doc="notes", code=code, message="", retryable=is_retryable, **fields
    )


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def writer(wire: Wire, problems: list[str]) -> TextEventWriter:
    made = TextEventWriter("notes", "ana", 1, DocumentRecord(), problems)
    made.connection = wire  # type: ignore[assignment]
    made._receive(_joined(is_recovered=False), 0.0)
    made._write()
    return made


def test_a_closed_room_is_joined_again_and_gets_the_edits_again(
    writer: TextEventWriter, wire: Wire, problems: list[str]
) -> None:
    (edit,) = wire.sent
    writer._receive(_error("store_unavailable", is_retryable=True), 0.0)
    writer._receive(_error("not_joined", is_retryable=False, id="ana.1"), 0.0)
    assert not writer._ready.is_set()
    writer._resume()
    assert wire.sent[1] == encode(type="join", doc="notes", mode="text", since=3, epoch="e")
    writer._receive(_joined(is_recovered=True), 0.0)
    assert wire.sent[2:] == [edit]
    assert not problems


def test_an_edit_refused_as_not_joined_is_a_problem_unless_the_server_said_so_before(
    writer: TextEventWriter, problems: list[str]
) -> None:
    writer._receive(_error("store_unavailable", is_retryable=True, id="ana.1"), 0.0)
    writer._receive(_error("not_joined", is_retryable=False, id="ana.1"), 0.0)
    assert len(problems) == 1
