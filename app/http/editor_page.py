"""The page of the editor, which every address that people open gets, errors among them.

What is shown in it is decided in the browser: by the address, and by the status that it states.
"""

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.http.security import diagram_policy, page_policy
from web import DIST

_NONCE_MARK: Final = "__CSP_NONCE__"
_BASE_MARK: Final = "__BASE__"
_STATUS_MARK: Final = "__STATUS__"
_DATA_PATHS: Final = ("/api", "/assets", "/healthz", "/readyz", "/metrics")
"""The paths of programs: a refusal there is a problem document for everybody."""
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


def wants_page(request: Request) -> bool:
    """Return whether a person asks, to whom an error is shown as a page."""
    path = _path_below_root(request)
    if any(path == data or path.startswith(f"{data}/") for data in _DATA_PATHS):
        return False
    return accepts_html(request.headers.get("accept", ""))


def accepts_html(accept: str) -> bool:
    """Return whether an `Accept` names HTML; `*/*`, which programs send, does not."""
    for each in accept.split(","):
        media_type, *parameters = (part.strip().lower() for part in each.split(";"))
        if media_type == "text/html":
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in ("", "0.", ".")


def editor_page(
    request: Request,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
) -> Response:
    """Return the page, whose files and requests lie relative to where it is: so it works below
    any path that a proxy puts in front.

    Args:
        status: of the answer; the page states it, and shows errors by it.
        headers: more of them.
        folder: the built editor; None: the one that is installed.
    """
    base = _base(_path_below_root(request))
    nonce = secrets.token_urlsafe(18)
    sent = {"Cache-Control": "no-cache", **(headers or {})}
    policy = {"Content-Security-Policy": page_policy(nonce)}
    try:
        template = ((folder or DIST) / "index.html").read_text("utf-8")
    except FileNotFoundError:
        html = _NOT_BUILT.replace(_BASE_MARK, base)
        return HTMLResponse(html, 503 if status == 200 else status, sent | policy)
    html = template.replace(_BASE_MARK, base).replace(_STATUS_MARK, str(status))
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:20]}"'
    if status == 200:
        sent["ETag"] = tag
        if tag in request.headers.get("if-none-match", ""):
            # Without a policy: the copy that the browser has keeps the nonce of its own.
            return Response(status_code=304, headers=sent)
    return HTMLResponse(html.replace(_NONCE_MARK, nonce), status, sent | policy)


def diagram_frame(*, folder: Path = DIST) -> Response:
    """Return the page of the frame that draws diagrams; its policy takes its origin away."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": diagram_policy()}
    try:
        html = (folder / "diagram.html").read_text("utf-8")
    except FileNotFoundError:
        return HTMLResponse("", 503, headers)
    return HTMLResponse(html.replace(_BASE_MARK, "./"), 200, headers)


def _path_below_root(request: Request) -> str:
    """The path as it was sent, still quoted, without the prefix of a proxy."""
    raw: bytes | None = request.scope.get("raw_path")
    path = request.scope["path"] if raw is None else raw.decode("latin-1")
    root = request.scope.get("root_path", "")
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :]
    return path or "/"


def _base(path: str) -> str:
    return "../" * (path.count("/") - 1) or "./"
