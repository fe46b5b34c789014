"""The context of a request's log records: an id, so that they can be told from others.

A proxy in front may have given it one, in `X-Request-Id`; then the answer has it too. Anything that
is no plain id is not taken over.
"""

import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs.log_context import start_context

_HEADER: Final = b"x-request-id"
_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Gives each request a context for its log records."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _given_id(scope)
        start_context(request=secrets.token_hex(8) if given is None else given.decode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_HEADER, given)]
            await send(message)

        await self._app(scope, receive, send if given is None else send_with_id)


def _given_id(scope: Scope) -> bytes | None:
    found = [value for name, value in scope["headers"] if name == _HEADER]
    return found[0] if len(found) == 1 and _ID.fullmatch(found[0]) else None
