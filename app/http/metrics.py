"""The figures of one process in the text format of Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from app.app_state import State
from app.http.stream import EventStreams

if TYPE_CHECKING:
    from prometheus_client import Metric

_BUS_COUNTERS: Final = {
    "published": "Messages sent to other processes.",
    "dropped": "Messages to other processes that were not sent.",
    "received": "Messages received from processes, this one included.",
    "oversized": "Messages too large for the bus.",
    "reconnects": "Connections to Redis made again.",
}
_AUDIT_WAITING: Final = "Audit records that are not written yet."
_AUDIT_DROPPED: Final = "Audit records that were dropped, because the store took none for long."


class _Figures:
    """A collector of `prometheus_client`: it reads the figures when they are asked for."""

    def __init__(self, state: State, streams: EventStreams) -> None:
        self._state = state
        self._streams = streams

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        state = self._state
        draining = int(state.rooms.draining)
        yield GaugeMetricFamily("quire_rooms", "Documents held open.", len(state.rooms))
        yield GaugeMetricFamily("quire_sessions", "Open WebSockets.", len(state.sockets))
        yield GaugeMetricFamily("quire_event_streams", "Open event streams.", self._streams.count)
        yield GaugeMetricFamily("quire_draining", "1 while stopping.", draining)
        audit = state.backend.audit
        yield GaugeMetricFamily("quire_audit_waiting", _AUDIT_WAITING, audit.waiting)
        yield CounterMetricFamily("quire_audit_dropped", _AUDIT_DROPPED, audit.dropped)
        if state.bus is None:
            return
        yield GaugeMetricFamily("quire_bus_up", "1 while Redis answers.", int(state.bus.is_up))
        for name, text in _BUS_COUNTERS.items():
            value = getattr(state.bus.counters, name)
            yield CounterMetricFamily(f"quire_bus_{name}", text, value)


def encode_metrics(state: State, streams: EventStreams) -> tuple[bytes, str]:
    """Return the figures and their media type."""
    # Imported only here: a start need not wait for it.
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    from prometheus_client.registry import CollectorRegistry

    registry = CollectorRegistry()
    registry.register(_Figures(state, streams))
    return generate_latest(registry), CONTENT_TYPE_LATEST
