"""The check of origins: pages of this server and of the named origins may change something."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.problem import HttpCode, problem_response
from app.http.refusal_note import note_refusal

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods of requests that change nothing."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def is_allowed_origin(
    origin: str | None, host: str | None, allowed: Sequence[str], public_url: str = ""
) -> bool:
    """Return whether a request from a page of `origin` may do more than read.

    Args:
        origin: the header; None is not a browser's request, and is allowed.
        host: the `Host` header. A proxy must pass it on, or its origin must be named. Its scheme
            is not known, since a proxy may have ended TLS.
        allowed: origins that the settings name.
        public_url: the address of this server that the settings name, or empty. If it is https,
            pages of its host are ours over https alone: over http, anybody between may write them.
    """
    if origin is None:
        return True
    lowered = origin.lower()
    if lowered in allowed:
        return True
    if host is None:
        return False
    try:
        parts = urlsplit(lowered)
        port = _DEFAULT_PORTS[parts.scheme]
        own = urlsplit(f"//{host.lower()}")
        same = parts.hostname == own.hostname and (parts.port or port) == (own.port or port)
    except (KeyError, ValueError):
        return False
    if parts.scheme == "http" and _is_https_alone(parts.hostname, public_url):
        return False
    is_bare = lowered == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    return same and is_bare and parts.hostname is not None


def _is_https_alone(hostname: str | None, public_url: str) -> bool:
    """Return whether a host is that of a public address with https."""
    public = urlsplit(public_url)
    return public.scheme == "https" and public.hostname == hostname


class OriginGuard:
    """Answers 403 to a foreign page that wants to change something."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str], public_url: str = "") -> None:
        self._app = app
        self._allowed = tuple(allowed)
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            host = headers.get("host")
            if not is_allowed_origin(origin, host, self._allowed, self._public_url):
                note_refusal(Request(scope), HttpCode.FOREIGN_ORIGIN)
                refused = problem_response(
                    HttpCode.FOREIGN_ORIGIN, "Pages of this origin may not change anything here."
                )
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)
