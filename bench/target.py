"""The target of each measurement, by the wall clock, and whether it was reached."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

AT_MOST: Final[Mapping[str, Mapping[str, float]]] = {
    "room": {"delivery_wall.p50_ms": 10, "delivery_wall.p99_ms": 50, "server_cores": 1},
    "rooms": {"delivery_wall.p99_ms": 50, "server_cores": 1},
    "opening": {"first_state_after_restart_ms": 100, "read_any_version_wall.max_ms": 50},
    "page": {
        f"{view}.{place}.{figure}": most
        for view in ("edit", "both")
        for place in ("start", "middle")
        for figure, most in (
            ("handling_p95_ms", 16),
            ("paint_p95_ms", 33),
            ("longest_task_ms", 50),
        )
    }
    | {"opening.first_text_ms": 1_000, "opening.first_load_kb": 350},
    "device": {"first_text_ms": 500},
    "disk": {"bytes_per_event": 120},
    "history": {
        f"{name}.{figure}": most
        for name in ("seph_blog1", "friendsforever", "synthetic")
        for figure, most in (
            ("bytes_per_event", 6),
            ("without_ids_and_updates", 3),
            ("text_p99_ms", 20),
            ("open_ms", 30),
        )
    },
    "compaction": {
        "p99_ratio": 1.05,
        "any_version.p99_ms": 20,
        "cold_open_ms": 30,
    },
    "authors": {"head_cold.wall_ms": 100, "after_an_edit.wall_ms": 5},
    "idle": {"kb_per_client": 10},
    "first_load": {"compressed_kb": 350},
    "preview": {"open_1_mb_first_text_ms": 1_000, "edit_500_kb_ms": 50, "long_tasks": 0},
    "playback": {"handled.p95_ms": 50, "painted.p95_ms": 50},
    "start": {"warm_s": 0.8, "cold_s": 2.0},
    "search": {"slowest_p50_ms": 50},
    "silent": {"p99_ratio": 1.5, "memory_share_of_outbox": 1, "gone_after_s": 20},
    "storm": {
        "quire.peak_joins_per_s": 1_000,
        "quire.all_back_after_start_s": 60,
        "pages.joined_after_return_s.p95": 3,
    },
    "processes": {"crossing.delivery_wall.p50_ms": 15},
    "rolling": {"away_wall.p99_ms": 2_000},
}
AT_LEAST: Final[Mapping[str, Mapping[str, float]]] = {
    "idle": {"joins_per_s": 1_500},
    "history": {
        f"{name}.encoded_events_per_s": 200_000
        for name in ("seph_blog1", "friendsforever", "synthetic")
    },
    "room": {"delivered_percent": 100},
    "rooms": {"delivered_percent": 100},
    "pipeline": {"durable_updates_per_s_wall": 10_000},
    "processes": {"crossing.delivered_percent": 100, "full.delivered_percent": 100},
}


class Verdict(NamedTuple):
    """A figure beside its target."""

    path: str
    figure: float
    sign: str
    target: float

    @property
    def is_met(self) -> bool:
        return self.figure <= self.target if self.sign == "<=" else self.figure >= self.target


def verdicts(name: str, result: Mapping[str, Any]) -> list[Verdict]:
    """The figures of a measurement that have a target."""
    above = [
        Verdict(path, _worst(result, path), "<=", most)
        for path, most in AT_MOST.get(name, {}).items()
    ]
    below = [
        Verdict(path, _worst(result, path), ">=", least)
        for path, least in AT_LEAST.get(name, {}).items()
    ]
    return above + below


def missed(name: str, result: Mapping[str, Any]) -> list[str]:
    """The targets of a measurement that its result does not meet, each in a few words."""
    signs = {"<=": ">", ">=": "<"}
    return [
        f"{each.path} {each.figure} {signs[each.sign]} {each.target}"
        for each in verdicts(name, result)
        if not each.is_met
    ]


def _worst(result: Mapping[str, Any], path: str) -> float:
    """The figure at a dotted path; of several, the highest."""
    found: Any = result
    for key in path.split("."):
        found = found[key]
    return float(max(found) if isinstance(found, list) else found)
