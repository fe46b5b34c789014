"""The count of answered requests, by status."""

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestCount:
    """Counts each answer.

    Args:
        statuses: counts them, by status.
    """

    def __init__(self, app: ASGIApp, statuses: Counter[str]) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._statuses[str(message["status"])] += 1
            await send(message)

        await self._app(scope, receive, send_counted)
