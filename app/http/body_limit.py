"""The bound on request bodies, whether their length is announced or not."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.problem import problem_response
from sync.error import ErrorCode


class BodyLimit:
    """Answers 413 to a body of more than `max_bytes`, before more than that was kept."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdigit() and self._is_too_long(announced):
            # With a request to stop sending: the rest of the body is only in the way.
            headers = {"Connection": "close"}
            refused = problem_response(ErrorCode.TOO_LARGE, self._detail, headers)
            await refused(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._max_bytes:
                    # The application's handler makes a problem document of it.
                    raise HTTPException(413, self._detail, {"Connection": "close"})
            return message

        await self._app(scope, receive_bounded, send)

    def _is_too_long(self, announced: str) -> bool:
        return len(announced) > 18 or int(announced) > self._max_bytes

    @property
    def _detail(self) -> str:
        return f"A body has at most {self._max_bytes} bytes."
