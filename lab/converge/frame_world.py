"""The simulated world of the property tests, with frames on every socket and hostile clients.

Each step draws from dice of its own, so that a world without some of its steps still takes the
others as before: a failure can be cut down to the steps that it needs.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from lab.converge.frame_channel import DownFrames, FrameChannel, UpFrames
from lab.converge.hostile_client import HostileClient
from sync.effect import Dismiss, Effect
from sync.names import Dialect
from tests.property.simulation.client import Client
from tests.property.simulation.scenario import Scenario
from tests.property.simulation.server import Connection, Server
from tests.property.simulation.world import World
from tests.property.simulation.yjs_client import DialectClient

_SETTLING: Final = -1


@dataclass(frozen=True)
class Script:
    """A world: what is in it, and which of its steps are taken.

    Args:
        hostiles: clients that keep to no rule.
        restless: of 1,000 steps, those in which a connection breaks.
        steps: their numbers; each has dice of its own.
        crossing: whether hostile clients write between units that may never have been neighbours.
    """

    scenario: Scenario
    hostiles: int
    restless: int
    steps: tuple[int, ...]
    crossing: bool = False


class FrameServer(Server):
    """A process that may dismiss a hostile client."""

    def carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Dismiss):
            connection = self.find(effect.session)
            if connection is not None and isinstance(connection.client, HostileClient):
                self.close(connection)
                return
        super().carry_out(effect)


class FrameWorld(World):
    """A world that plays a script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        scenario = script.scenario
        if script.hostiles:
            # What they write may need repair, which honest clients then are shown.
            scenario = replace(scenario, unfit=True)
        super().__init__(scenario)
        self.hostiles = [
            HostileClient(self, f"m{n}", crosses=script.crossing) for n in range(script.hostiles)
        ]

    @property
    def sessions(self) -> int:
        """The connections that were made."""
        return sum(client.sessions for client in [*self.clients, *self.hostiles])

    def run(self) -> None:
        """Take the steps of the script, then come to rest and be checked."""
        for number in self.script.steps:
            self._draw(number)
            self.step()
        self._draw(_SETTLING)
        for hostile in self.hostiles:
            hostile.disconnect()
        self.settle()

    def step(self) -> None:
        dice = self.rng
        if dice.randrange(1_000) < self.script.restless:
            dice.choice(self.clients).disconnect()
        if self.hostiles and dice.randrange(3) == 0:
            hostile = dice.choice(self.hostiles)
            if hostile.connection is None:
                hostile.connect()
            elif dice.randrange(2):
                hostile.act()
            else:
                hostile.receive()
        super().step()

    def new_server(self) -> Server:
        return FrameServer(self)

    def new_connection(self, session: str, client: Client, server: Server) -> Connection:
        dialect: Dialect = client.dialect if isinstance(client, DialectClient) else "quire"
        channel = FrameChannel(dialect, "json" if client.sessions % 2 else "msgpack")
        up, down = UpFrames(channel), DownFrames(channel)
        return Connection(session, client, server, up=up, outbox=deque(), down=down)

    def _draw(self, number: int) -> None:
        self.rng.seed(self.scenario.seed * 1_000_003 + number)


def play(script: Script) -> FrameWorld:
    """Run a script to its end; raises whatever is broken in it."""
    world = FrameWorld(script)
    world.run()
    return world


def failure_of(script: Script) -> str | None:
    """Return how a script fails, in one line; None: it does not."""
    try:
        play(script)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of pycrdt is no Exception
        return f"{type(error).__name__}: {str(error)[:300]}"
    return None
