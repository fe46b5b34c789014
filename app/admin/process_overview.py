"""The overview of this process, read off its parts when an operator looks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.admin.overview import (
    Connection,
    OpenDocument,
    ProcessOverview,
    busiest_of,
    encode_overview,
    largest_of,
    slowest_of,
)
from app.app_state import State
from app.sockets import DIALECTS
from sync.error import CloseCode

_DOCUMENTS_SHOWN = 3
CLOSE = "close "
"""Begins the order to close a connection; its id follows."""
OVERVIEW = "overview"
_DONE = b"done"
CLOSED_BY_OPERATOR = "an operator has closed this connection"


def answer_operator(parts: Any, question: str) -> bytes:
    """Answer what another process, or this one, asks for an operator.

    Args:
        parts: `app.state` of the application.
        question: `OVERVIEW`, or `CLOSE` with the id of a connection.

    Returns:
        the overview as JSON; for a closed connection a word, and nothing if there is none.
    """
    state: State = parts.quire
    if question == OVERVIEW:
        return encode_overview(read_overview(state, parts.process_name))
    if question.startswith(CLOSE):
        return _DONE if _close(state, question.removeprefix(CLOSE)) else b""
    return b""


def read_overview(state: State, name: str) -> ProcessOverview:
    """Return the overview of this process."""
    meter, connections = state.rooms.meter, list(_connections(state))
    counts = dict.fromkeys(map(str, DIALECTS.values()), 0)
    for each in connections:
        counts[each.dialect] += 1
    documents = [
        OpenDocument(room.name, room.version, len(room.members), len(room.text))
        for room in state.rooms
    ]
    return ProcessOverview(
        name=name,
        connections=counts,
        documents=len(documents),
        events=meter.events,
        deliveries=meter.deliveries,
        waiting_bytes=sum(each.waiting_bytes for each in connections),
        lagging=sum(each.is_lagging for each in connections),
        cut=meter.cut,
        memory_bytes=_memory_bytes(),
        redis=None if state.bus is None else state.bus.is_up,
        refusals=dict(meter.refusals),
        slowest=slowest_of(connections),
        largest=largest_of(documents),
        busiest=busiest_of(documents),
    )


def _connections(state: State) -> Iterator[Connection]:
    for socket in state.sockets:
        waiting = socket.outbox.bytes
        documents = [each.room.name for each in socket.attendances()]
        yield Connection(
            socket.id,
            DIALECTS[type(socket)],
            "" if socket.user is None else socket.user.name,
            documents[:_DOCUMENTS_SHOWN],
            waiting,
            bool(waiting) and socket.is_lagging,
        )


def _close(state: State, session: str) -> bool:
    for socket in state.sockets:
        if socket.id == session:
            socket.end(CloseCode.NOT_ALLOWED, CLOSED_BY_OPERATOR)
            return True
    return False


def _memory_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
