"""HEAD wherever there is GET (RFC 9110, section 9.3.2): the same answer without its body."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Has the application answer HEAD as GET, and sends the head of the answer only.

    An answer that streams ends there: the application is told that its peer has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] != "HEAD":
            await self._app(scope, receive, _naming_head(send))
            return
        is_answered = False

        async def send_head(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_answered:
                is_answered = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def receive_until_answered() -> Message:
            return {"type": "http.disconnect"} if is_answered else await receive()

        # A copy: the server looks at the method in its own.
        await self._app({**scope, "method": "GET"}, receive_until_answered, _naming_head(send_head))


def _naming_head(send: Send) -> Send:
    """Add HEAD to an answer's `Allow` where it names GET."""

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            headers = MutableHeaders(scope=message)
            methods = [name.strip() for name in headers.get("allow", "").split(",")]
            if "GET" in methods and "HEAD" not in methods:
                headers["allow"] = ", ".join((*methods, "HEAD"))
        await send(message)

    return send_named
