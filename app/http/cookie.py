"""The cookies that an answer sets: only for this server's own path, and out of reach of scripts."""

from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from app.http.origin import is_allowed_origin
from app.settings import Settings


def set_cookie(
    response: Response, request: Request, settings: Settings, name: str, value: str, max_age_s: int
) -> None:
    """Have the browser keep a cookie, and send it with what pages of this server ask."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=_path(settings),
        secure=_is_secure(request, settings),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, request: Request, settings: Settings, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(
        name,
        path=_path(settings),
        secure=_is_secure(request, settings),
        httponly=True,
        samesite="lax",
    )


def _path(settings: Settings) -> str:
    return settings.base_path or "/"


def _is_secure(request: Request, settings: Settings) -> bool:
    """Return whether the browser uses TLS, which may end at a proxy.

    It says so by its `Origin`; in a GET, which has none, by `Sec-Fetch-Site`, which browsers send
    over TLS and to their own machine alone. Else a renewed cookie would lose its `Secure`.
    """
    origin = request.headers.get("origin", "")
    is_own_page = is_allowed_origin(origin, request.headers.get("host"), ())
    is_own_fetch = request.headers.get("sec-fetch-site") == "same-origin"
    return (
        settings.public_url.startswith("https:")
        or request.url.scheme == "https"
        or (is_own_page and origin.lower().startswith("https:"))
        or (not origin and is_own_fetch and not _is_own_machine(request))
    )


def _is_own_machine(request: Request) -> bool:
    host = request.url.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
