"""`/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus."""

from typing import Final

from fastapi import APIRouter, Response

from app.http.access import StateOf, problems
from app.http.schema import Health
from app.http.stream import StreamsOf
from sync.error import ErrorCode, QuireError

router = APIRouter(tags=["server"])

_BUS_COUNTERS: Final = {
    "published": "Messages sent to other processes.",
    "dropped": "Messages to other processes that were not sent.",
    "received": "Messages heard from processes, this one included.",
    "oversized": "Messages too large for the bus.",
    "reconnects": "Connections to Redis made again.",
}


@router.get("/healthz")
async def report_health() -> Health:
    """Whether the process runs."""
    return Health(status="ok")


@router.get("/readyz", responses=problems())
async def report_readiness(state: StateOf) -> Health:
    """Whether requests should be sent here: edits can be stored and the server is not stopping.

    `degraded` is ready too: Redis does not answer, so that what other processes write is seen
    later, at the next check of the log.
    """
    if state.rooms.draining:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server is stopping.", retryable=True)
    trouble = await state.readiness.trouble()
    if trouble is not None:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, trouble, retryable=True)
    is_alone = state.bus is not None and not state.bus.is_up
    return Health(status="degraded" if is_alone else "ready")


@router.get("/metrics", response_class=Response)
async def report_metrics(state: StateOf, streams: StreamsOf) -> Response:
    """Figures in the text format of Prometheus."""
    lines = [
        *_metric("quire_rooms", "gauge", "Documents held open.", len(state.rooms)),
        *_metric("quire_sessions", "gauge", "Open WebSockets.", len(state.sockets)),
        *_metric("quire_event_streams", "gauge", "Open event streams.", streams.count),
        *_metric("quire_draining", "gauge", "1 while stopping.", int(state.rooms.draining)),
    ]
    if state.bus is not None:
        counters = state.bus.counters
        lines += _metric("quire_bus_up", "gauge", "1 while Redis answers.", int(state.bus.is_up))
        for name, help_ in _BUS_COUNTERS.items():
            lines += _metric(f"quire_bus_{name}_total", "counter", help_, getattr(counters, name))
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _metric(name: str, kind: str, help_: str, value: float) -> tuple[str, str, str]:
    return f"# HELP {name} {help_}", f"# TYPE {name} {kind}", f"{name} {value:g}"
