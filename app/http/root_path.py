"""The path that the application is served below: `/pad/api/documents` is `/api/documents`.

Some proxies pass the path on as it came, some strip the prefix, and health checks go past them. All
three are understood: a path that begins with the prefix is taken to have it.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RootPath:
    """Has the application see each request as the ASGI specification says for a `root_path`.

    The path of an HTTP request then begins with `root_path`; that of a WebSocket does not, because
    its application looks at nothing else. Redirects to oneself name no scheme and host, which a
    proxy may have changed.

    Args:
        root_path: without a slash at its end; empty if there is none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # In place: the connection keeps this very scope, and it is all that is kept of it.
            scope["path"] = self._inner_path(scope["path"])
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = self._root_path
        path = self._inner_path(scope["path"])
        if root and not path:
            await RedirectResponse(f"{root}/", 308)(scope, receive, send)
            return
        if root:
            scope = {**scope, "root_path": root, "path": root + path}
        await self._app(scope, receive, _with_own_location(scope, send))

    def _inner_path(self, path: str) -> str:
        root = self._root_path
        if root and (path == root or path.startswith(f"{root}/")):
            return path[len(root) :]
        return path


def _with_own_location(scope: Scope, send: Send) -> Send:
    async def send_own(message: Message) -> None:
        if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
            headers = MutableHeaders(scope=message)
            location = headers.get("location")
            if location is not None and "://" in location:
                headers["location"] = _path_of(location, scope)
        await send(message)

    return send_own


def _path_of(location: str, scope: Scope) -> str:
    host = MutableHeaders(scope=scope).get("host", "")
    prefix = f"{scope['scheme']}://{host}/"
    return location[len(prefix) - 1 :] if host and location.startswith(prefix) else location
