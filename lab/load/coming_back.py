"""The return of ten thousand clients after a restart, each of which writes again."""

import asyncio
import random
import time
from typing import Final

from bench.figures import percentile
from bench.server import Server
from lab.load.crowd import Attendant, dismiss, gather_crowd
from lab.load.kernel_figures import LoadWatch
from lab.load.load_line import LoadLine, at_least, at_most
from sync.client.policy import reconnect_delay_s
from sync.error import ClientAction

_PER_ROOM: Final = 5
_GIVE_UP_S: Final = 120.0


async def come_back(connections: int) -> list[LoadLine]:
    """Kill the server under all of them, start it, and see when each has written again.

    A client comes back by the policy of our clients: at once with jitter, then ever later. It has
    written when its edit is acknowledged; the time counts from the moment the server is ready.
    """
    name = f"{connections:,} clients after a kill"
    dice = random.Random(7)
    with Server() as server:
        crowd = [Attendant(number, f"back-{number // _PER_ROOM}") for number in range(connections)]
        await gather_crowd(crowd, server.port)
        await asyncio.to_thread(server.kill)
        down = time.perf_counter()
        written: list[float] = []
        tasks = [
            asyncio.create_task(_return(client, server.port, dice, written)) for client in crowd
        ]
        await asyncio.to_thread(server.start)
        up = time.perf_counter()
        async with LoadWatch([server.pid]) as watch:
            _, late = await asyncio.wait(tasks, timeout=_GIVE_UP_S)
        for task in late:
            task.cancel()
        heads = [client.version for client in crowd if client.acks_s]
        dismiss(crowd)
    back = sorted(at - up for at in written)
    return [
        at_most(name, "written again p99 s", round(percentile(back, 0.99), 1), 30),
        LoadLine(name, "written again p50 s", round(percentile(back, 0.5), 1)),
        at_least(name, "written again %", round(100 * len(written) / connections, 2), 100),
        at_most(name, "longest time above 90 % of a core s", watch.busy_s(0.9), 10),
        LoadLine(name, "server away s", round(up - down, 1)),
        LoadLine(name, "joined at a version of before %", round(100 * len(heads) / connections, 1)),
    ]


async def _return(client: Attendant, port: int, dice: random.Random, written: list[float]) -> None:
    failures = 0
    while True:
        delay = reconnect_delay_s(ClientAction.RECONNECT, failures, dice.random())
        await asyncio.sleep(delay)
        try:
            await client.come(port)
        except (OSError, TimeoutError):
            failures += 1
            continue
        acked: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def note(version: int, at: float, acked: "asyncio.Future[None]" = acked) -> None:
            if not acked.done():
                written.append(at)
                acked.set_result(None)

        client.on_ack = note
        client.type()
        assert client.connection is not None, "it has just come"
        lost = client.connection.closed
        await asyncio.wait((acked, lost), return_when=asyncio.FIRST_COMPLETED)
        if acked.done():
            return
        failures += 1
