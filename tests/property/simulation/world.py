"""A small world, deterministic from its seed: clients, a network, server processes, a store.

    TextClient ─┐  up: one socket's frames, in order      ┌─ Server (a Room, driven as the shells
    YjsClient  ─┤  ◀── down ── outbox, may overflow ──────┤  drive it) ── begin / end ──▶ Store
                └─ disconnects, reconnects, resends       └─ crashes, restarts from the store

One step is the smallest thing that can happen to somebody: a frame read, a frame written, a batch
merged, a commit that succeeds, fails, or fails after having been carried out. The world checks
while it runs what must hold at every moment, and `settle` lets it come to rest and checks the end.
"""

from collections import Counter
from random import Random

from sync.fact import Announced, Tick
from sync.limit import Limits
from sync.names import PositionEncoding
from sync.room.room import Room
from sync.yjs.gate import KnownState, Ready, inspect, inspect_logged
from tests.property.simulation.client import Client, TextClient
from tests.property.simulation.scenario import Scenario
from tests.property.simulation.server import Connection, Server
from tests.property.simulation.store import Store
from tests.property.simulation.yjs_client import DialectClient, HocuspocusClient, YjsClient
from tests.unit.sync.room.driven_room import NAME, Editor


class World:
    """All of it, and the only source of chance."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rng = Random(scenario.seed)
        self.faulty = True
        self.now_ms = 1_000_000
        self.limits = Limits(
            window_events=scenario.window_events, checkpoint_events=scenario.checkpoint_events
        )
        self.store = Store(scenario)
        self.servers = [self.new_server() for _ in range(scenario.servers)]
        encodings: tuple[PositionEncoding, ...] = ("codepoint", "utf-16")
        self.clients: list[Client] = [
            TextClient(self, f"t{n}", encodings[n % 2]) for n in range(scenario.text_clients)
        ]
        self.clients += [YjsClient(self, f"y{n}") for n in range(scenario.yjs_clients)]
        self.clients += [
            HocuspocusClient(self, f"h{n}") if n % 2 else DialectClient(self, f"w{n}")
            for n in range(scenario.dialect_clients)
        ]

    def run(self) -> None:
        for _ in range(self.scenario.steps):
            self.step()
        self.settle()

    def step(self) -> None:
        scenario, rng = self.scenario, self.rng
        self.now_ms += rng.choice((0, 1, 1, 20))
        chance = rng.randrange(400)
        if chance == 0 and scenario.crashes:
            self.crash(rng.randrange(len(self.servers)))
            if scenario.rewinds and rng.randrange(2):
                self.rewind()
        elif chance < 4 and scenario.drops:
            rng.choice(self.clients).disconnect()
        elif chance < 8 and scenario.drops:
            rng.choice(self.clients).resend()
        elif chance < 10 and scenario.disorder:
            self.now_ms += rng.choice((600, 31_000))
        elif chance < 200:
            for _ in range(3):
                rng.choice(self.servers).step()
        else:
            client = rng.choice(self.clients)
            if client.connection is None and rng.randrange(3) == 0:
                client.connect()
            elif rng.randrange(3) == 0:
                client.act()
            else:
                client.receive()

    def new_server(self) -> Server:
        """A process that starts; `lab.converge` has its own."""
        return Server(self)

    def new_connection(self, session: str, client: Client, server: Server) -> Connection:
        """A socket that is opened; `lab.converge` has its own."""
        return Connection(session, client, server)

    def crash(self, index: int) -> None:
        self.servers[index].crash()
        self.servers[index] = self.new_server()

    def rewind(self) -> None:
        """All processes stop, and the store is restored from a backup."""
        for server in self.servers:
            server.crash()
        for client in self.clients:
            if isinstance(client, DialectClient) and client.epoch is None:
                # A tab just opened may yet take in what was on its way from a history that is gone.
                # Stock clients know no epochs: whoever rewinds a log has them loaded anew.
                client.epoch = "gone"
        self.store.rewind(self.rng.randrange(self.store.version + 1))
        self.servers = [self.new_server() for _ in self.servers]

    def settle(self) -> None:
        """Let everything arrive, with nothing failing any more; then check the end."""
        self.faulty = False
        for round_ in range(2_000):
            if round_ % 40 == 39:
                self.now_ms += 31_000
            for client in self.clients:
                if client.connection is None:
                    client.connect()
                for _ in range(4):
                    client.receive()
                if round_ % 40 == 20:
                    client.resend()
            for server in self.servers:
                self.drain(server)
            if round_ > 45 and self.is_quiet():
                break
        else:
            raise AssertionError(f"no rest: {self.describe()}")
        # What a tab left behind that was closed meanwhile may still be parked: let it expire.
        self.now_ms += 31_000
        for server in self.servers:
            self.drain(server)
        for client in self.clients:
            for _ in range(len(client.connection.down) if client.connection else 0):
                client.receive()
        self.check_end()

    def drain(self, server: Server) -> None:
        for connection in list(server.connections):
            for _ in range(4):
                server.read(connection)
                if not connection.server_open:
                    break
                server.write(connection)
        for _ in range(len(server.tasks)):
            server.tasks.popleft()()
        server.reopen()
        server.tell(Tick())
        if server.room.version < self.store.version or server.room.epoch != self.store.log.epoch:
            # What the bus has lost is found by looking now and then.
            server.tell(Announced())
        server.begin()
        server.merge()
        server.end()

    def is_quiet(self) -> bool:
        return all(
            client.joined
            and not client.unanswered
            and client.connection is not None
            and not client.connection.up
            and not client.connection.down
            and not client.connection.outbox
            and client.version == self.store.version
            for client in self.clients
        ) and all(server.room.is_clean and not server.tasks for server in self.servers)

    def describe(self) -> str:
        states = [
            (c.name, c.joined, list(c.unanswered), c.version, c.connection and len(c.connection.up))
            for c in self.clients
        ]
        rooms = [(s.room.version, s.room.is_clean, len(s.tasks)) for s in self.servers]
        return f"{self.scenario} store {self.store.version} rooms {rooms} clients {states}"

    # --- the end ----------------------------------------------------------------------------

    def check_end(self) -> None:
        self.check_log()
        for client in self.clients:
            assert client.shown() == self.store.texts[-1], f"P5: {client.name} shows another text"
            connection = client.connection
            assert connection is not None
            assert connection.settled == connection.submitted, "not all submissions were settled"
            missing = connection.asked - connection.answered
            assert not missing, f"never answered: {missing}"
        for server in self.servers:
            assert server.room.text == self.store.texts[-1], "P5: the room has another text"

    def check_log(self) -> None:
        """P2, P3, P6, and that ops and updates say the same at every version."""
        events = self.store.log.events
        assert [event.version for event in events] == list(range(1, len(events) + 1)), "P2"
        assert max(Counter(event.id for event in events).values(), default=1) == 1, "P3"
        known = KnownState()
        replay = Editor(1, self.store.root)
        for event in events:
            judge = inspect_logged if self.scenario.unfit else inspect
            verdict = judge(event.update, known)
            assert isinstance(verdict, Ready), f"P6: version {event.version} waits: {verdict}"
            known.advance(verdict)
            replay.apply(event.update)
            assert str(replay) == self.store.texts[event.version], "ops and update differ"
        Room(NAME, self.store.log.opened(), self.limits)


def play(scenario: Scenario) -> World:
    """Run a scenario to its end."""
    world = World(scenario)
    world.run()
    return world
