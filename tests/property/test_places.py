"""Where units stand: what the gate calls ready never stands between two parents.

The gate's ranges are compared with a record of every unit by itself. Then, for documents of
invented updates: none shows another text once its state is loaded anew. Without the rule of
parents it is 65 of 1,000, without that of neighbours 28.

Mutants seen caught here: no comparison of origin and right origin; places not kept; a keystroke
in a nested type taken for one in the main root; what is not between neighbours not verified.
"""

from random import Random

from sync.yjs.content import GC
from sync.yjs.gate import KnownState, Ready, decode_pairs, inspect
from sync.yjs.place import COLLECTED, UNKNOWN, Place
from sync.yjs.replica import Replica, ReplicaBrokenError
from sync.yjs.update import Struct, Update, parse_update
from tests.patience import SOAK
from tests.property.hostile_update import invent

_DOCUMENTS = 20_000 if SOAK else 150
_UPDATES = 12


class Record:
    """The place of every unit, one by one."""

    def __init__(self) -> None:
        self.units: dict[tuple[int, int], Place] = {}

    def take(self, update: Update) -> None:
        """Take in a ready update; its structs in whatever order they can be placed."""
        named = {(client, start): at for client, start, at in update.places}
        left = [each for each in update.structs if (each.client, each.end - 1) not in self.units]
        while left:
            later: list[Struct] = []
            for struct in left:
                key = (struct.client, struct.start)
                sides = [
                    (on, clock)
                    for client, start, on, clock, _ in update.dependencies
                    if (client, start) == key and key not in named
                ]
                if any(side not in self.units for side in sides):
                    later.append(struct)
                    continue
                beside = {self.units[side] for side in sides}
                places = beside - {UNKNOWN, COLLECTED}
                assert len(places) < 2, f"{key} stands between {places}"
                if COLLECTED in beside:
                    assert not any(map(_is_in_root, places)), f"{key} stands beside nothing"
                if struct.kind == GC or (beside == {COLLECTED} and key not in named):
                    place = COLLECTED
                else:
                    place = named.get(key, places.pop() if places else UNKNOWN)
                for clock in range(struct.start, struct.end):
                    if key in self.units and clock > struct.start and struct.kind != GC:
                        place = self.units[struct.client, clock - 1]
                    self.units.setdefault((struct.client, clock), place)
            assert len(later) < len(left), "structs that wait for each other"
            left = later


def _is_in_root(place: Place) -> bool:
    return place[:1] == b"\1"


def _document(seed: int) -> bool:
    """Send a document invented updates; returns whether its state shows its text."""
    rng = Random(seed)
    known, record, replica = KnownState(), Record(), Replica(1)
    replica.known = known
    log: list[bytes] = []
    for _ in range(400):
        if len(log) == _UPDATES:
            break
        update = invent(rng, known.clocks)
        verdict = inspect(update, known)
        if not isinstance(verdict, Ready) or not (verdict.authored or verdict.deletes):
            continue
        try:
            if replica.apply(update, verdict).refused:
                continue
        except (ReplicaBrokenError, UnicodeDecodeError):
            replica = Replica(1)
            replica.known = known
            replica.load(log)
            continue
        record.take(parse_update(update))
        known.advance(verdict)
        if rng.randrange(2):
            known = KnownState(known.clocks, decode_pairs(known.encode_pairs()))
            replica.known = known
        log.append(update)
        for (client, clock), place in record.units.items():
            assert known.marks.places.find(client, clock) == place, (seed, client, clock)
    fresh = Replica(2)
    fresh.load([replica.state()])
    return fresh.text == replica.text


def test_nothing_ready_stands_between_two_parents() -> None:
    differ = sum(not _document(seed) for seed in range(_DOCUMENTS))
    assert not differ
