"""The defence of cookies against foreign pages (cross-site request forgery).

A browser adds a cookie to a request whoever caused it. A request that may change something, and
that carries one of our cookies, must therefore prove that it comes from a page that may use this
server: by an allowed `Origin`, or by `Sec-Fetch-Site: same-origin`. Neither can be set by a page. A
request with a bearer token needs no proof: no browser adds one by itself.
"""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.origin import SAFE_METHODS, is_allowed_origin
from app.http.problem import HttpCode, problem_response
from app.identity.credential import GUEST_COOKIE, SESSION_COOKIE

_BEGINNINGS: Final = (SESSION_COOKIE, GUEST_COOKIE)
"""Those of any installation count: a request that shows one comes from a browser."""


class CookieGuard:
    """Answers 403 to a request that may change something, and proves itself by a cookie alone."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str], public_url: str = "") -> None:
        self._app = app
        self._allowed = tuple(allowed)
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            if _shows_cookie(headers) and not self._is_own_page(headers):
                refused = problem_response(
                    HttpCode.FOREIGN_ORIGIN,
                    "With a cookie, a request that may change something needs the Origin of a "
                    "page that may use this server.",
                )
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_own_page(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "same-origin"
        return is_allowed_origin(origin, headers.get("host"), self._allowed, self._public_url)


def _shows_cookie(headers: Headers) -> bool:
    """Return whether one of our cookies is what a request proves itself by."""
    if headers.get("authorization", "").lower().startswith("bearer "):
        return False
    pairs = ";".join(headers.getlist("cookie")).split(";")
    return any(pair.strip().startswith(_BEGINNINGS) for pair in pairs)
