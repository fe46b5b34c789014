"""`/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus."""

from fastapi import APIRouter, Response

from app.http.access import StateOf, problems
from app.http.metrics import encode_metrics
from app.http.schema import Health
from app.http.stream import StreamsOf
from sync.error import ErrorCode, QuireError

router = APIRouter(tags=["server"])


@router.get("/healthz", response_model_exclude_unset=True)
async def report_health() -> Health:
    """Answer 200 while the process runs."""
    return Health(status="ok")


@router.get("/readyz", responses=problems(), response_model_exclude_unset=True)
async def report_readiness(state: StateOf) -> Health:
    """Answer 200 while requests should be sent here: edits can be stored, and nothing is stopping.

    `degraded` is ready too. `troubles` says why: Redis does not answer, so that what other
    processes write is seen later, at the next check of the log; or the place of images fails.
    """
    if state.rooms.draining:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, "The server is stopping.", retryable=True)
    trouble = await state.readiness.trouble()
    if trouble is not None:
        raise QuireError(ErrorCode.STORE_UNAVAILABLE, trouble, retryable=True)
    troubles: list[str] = []
    if state.bus is not None and not state.bus.is_up:
        troubles.append("Redis does not answer.")
    if state.blobs.is_failing:
        troubles.append("The place of images does not answer, or refuses.")
    return Health(status="degraded", troubles=troubles) if troubles else Health(status="ready")


@router.get("/metrics", response_class=Response)
async def report_metrics(state: StateOf, streams: StreamsOf) -> Response:
    """Figures in the text format of Prometheus."""
    body, media_type = encode_metrics(state, streams)
    return Response(body, media_type=media_type)
