"""The cookies that an answer sets: only for this server's own path, and out of reach of scripts."""

from starlette.requests import Request
from starlette.responses import Response

from app.identity.origin import is_allowed_origin
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
    """Return whether the browser uses TLS, which may end at a proxy: it says so in its `Origin`."""
    origin = request.headers.get("origin", "")
    is_own_page = is_allowed_origin(origin, request.headers.get("host"), ())
    return (
        settings.public_url.startswith("https:")
        or request.url.scheme == "https"
        or (is_own_page and origin.lower().startswith("https:"))
    )
