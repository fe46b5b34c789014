"""The answer that is a stream of Server-Sent Events."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send


class EventStreamResponse(StreamingResponse):
    """A stream that ends when its reader takes nothing for long."""

    media_type = "text/event-stream"

    def __init__(
        self, content: AsyncIterator[bytes], patience_s: float, ended: Callable[[], None]
    ) -> None:
        # A proxy that compresses answers holds small events back until it has a block of them.
        headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        super().__init__(content, headers=headers)
        self._patience_s = patience_s
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._patience_s):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            # The transport's own timeout ends the connection; nothing more is kept for it here.
            return
