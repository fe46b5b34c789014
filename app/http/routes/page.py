"""The browser editor: the page that every address of it gets, and the files it is built of."""

import re
import secrets
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from app.http.problem import HttpCode, ProblemError
from app.http.security import page_policy
from sync.names import is_document_name
from web import DIST

router = APIRouter(include_in_schema=False)

_NONCE_MARK: Final = "__CSP_NONCE__"
_BASE_MARK: Final = "__BASE__"
_ASSET_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Quire</title>
<h1>The editor is not built</h1>
<p>The server runs, and its <a href="__BASE__api/docs">HTTP API</a> works. The files of the editor
are missing from <code>web/dist</code>; in a checkout, <code>cd web &amp;&amp; npm ci &amp;&amp; npm
run build</code> makes them.</p>
</html>
"""


@router.get("/")
async def show_start_page() -> Response:
    """The start page of the editor."""
    return _page(200, "./")


@router.get("/sign-in")
@router.get("/account")
@router.get("/people")
async def show_account_page() -> Response:
    """A page about who one is, and who else is: it asks the API, and shows what it may."""
    return _page(200, "./")


@router.get("/l")
@router.get("/join")
async def show_link_page() -> Response:
    """The page of a share link or an invitation, whose secret stays in the browser: it stands in
    the fragment of the address.
    """
    return _page(200, "./")


@router.get("/d/{document}")
async def show_document_page(document: str) -> Response:
    """The editor with a document. What cannot be a document gets the same page with a 404."""
    return _page(200 if is_document_name(document) else 404, "../")


@router.get("/assets/{name}")
async def read_asset(name: str) -> Response:
    """A file of the built editor; its name holds its hash, so it may be kept for ever."""
    path = _asset(DIST / "assets", name)
    if path is None:
        raise ProblemError(HttpCode.NOT_FOUND, "There is no such file.")
    media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return FileResponse(path, headers=_FOREVER, media_type=media_type)


def _asset(folder: Path, name: str) -> Path | None:
    if _ASSET_NAME.fullmatch(name) is None:
        return None
    path = folder / name
    return path if path.is_file() else None


def _page(status: int, base: str) -> Response:
    """The page, whose files and requests lie at `base` from where it is: so it works below any
    path that a proxy puts in front.
    """
    nonce = secrets.token_urlsafe(18)
    headers = {"Content-Security-Policy": page_policy(nonce), "Cache-Control": "no-cache"}
    try:
        html = (DIST / "index.html").read_text("utf-8")
    except FileNotFoundError:
        return HTMLResponse(_NOT_BUILT.replace(_BASE_MARK, base), 503, headers)
    html = html.replace(_NONCE_MARK, nonce).replace(_BASE_MARK, base)
    return HTMLResponse(html, status, headers)
