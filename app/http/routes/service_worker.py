"""The service worker of the editor: the one script whose address stays the same."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from app.http.problem import HttpCode, ProblemError
from web import DIST

router = APIRouter(include_in_schema=False)

_HEADERS: Final = {
    # Asked for anew at each visit: by its bytes a browser knows that there is another build.
    "Cache-Control": "no-cache",
    # It asks this server, and nothing else.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
}


@router.get("/service-worker.js")
async def read_service_worker() -> Response:
    """The script, below whose folder it keeps the editor: that of all pages."""
    path = DIST / "service-worker.js"
    if not path.is_file():
        raise ProblemError(HttpCode.NOT_FOUND, "There is no such file.")
    return FileResponse(path, headers=_HEADERS, media_type="text/javascript; charset=utf-8")
