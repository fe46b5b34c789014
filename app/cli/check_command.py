"""`quire check`: tests the deployment that an address leads to, proxy and all.

It opens connections as browsers do and looks at what comes back; `finding` judges it. What needs
permission to create documents is done in a document of its own, which is deleted at the end.
"""

import argparse
import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from statistics import median
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from app.cli import finding
from app.cli.failure import CommandFailed, ExitCode
from app.cli.finding import Finding
from app.http.process_name import PROCESS_HEADER
from app.identity.open_mode import NAME_HEADER
from sync.wire.message import JSON_SUBPROTOCOL

_TIMEOUT_S: Final = 10.0
_FOREIGN: Final = "https://quire-check.example"
_TRIES: Final = 5
_CONNECTIONS: Final = 12
_MOST_BODY_BYTES: Final = 10 << 20
"""The size of a large image, by default."""
_LEAST_FRAME_BYTES: Final = 64 << 10
_NAME: Final = "quire check"
_SUBPROTOCOLS: Final = [Subprotocol(JSON_SUBPROTOCOL)]
_REFUSED: Final = 4403
_NO_TOKEN: Final = "Give --token, or QUIRE_TOKEN, of somebody who may create documents."

Tell = Callable[[Finding], None]


def check_deployment(flags: argparse.Namespace) -> int:
    """Check a deployment and print each finding as it is there; return the exit code."""
    findings: list[Finding] = []

    def tell(found: Finding) -> None:
        findings.append(found)
        if not flags.json:
            print(f"{found.level:<5} {found.name:<15} {found.text}", flush=True)
            if found.change:
                print(f"{'':<21} → {found.change}", flush=True)

    asyncio.run(_Check(flags, tell).run())
    if flags.json:
        lines = {
            "url": _address(flags),
            "level": finding.exit_level(findings),
            "findings": findings,
        }
        print(msgspec.json.encode(lines).decode())
    return ExitCode.FAILED if finding.exit_level(findings) == "fail" else ExitCode.DONE


def _address(flags: argparse.Namespace) -> str:
    url: str = flags.address or flags.url
    if urlsplit(url).scheme not in ("http", "https"):
        raise CommandFailed(f"{url[:80]!r} is no address such as https://…", ExitCode.USAGE)
    return url.rstrip("/")


class _Check:
    """The check of one deployment."""

    def __init__(self, flags: argparse.Namespace, tell: Tell) -> None:
        self._url = _address(flags)
        self._token: str | None = flags.token
        self._name: str = flags.name or _NAME
        self._idle_s: float = flags.idle_s
        self._tell = tell
        self._headers = {NAME_HEADER: quote(self._name)}
        if self._token:
            self._headers["Authorization"] = f"Bearer {self._token}"

    async def run(self) -> None:
        async with httpx.AsyncClient(headers=self._headers, timeout=_TIMEOUT_S) as http:
            await self._look_at_health(http)
            await self._look_at_body(http)
            await self._look_at_processes()
            if await self._look_at_upgrade():
                await self._look_at_origins()
                await self._look_at_session(http)

    # --- requests -------------------------------------------------------------------------------

    async def _look_at_health(self, http: httpx.AsyncClient) -> None:
        ways, stores = [], []
        troubles: dict[str, None] = {}
        worst: httpx.Response | None = None
        for _ in range(_TRIES):
            alive_s, alive = await self._timed(http, "/healthz")
            ready_s, ready = await self._timed(http, "/readyz")
            ways.append(alive_s)
            stores.append(max(0.0, ready_s - alive_s))
            # Of several processes each may answer in turn, and one may have a trouble of its own.
            if worst is None or worst.status_code == httpx.codes.OK:
                worst = ready
            troubles |= dict.fromkeys(str(each) for each in _json(ready).get("troubles", ()))
        if _json(alive).get("status") != "ok":
            raise CommandFailed(
                f"{self._url}/healthz answers {alive.status_code}, and not as Quire does; "
                "give the address that people use, with its path",
                ExitCode.UNREACHABLE,
            )
        self._tell(finding.ok("reachable", f"a request takes {median(ways) * 1000:.0f} ms"))
        assert worst is not None, "it was asked"
        reason = str(_json(worst).get("detail", ""))
        self._tell(finding.judge_readiness(worst.status_code, list(troubles), reason))
        self._tell(finding.judge_redis(list(troubles)))
        if worst.status_code == httpx.codes.OK:
            self._tell(finding.judge_store(median(stores)))

    async def _timed(self, http: httpx.AsyncClient, path: str) -> tuple[float, httpx.Response]:
        started_s = time.monotonic()
        try:
            answer = await http.get(f"{self._url}{path}")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            text = f"{self._url} does not answer: {str(error) or type(error).__name__}"
            raise CommandFailed(text, ExitCode.UNREACHABLE) from None
        return time.monotonic() - started_s, answer

    async def _look_at_body(self, http: httpx.AsyncClient) -> None:
        # Nothing takes it: Quire answers that there is no such method, whatever the body.
        try:
            answer = await http.post(f"{self._url}/healthz", content=bytes(_MOST_BODY_BYTES))
        except httpx.TransportError:
            self._tell(finding.judge_body(_MOST_BODY_BYTES, None, is_quires=False))
            return
        is_quires = "code" in _json(answer)
        self._tell(finding.judge_body(_MOST_BODY_BYTES, answer.status_code, is_quires=is_quires))

    async def _look_at_processes(self) -> None:
        async def ask(cookies: httpx.Cookies | None = None) -> tuple[str, httpx.Cookies]:
            async with httpx.AsyncClient(cookies=cookies, timeout=_TIMEOUT_S) as fresh:
                answer = await fresh.get(f"{self._url}/healthz")
                return answer.headers.get(PROCESS_HEADER, ""), fresh.cookies

        seen = [await ask() for _ in range(_CONNECTIONS)]
        cookies = seen[0][1]
        kept = {(await ask(cookies))[0] for _ in range(_TRIES)} if cookies else set()
        self._tell(finding.judge_processes([name for name, _ in seen if name], kept))

    # --- sockets --------------------------------------------------------------------------------

    async def _look_at_upgrade(self) -> bool:
        started_s = time.monotonic()
        try:
            async with self._socket() as socket:
                took_s = time.monotonic() - started_s
                chosen = socket.subprotocol
                sent_s, answer = time.time(), await _ask(socket, {"type": "ping"})
                way_s = time.time() - sent_s
        except InvalidStatus as error:
            self._tell(finding.judge_upgrade(error.response.status_code, ""))
            return False
        except (OSError, TimeoutError, WebSocketException) as error:
            self._tell(finding.judge_upgrade(None, str(error) or type(error).__name__))
            return False
        if chosen != JSON_SUBPROTOCOL:
            text, change = "the subprotocol is lost", "Pass `Sec-WebSocket-Protocol` on."
            self._tell(finding.fail("websocket", text, change))
            return False
        self._tell(finding.ok("websocket", f"upgraded in {took_s * 1000:.0f} ms"))
        there_s = datetime.fromisoformat(answer["at"]).timestamp()
        self._tell(finding.judge_clock(there_s - (sent_s + way_s / 2), way_s))
        return True

    async def _look_at_origins(self) -> None:
        parts = urlsplit(self._url)
        own = f"{parts.scheme}://{parts.netloc}"
        self._tell(finding.judge_own_origin(await self._is_accepted(own)))
        self._tell(finding.judge_foreign_origin(await self._is_accepted(_FOREIGN), _FOREIGN))

    async def _is_accepted(self, origin: str) -> bool:
        try:
            async with self._socket(origin) as socket:
                await _ask(socket, {"type": "ping"})
        except (InvalidStatus, ConnectionClosed):
            return False
        return True

    async def _look_at_session(self, http: httpx.AsyncClient) -> None:
        """Look at what needs somebody who may write."""
        document = f"quire-check-{secrets.token_hex(6)}"
        path = f"{self._url}/api/documents"
        made = await http.post(path, json={"name": document, "text": ""})
        try:
            if made.is_success:
                self._tell(
                    finding.judge_stream(await self._stream_delay(http, f"{path}/{document}"))
                )
            else:
                text = f"not looked at: no document could be created ({_json(made).get('code')})"
                self._tell(finding.warn("event stream", text, _NO_TOKEN))
            async with self._socket() as socket:
                hello = {"type": "auth", "token": self._token, "name": self._name}
                answer = await _ask(socket, hello)
                if answer["type"] != "auth_ok":
                    for name in ("message size", "idle"):
                        text = f"not looked at: {answer.get('message', 'refused')}"
                        self._tell(finding.warn(name, text, _NO_TOKEN))
                    return
                size = int(answer["limits"]["max_message_bytes"]) - 1024
                await self._look_at_frame(socket, max(_LEAST_FRAME_BYTES, size))
            if self._idle_s:
                looks = [self._look_at_idle(hello)]
                if made.is_success:
                    looks.append(self._look_at_idle_stream(http, f"{path}/{document}"))
                for found in await asyncio.gather(*looks):
                    self._tell(found)
        finally:
            if made.is_success:
                await http.delete(f"{path}/{document}")

    async def _stream_delay(self, http: httpx.AsyncClient, path: str) -> float | None:
        """Return how long after an edit its event came; None: it did not."""
        reading = asyncio.create_task(self._first_event(http, path))
        await asyncio.sleep(0.3)  # a buffering proxy shows nothing, so there is nothing to wait for
        written_s = time.monotonic()
        body = {"base": None, "ops": [{"insert": "check"}], "id": secrets.token_hex(8)}
        await http.post(f"{path}/edits", json=body)
        done, _ = await asyncio.wait((reading,), timeout=_TIMEOUT_S / 2)
        if not done:
            reading.cancel()
            await asyncio.wait((reading,))
            return None
        arrived_s = reading.result()
        return None if arrived_s is None else arrived_s - written_s

    async def _first_event(self, http: httpx.AsyncClient, path: str) -> float | None:
        try:
            async with http.stream("GET", f"{path}/events?since=0") as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("data:"):
                        return time.monotonic()
        except httpx.TransportError:
            pass
        return None

    async def _look_at_frame(self, socket: ClientConnection, size: int) -> None:
        try:
            # No message has that type: it is read whole, refused, and changes nothing.
            answer = await _ask(socket, {"type": "check_size", "padding": "x" * size})
        except (ConnectionClosed, TimeoutError) as error:
            self._tell(finding.judge_frame(size, is_answered=False, reason=str(error)))
            return
        self._tell(finding.judge_frame(size, is_answered=answer["type"] == "error"))

    async def _look_at_idle(self, hello: dict[str, Any]) -> Finding:
        async with self._socket() as socket:
            await _ask(socket, hello)
            started_s = time.monotonic()
            is_open = is_gone = False
            try:
                async with asyncio.timeout(self._idle_s):
                    while True:
                        await socket.recv()
            except TimeoutError:
                is_open = True
            except ConnectionClosed:
                pass
            held_s = time.monotonic() - started_s
            if is_open:
                try:
                    await _ask(socket, {"type": "ping"})
                except (ConnectionClosed, TimeoutError):
                    is_gone = True
        return finding.judge_idle(held_s, self._idle_s, is_open=is_open, is_gone=is_gone)

    async def _look_at_idle_stream(self, http: httpx.AsyncClient, path: str) -> Finding:
        started_s = time.monotonic()
        status, is_open = httpx.codes.OK, False
        try:
            async with (
                asyncio.timeout(self._idle_s),
                http.stream("GET", f"{path}/events", timeout=None) as answer,
            ):
                status = httpx.codes(answer.status_code)
                async for _ in answer.aiter_bytes():
                    pass  # comments
        except TimeoutError:
            is_open = True
        except httpx.TransportError:
            pass  # cut in the middle
        held_s = time.monotonic() - started_s
        return finding.judge_idle_stream(held_s, self._idle_s, int(status), is_open=is_open)

    @asynccontextmanager
    async def _socket(self, origin: str | None = None) -> AsyncIterator[ClientConnection]:
        """Open a socket that says nothing by itself: pings are the server's."""
        opening = open_socket(
            f"ws{self._url.removeprefix('http')}/ws",
            origin=None if origin is None else Origin(origin),
            subprotocols=_SUBPROTOCOLS,
            open_timeout=_TIMEOUT_S,
            close_timeout=1.0,
            ping_interval=None,
            compression=None,
        )
        async with opening as socket:
            yield socket


async def _ask(socket: ClientConnection, message: dict[str, Any]) -> dict[str, Any]:
    """Send a message and return the answer."""
    said = {name: value for name, value in message.items() if value is not None}
    async with asyncio.timeout(_TIMEOUT_S):
        await socket.send(msgspec.json.encode(said).decode())
        answer: dict[str, Any] = msgspec.json.decode(await socket.recv())
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    """Return the object in an answer; empty: it is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
