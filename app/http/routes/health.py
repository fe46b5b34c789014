"""`/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus."""

from fastapi import APIRouter, Request, Response

from app.http.access import StateOf, problems
from app.http.metrics_access import require_metrics_access
from app.http.process_name import PROCESS_HEADER
from app.http.schema import Health
from app.metrics.exposition import encode_metrics
from sync.error import ErrorCode, QuireError

router = APIRouter(tags=["server"])


@router.get("/healthz", response_model_exclude_unset=True)
async def report_health(request: Request, response: Response) -> Health:
    """Answer 200 while the process runs; `X-Quire-Process` says which of several it is."""
    response.headers[PROCESS_HEADER] = request.app.state.process_name
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


@router.get("/metrics", response_class=Response, responses=problems(403))
async def report_metrics(request: Request, state: StateOf) -> Response:
    """Figures in the text format of Prometheus, of all workers behind this port.

    They are for chosen networks (`--metrics-networks`), and for whoever shows `--metrics-token`.
    """
    require_metrics_access(request, state.settings)
    body, media_type = encode_metrics(await state.figures.read())
    return Response(body, media_type=media_type)
