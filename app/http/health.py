"""`/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus."""

import asyncio
from typing import Final

from fastapi import APIRouter, Response

from app.http.access import StateOf, problems
from app.http.schema import Health
from app.http.stream import StreamsOf
from sync.error import ErrorCode, QuireError

router = APIRouter(tags=["server"])

_PING_TIMEOUT_S: Final = 2.0


@router.get("/healthz")
async def report_health() -> Health:
    """Whether the process runs."""
    return Health(status="ok")


@router.get("/readyz", responses=problems())
async def report_readiness(state: StateOf) -> Health:
    """Whether requests should be sent here: the store answers and the server is not stopping."""
    if state.rooms.draining:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server is stopping.", retryable=True)
    try:
        async with asyncio.timeout(_PING_TIMEOUT_S):
            await state.log.ping()
    except TimeoutError:
        raise QuireError(
            ErrorCode.STORE_UNAVAILABLE, "The store does not answer.", retryable=True
        ) from None
    return Health(status="ready")


@router.get("/metrics", response_class=Response)
async def report_metrics(state: StateOf, streams: StreamsOf) -> Response:
    """Figures in the text format of Prometheus."""
    lines = [
        *_metric("quire_rooms", "gauge", "Documents held open.", len(state.rooms)),
        *_metric("quire_sessions", "gauge", "Open WebSockets.", len(state.sockets)),
        *_metric("quire_event_streams", "gauge", "Open event streams.", streams.count),
        *_metric("quire_draining", "gauge", "1 while stopping.", int(state.rooms.draining)),
    ]
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _metric(name: str, kind: str, help_: str, value: float) -> tuple[str, str, str]:
    return f"# HELP {name} {help_}", f"# TYPE {name} {kind}", f"{name} {value:g}"
