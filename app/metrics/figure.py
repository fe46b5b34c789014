"""Figures as values: those of one process, and how those of several become one."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

Kind = Literal["counter", "gauge"]
Merge = Literal["sum", "most", "least", "each"]
"""The gauge of several processes: their sum, the largest, the smallest, or one for each."""
PROCESS_LABEL: Final = "pid"


class Series(Struct, frozen=True, array_like=True):
    """One value of a figure."""

    labels: tuple[str, ...]
    """The values of its labels, in the order of their names."""
    value: float


class Figure(Struct, frozen=True):
    """A counter or a gauge, with a value for each set of labels."""

    name: str
    help: str
    kind: Kind
    series: list[Series]
    label_names: tuple[str, ...] = ()
    merge: Merge = "sum"


class Distribution(Struct, frozen=True):
    """A histogram."""

    name: str
    help: str
    bounds: tuple[float, ...]
    counts: list[int]
    """By class, not added up; the last one is above all bounds."""
    sum: float


class Snapshot(Struct, frozen=True):
    """All figures of one process at one moment."""

    pid: int
    figures: list[Figure]
    distributions: list[Distribution]


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return a snapshot as bytes."""
    return msgspec.msgpack.encode(snapshot)


def decode_snapshot(data: bytes) -> Snapshot | None:
    """Return a snapshot from bytes; None if it is none, cut off say."""
    try:
        return msgspec.msgpack.decode(data, type=Snapshot)
    except msgspec.MsgspecError:
        return None


def counter(
    name: str,
    help_: str,
    values: float | Iterable[tuple[str | tuple[str, ...], float]],
    *labels: str,
) -> Figure:
    """Return a counter: one value, or values with the values of their labels."""
    return Figure(name, help_, "counter", _series(values), labels)


def gauge(
    name: str,
    help_: str,
    values: float | Iterable[tuple[str | tuple[str, ...], float]],
    *labels: str,
    merge: Merge = "sum",
) -> Figure:
    """Return a gauge; see `counter`."""
    return Figure(name, help_, "gauge", _series(values), labels, merge)


def _series(values: float | Iterable[tuple[str | tuple[str, ...], float]]) -> list[Series]:
    if isinstance(values, (int, float)):
        return [Series((), values)]
    return [
        Series((labels,) if isinstance(labels, str) else labels, value) for labels, value in values
    ]


def merge_snapshots(living: Sequence[Snapshot], ended: Sequence[Snapshot] = ()) -> Snapshot:
    """Return the figures of several processes as those of one.

    Counters and histograms of processes that have ended stay, so that they never fall: what reads
    them takes a fall for a new start, and would count everything once more. Gauges of ended
    processes go.
    """
    merged: dict[str, Figure] = {}
    spreads: dict[str, Distribution] = {}
    for is_living, snapshots in ((True, living), (False, ended)):
        for snapshot in snapshots:
            for figure in snapshot.figures:
                if is_living or figure.kind == "counter":
                    _add_figure(merged, _for_all(figure, snapshot.pid))
            for spread in snapshot.distributions:
                _add_spread(spreads, spread)
    pid = living[0].pid if living else 0
    return Snapshot(pid, list(merged.values()), list(spreads.values()))


def _for_all(figure: Figure, pid: int) -> Figure:
    """Return a figure as one of many: labelled with its process, if each has its own."""
    if figure.merge != "each" or PROCESS_LABEL in figure.label_names:
        return figure
    return msgspec.structs.replace(
        figure,
        series=[Series((*each.labels, str(pid)), each.value) for each in figure.series],
        label_names=(*figure.label_names, PROCESS_LABEL),
    )


def _add_figure(merged: dict[str, Figure], figure: Figure) -> None:
    known = merged.get(figure.name)
    if known is None:
        merged[figure.name] = figure
        return
    values = {each.labels: each.value for each in known.series}
    for labels, value in ((each.labels, each.value) for each in figure.series):
        if labels not in values:
            values[labels] = value
        elif figure.merge == "most":
            values[labels] = max(values[labels], value)
        elif figure.merge == "least":
            values[labels] = min(values[labels], value)
        else:
            values[labels] += value
    series = [Series(labels, value) for labels, value in values.items()]
    merged[figure.name] = msgspec.structs.replace(known, series=series)


def _add_spread(spreads: dict[str, Distribution], spread: Distribution) -> None:
    known = spreads.get(spread.name)
    if known is None:
        spreads[spread.name] = spread
    elif known.bounds == spread.bounds:
        counts = [ours + theirs for ours, theirs in zip(known.counts, spread.counts, strict=True)]
        total = known.sum + spread.sum
        spreads[spread.name] = msgspec.structs.replace(known, counts=counts, sum=total)
