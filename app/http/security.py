"""Security headers of every answer, so that browsers read no other content type into it."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers of the API are data: if one is ever opened as a page, it can do nothing.
_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": _DATA_POLICY,
    # Of what may depend on who asks, no copy is kept by what lies between.
    "Cache-Control": "no-store",
}


def page_policy(nonce: str) -> str:
    """The Content-Security-Policy of the editor: its own files, no inline script.

    Styles that the editor makes at run time carry the nonce; images may come from anywhere over
    TLS, since documents refer to them.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob: https:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            # Large documents are rendered in a worker, diagrams drawn in a frame without an origin.
            "worker-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def diagram_policy() -> str:
    """The Content-Security-Policy of the frame that draws diagrams.

    It has no origin, so it reaches nothing of this server, the page or its storage; it can ask for
    nothing but the files that draw; and it is shown by no page but the editor. Its styles are its
    own: what it draws is styled, and leaves it as an image only.
    """
    return "; ".join(
        (
            "sandbox allow-scripts",
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'unsafe-inline'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )


class SecurityHeaders:
    """Adds the security headers that a route has not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    # What a 304 says takes the place of what the stored answer said (RFC 9111).
                    if message["status"] != 304 or name != "Content-Security-Policy":
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
