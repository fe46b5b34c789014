"""Measure the return of 2,000 clients after a restart of their server.

Every client is a socket that has joined a document. The server is told to stop, closes them over
`drain_s`, stops, and is started again; each client comes back by the policy of its kind: that of
our clients (`sync.client.policy`: full jitter, from 0.5 s to 30 s), or that of a stock y-websocket
(100 ms, doubled with each failure, up to 2.5 s, without jitter). `crash` is the same with a kill
instead: all sockets are lost at one moment. `pages` are 20 pages of the editor in sight (full
jitter up to 2 s, as in `web/src/reconnect.ts`) after a kill and some seconds without a server: how
long after the return of the server each has joined again.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from bench.figures import show
from bench.server import Server
from bench.websocket import AuthOk, Connection, Joined, connect, decode, encode
from sync.client.policy import reconnect_delay_s
from sync.error import ClientAction

_CLIENTS: Final = 2_000
_PER_ROOM: Final = 5
_PAGES: Final = 20
_GIVE_UP_S: Final = 120.0
_TRY_S: Final = 20.0

Delay = Callable[[int, random.Random], float]


def quire_delay_s(failures: int, dice: random.Random) -> float:
    """The pause of our clients: after a restart at once, with jitter, and then ever longer."""
    return reconnect_delay_s(ClientAction.RECONNECT, failures, dice.random())


def y_websocket_delay_s(failures: int, _: random.Random) -> float:
    """The pause of y-websocket 3 (`setupWS`); after the first loss it has counted no failure."""
    return min(0.1 * 2.0**failures, 2.5)


def page_delay_s(failures: int, dice: random.Random) -> float:
    """The pause of a page in sight: the same, up to 2 s."""
    return dice.random() * min(2.0, 0.5 * 2.0**failures)


class _Crowd:
    """The clients, and the times of what they do."""

    def __init__(self, port: int, delay: Delay, seed: int) -> None:
        self._port = port
        self._delay = delay
        self._dice = random.Random(seed)
        self.tries: list[float] = []
        self.joins: list[float] = []
        self.here = 0

    async def run(self, number: int) -> None:
        failures = -1
        while True:
            if failures >= 0:
                await asyncio.sleep(self._delay(failures, self._dice))
            self.tries.append(time.monotonic())
            try:
                async with asyncio.timeout(_TRY_S):
                    connection = await _join(self._port, number)
            except (OSError, TimeoutError):
                failures = max(0, failures) + 1
                continue
            failures = 0
            self.here += 1
            self.joins.append(time.monotonic())
            await connection.closed
            self.here -= 1


async def _join(port: int, number: int) -> Connection:
    joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    connection: Connection | None = None

    def receive(payload: bytes, _: float) -> None:
        assert connection is not None, "connected"
        match decode(payload):
            case AuthOk():
                connection.send(encode(type="join", doc=f"room-{number // _PER_ROOM}", mode="yjs"))
            case Joined():
                joined.set_result(None)
            case _:
                pass

    connection = await connect(port, receive)
    connection.send(encode(type="auth", name=f"Client {number}"))
    lost = connection.closed
    await asyncio.wait((joined, lost), return_when=asyncio.FIRST_COMPLETED)
    if not joined.done():
        connection.close()
        raise ConnectionError("closed before it had joined")
    return connection


async def _run(delay: Delay, *, clients: int, is_crash: bool) -> dict[str, Any]:
    with Server() as server:
        crowd = _Crowd(server.port, delay, seed=7)
        tasks = []
        for number in range(clients):
            tasks.append(asyncio.create_task(crowd.run(number)))
            if number % 20 == 19:
                await asyncio.sleep(0.05)
        await _until(lambda: crowd.here == clients)
        crowd.tries.clear()
        crowd.joins.clear()
        told = time.monotonic()
        if is_crash:
            await asyncio.to_thread(server.kill)
        else:
            await asyncio.to_thread(server.stop)
        down = time.monotonic()
        await asyncio.to_thread(server.start)
        up = time.monotonic()
        await _until(lambda: crowd.here == clients)
        back = time.monotonic()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        tries, joins = (_per_second(each, up) for each in (crowd.tries, crowd.joins))
        return {
            "stopped_after_s": round(down - told, 2),
            "started_after_s": round(up - told, 2),
            "all_back_after_s": round(back - told, 2),
            "all_back_after_start_s": round(back - up, 2),
            "tries": len(crowd.tries),
            "peak_tries_per_s": max(tries.values()),
            "peak_joins_per_s": max(joins.values()),
            "joins_in_each_s_from_the_start_on": [joins[n] for n in range(max(joins) + 1)],
        }


async def _pages(*, rounds: int, away_s: float) -> dict[str, Any]:
    """Times from the return of a server that was killed until each page has joined."""
    back: list[float] = []
    with Server() as server:
        crowd = _Crowd(server.port, page_delay_s, seed=7)
        tasks = [asyncio.create_task(crowd.run(number)) for number in range(_PAGES)]
        for _ in range(rounds):
            await _until(lambda: crowd.here == _PAGES)
            await asyncio.to_thread(server.kill)
            await _until(lambda: crowd.here == 0)
            crowd.joins.clear()
            await asyncio.sleep(away_s)
            await asyncio.to_thread(server.start)
            up = time.monotonic()
            await _until(lambda: crowd.here == _PAGES)
            back += [max(0.0, joined - up) for joined in crowd.joins]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    back.sort()
    return {
        "pages": _PAGES,
        "rounds": rounds,
        "joined_after_return_s": {
            "p50": round(back[len(back) // 2], 2),
            "p95": round(back[int(len(back) * 0.95)], 2),
            "max": round(back[-1], 2),
        },
    }


def _per_second(times: list[float], start: float) -> Counter[int]:
    """Return the number of times in each second from `start` on; those before are below 0."""
    return Counter(int((each - start) // 1) for each in times)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_GIVE_UP_S):
        while not condition():  # noqa: ASYNC110 - it is counted in many places
            await asyncio.sleep(0.02)


async def storm(clients: int = _CLIENTS) -> dict[str, Any]:
    """2,000 clients, three ways to lose their server."""
    return {
        "bench": f"{clients} clients after a restart",
        "clients": clients,
        "quire": await _run(quire_delay_s, clients=clients, is_crash=False),
        "y_websocket": await _run(y_websocket_delay_s, clients=clients, is_crash=False),
        "pages": await _pages(rounds=5, away_s=8.0),
        "quire_after_a_crash": await _run(quire_delay_s, clients=clients, is_crash=True),
    }


if __name__ == "__main__":
    show(asyncio.run(storm()))
