"""Figures in the text format of Prometheus."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from app.metrics.figure import Distribution, Figure, Snapshot

if TYPE_CHECKING:
    from prometheus_client import Metric


class _Figures:
    """A collector of `prometheus_client` for figures that are there already."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> "Iterator[Metric]":
        for figure in self._snapshot.figures:
            yield _family(figure)
        for spread in self._snapshot.distributions:
            yield _histogram(spread)


def encode_metrics(snapshot: Snapshot) -> tuple[bytes, str]:
    """Return the figures and their media type."""
    # Imported only here: a start need not wait for it.
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    from prometheus_client.registry import CollectorRegistry

    registry = CollectorRegistry()
    registry.register(_Figures(snapshot))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _family(figure: Figure) -> "Metric":
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    made = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = made(figure.name, figure.help, labels=figure.label_names)
    for each in figure.series:
        family.add_metric(each.labels, each.value)
    return family


def _histogram(spread: Distribution) -> "Metric":
    from prometheus_client.metrics_core import HistogramMetricFamily
    from prometheus_client.utils import floatToGoString

    bounds = [*map(floatToGoString, spread.bounds), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(spread.counts)), strict=True))
    return HistogramMetricFamily(spread.name, spread.help, buckets=buckets, sum_value=spread.sum)
