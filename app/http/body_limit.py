"""The bound on request bodies, whether their length is announced or not."""

import re
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.problem import problem_response
from sync.error import ErrorCode

_BRINGS_TEXT: Final = re.compile(r"/api/documents(/[^/]+/(text|edits))?")
"""The paths whose requests bring text."""
_IMPORT: Final = "/api/documents/import"
_BRINGS_IMAGE: Final = re.compile(r"/api/documents/[^/]+/files")


class BodyLimit:
    """Answers 413 to a body that is too long, before more than that was kept.

    Args:
        max_bytes: of a body that brings text.
        max_image_bytes: of a body that is an image.
        max_import_bytes: of a document that is brought in.
        max_form_bytes: of any other.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        max_form_bytes: int,
        max_image_bytes: int,
        max_import_bytes: int,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_form_bytes = min(max_bytes, max_form_bytes)
        self._max_image_bytes = max_image_bytes
        self._max_import_bytes = max_import_bytes

    def _most(self, path: str) -> int:
        if _BRINGS_IMAGE.fullmatch(path) is not None:
            return self._max_image_bytes
        if path == _IMPORT:
            return self._max_import_bytes
        brings_text = _BRINGS_TEXT.fullmatch(path) is not None
        return self._max_bytes if brings_text else self._max_form_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        most = self._most(path)
        detail = f"A body has at most {most} bytes here."
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdigit() and _exceeds(announced, most):
            # With a request to stop sending: the rest of the body is only in the way.
            headers = {"Connection": "close"}
            refused = problem_response(ErrorCode.TOO_LARGE, detail, headers)
            await refused(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > most:
                    # The application's handler makes a problem document of it.
                    raise HTTPException(413, detail, {"Connection": "close"})
            return message

        await self._app(scope, receive_bounded, send)


def _exceeds(announced: str, most: int) -> bool:
    return len(announced) > 18 or int(announced) > most
