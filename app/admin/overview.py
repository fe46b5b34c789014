"""The overview of a server for its operators: what each process has open, as values."""

from collections.abc import Iterable, Sequence
from heapq import nlargest
from typing import Final

import msgspec
from msgspec import Struct

MAX_SHOWN: Final = 20
"""Documents and connections that are shown of all, at most."""
MAX_MARKED: Final = 200
"""Documents that are read-only, the latest to become so; more are not looked at."""


class Connection(Struct, frozen=True):
    """One WebSocket."""

    id: str
    dialect: str
    user: str
    """The name of its user; empty: nobody has proven anything yet."""
    documents: list[str]
    """A few of those that it has joined."""
    waiting_bytes: int
    is_lagging: bool


class OpenDocument(Struct, frozen=True, omit_defaults=True):
    """One document that a process has open."""

    name: str
    version: int
    members: int
    """Connections of that process, or of all."""
    chars: int
    is_read_only: bool = False
    """True if an operator has made it so; processes do not say. Absent in JSON if not."""


class ProcessOverview(Struct, frozen=True):
    """The connections and documents of one process, and its counts since the start."""

    name: str
    connections: dict[str, int]
    """By dialect."""
    documents: int
    events: int
    deliveries: int
    waiting_bytes: int
    lagging: int
    cut: int
    memory_bytes: int
    """0: the system does not say."""
    redis: bool | None
    """True while Redis answers; None: there is none."""
    refusals: dict[str, int]
    """By error code, since the start."""
    slowest: list[Connection]
    largest: list[OpenDocument]
    busiest: list[OpenDocument]


class Overview(Struct, frozen=True):
    """All processes behind one port."""

    processes: list[ProcessOverview]
    slowest: list[Connection]
    largest: list[OpenDocument]
    busiest: list[OpenDocument]
    refusals: dict[str, int]
    read_only: list[str] = []
    """Names of documents that an operator has made so, open or not."""


def encode_overview(overview: Overview | ProcessOverview) -> bytes:
    """Return an overview as JSON."""
    return msgspec.json.encode(overview)


def decode_process(data: bytes) -> ProcessOverview | None:
    """Return the overview of a process from JSON; None if it is none."""
    try:
        return msgspec.json.decode(data, type=ProcessOverview)
    except msgspec.MsgspecError:
        return None


def slowest_of(connections: Iterable[Connection]) -> list[Connection]:
    """Return the connections for which the most bytes wait, those that lag first."""
    return nlargest(MAX_SHOWN, connections, key=lambda each: (each.is_lagging, each.waiting_bytes))


def largest_of(documents: Iterable[OpenDocument]) -> list[OpenDocument]:
    """Return the documents with the longest texts."""
    return nlargest(MAX_SHOWN, documents, key=lambda each: (each.chars, each.name))


def busiest_of(documents: Iterable[OpenDocument]) -> list[OpenDocument]:
    """Return the documents with the most members."""
    return nlargest(MAX_SHOWN, documents, key=lambda each: (each.members, each.name))


def merge_overviews(processes: Sequence[ProcessOverview]) -> Overview:
    """Return the overview of all processes; members of one document in several are added up.

    A document whose members are few in each process may be missing among the busiest.
    """
    refusals: dict[str, int] = {}
    for process in processes:
        for code, count in process.refusals.items():
            refusals[code] = refusals.get(code, 0) + count
    return Overview(
        sorted(processes, key=lambda each: each.name),
        slowest_of(each for process in processes for each in process.slowest),
        largest_of(_together(each for process in processes for each in process.largest)),
        busiest_of(_together(each for process in processes for each in process.busiest)),
        refusals,
    )


def with_marks(overview: Overview, names: Sequence[str]) -> Overview:
    """Return an overview that says which documents are read-only.

    Args:
        names: those, the latest to become so first.
    """
    marked = frozenset(names)

    def shown(documents: Iterable[OpenDocument]) -> list[OpenDocument]:
        return [
            msgspec.structs.replace(each, is_read_only=each.name in marked) for each in documents
        ]

    return msgspec.structs.replace(
        overview,
        largest=shown(overview.largest),
        busiest=shown(overview.busiest),
        read_only=list(names[:MAX_SHOWN]),
    )


def _together(documents: Iterable[OpenDocument]) -> Iterable[OpenDocument]:
    found: dict[str, OpenDocument] = {}
    for each in documents:
        known = found.get(each.name)
        if known is None:
            found[each.name] = each
        else:
            newer = each if each.version > known.version else known
            members = each.members + known.members
            found[each.name] = msgspec.structs.replace(newer, members=members)
    return found.values()
