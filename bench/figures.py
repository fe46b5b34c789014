"""Percentiles, and the printed form of a measurement."""

import json
from collections.abc import Sequence
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of unsorted values; 0 if there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latencies_ms(values: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the worst of latencies in seconds, as milliseconds."""
    return {
        "p50_ms": round(percentile(values, 0.50) * 1000, 2),
        "p99_ms": round(percentile(values, 0.99) * 1000, 2),
        "max_ms": round(max(values, default=0.0) * 1000, 2),
    }


def show(result: dict[str, Any]) -> None:
    """One JSON line."""
    print(json.dumps(result), flush=True)
