"""Real Yjs that cuts emoji and types NUL, through a document's merging, back to Yjs and to yrs.

Invariants: whatever is sent is taken in the end; every replica of Yjs and of yrs, however late and
in whatever pieces it is sent the log, shows the document's text; that has no NUL and no half of a
pair; each event's ops are what its update does; a document that is loaded from the log, or from a
checkpoint, is the same; and what one replica holds is what a newcomer is given.

Mutants seen caught here: no event that deletes a pair before it is cut; messages that are merged
across such an event; a diff without the cut pairs before it; U+FFFD not replaced, or without the
character behind it; halves at a string's end forgotten; half of a pair deleted as it came; NUL not
deleted; a checkpoint without the cuts.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from pycrdt import Doc, Text

from sync.document.document import Accepted, Document, Lookup, Unchanged
from sync.limit import Limits
from sync.room.feed import merged_messages
from sync.text.delta import apply
from sync.yjs.statevector import decode_state_vector
from tests.integration.npm_client import require_npm_packages
from tests.integration.yjs_process import YjsProcess
from tests.patience import SOAK
from tests.unit.sync.room.driven_room import MemoryLog, yjs

pytestmark = [pytest.mark.p3, pytest.mark.p5, pytest.mark.p6]

WORLDS = 3_000 if SOAK else 150


@pytest.fixture(scope="module")
def real_yjs() -> Iterator[YjsProcess]:
    require_npm_packages()
    process = YjsProcess("replicas.mjs")
    yield process
    process.close()


class World:
    """One document on the server, and replicas that are sent its log in pieces."""

    def __init__(self, real: YjsProcess, seed: int, *, rich: bool) -> None:
        self.rng = Random(seed)
        self.real = real
        self.rich = rich
        self.log = MemoryLog()
        self.document = Document(self.log.opened(), Limits())
        self.clients = self.rng.sample(range(1, 2**32), 3)
        self.seen = [0] * len(self.clients)
        self.yrs = [Doc[Any]() for _ in range(2)]
        self.yrs_seen = [0, 0]
        self.unsent: list[list[bytes]] = [[] for _ in self.clients]
        self.numbers = 0
        real.call("drop")

    def edit(self, at: int) -> None:
        made = self.real.call(
            "edit",
            replica=at,
            client=self.clients[at],
            edits=self.rng.choice((1, 1, 2, 5)),
            seed=self.rng.getrandbits(32),
            rich=self.rich,
        )
        self.unsent[at] += [b64decode(update) for update in made]

    def send(self, at: int) -> None:
        """Some of what a replica has made reaches the server, in order."""
        count = self.rng.randrange(len(self.unsent[at]) + 1)
        sent, self.unsent[at] = self.unsent[at][:count], self.unsent[at][count:]
        for update in sent:
            self.merge(update, at)

    def merge(self, update: bytes, at: int) -> None:
        self.numbers += 1
        document = self.document
        document.begin()
        submission = yjs(f"s{at}", f"u{self.numbers}", update)
        outcome = document.merge(submission, Lookup(), self.numbers)
        assert isinstance(outcome, Accepted | Unchanged), (outcome, update.hex())
        self.log.append(document.made, tuple(document.bindings), text_root=document.text_root)
        assert "\0" not in document.text
        # Sent again after its answer was lost, it changes nothing.
        document.begin()
        again = document.merge(yjs(f"s{at}", f"again{self.numbers}", update), Lookup(), 1)
        assert isinstance(again, Unchanged), again
        assert not document.made

    def pieces(self, since: int, upto: int) -> list[bytes]:
        """The log between two versions, in messages as a room sends them."""
        records = self.log.events[since:upto]
        pieces: list[bytes] = []
        while records:
            count = self.rng.randrange(1, len(records) + 1)
            pieces += [m.update for m in merged_messages("doc", records[:count])]
            records = records[count:]
        return pieces

    def receive(self, at: int, upto: int | None = None) -> dict[str, Any]:
        if upto is None:
            upto = self.rng.randrange(self.seen[at], len(self.log.events) + 1)
        pieces = self.pieces(self.seen[at], upto)
        self.seen[at] = upto
        updates = [b64encode(piece).decode() for piece in pieces]
        shown: dict[str, Any] = self.real.call(
            "apply", replica=at, client=self.clients[at], updates=updates
        )
        self.unsent[at] += [b64decode(update) for update in shown["made"]]
        return shown

    def receive_yrs(self, at: int, *, last: bool) -> None:
        """A replica of yrs is sent the log, or what it lacks by its state vector."""
        doc = self.yrs[at]
        head = len(self.log.events)
        if at == 0:
            upto = head if last else self.rng.randrange(self.yrs_seen[at], head + 1)
            for piece in self.pieces(self.yrs_seen[at], upto):
                doc.apply_update(piece)
            self.yrs_seen[at] = upto
            return
        if last or self.rng.randrange(4) == 0:
            cut = self.document.cut_pairs()
            if cut is not None:
                doc.apply_update(cut)
            doc.apply_update(self.document.state_since(decode_state_vector(doc.get_state())))

    def check(self) -> None:
        clients = range(len(self.clients))
        while any(self.unsent) or self.seen != [len(self.log.events)] * len(clients):
            for at in clients:
                self.send(at)
                self.receive(at, len(self.log.events))
        text = self.document.text
        lists = set()
        for at in range(len(self.clients)):
            shown = self.receive(at, len(self.log.events))
            assert shown["text"] == text, at
            assert "\0" not in shown["list"]
            lists.add(shown["list"])
        assert len(lists) == 1
        for at in range(2):
            self.receive_yrs(at, last=True)
            assert str(self.yrs[at].get("content", type=Text)) == text, at
        state = b64encode(self.document.state()).decode()
        fresh = self.real.call("apply", replica=99, client=1, updates=[state])
        assert fresh["text"] == text
        assert fresh["list"] in lists
        replayed = ""
        for record in self.log.events:
            replayed = apply(replayed, record.ops)
            assert "\0" not in replayed
        assert replayed == text
        loaded = Document(self.log.opened(), Limits())
        assert (loaded.text, loaded.clocks) == (text, self.document.clocks)
        assert loaded._known == self.document._known
        checkpoint = loaded.checkpoint()
        self.log.checkpoints.append(checkpoint)
        assert Document(self.log.opened(), Limits())._known == loaded._known
        for at in range(len(self.clients)):
            # All that it has, sent as one update by a client that comes back: nothing is new.
            (whole,) = self.real.call("state", replica=at, client=self.clients[at])
            before = self.document.version
            self.document.begin()
            self.document.merge(yjs(f"s{at}", f"w{at}", b64decode(whole)), Lookup(), 1)
            assert self.document.text == text
            assert self.document.version == before, self.document.made


@pytest.mark.parametrize("rich", [False, True], ids=["text", "rich"])
def test_replicas_that_cut_pairs_and_type_nul_agree_with_the_log(
    real_yjs: YjsProcess, rich: bool
) -> None:
    for seed in range(WORLDS):
        world = World(real_yjs, seed, rich=rich)
        try:
            for _ in range(world.rng.randrange(4, 25)):
                at = world.rng.randrange(len(world.clients))
                match world.rng.randrange(4):
                    case 0 | 1:
                        world.edit(at)
                    case 2:
                        world.send(at)
                    case 3:
                        world.receive(at)
                        world.receive_yrs(0, last=False)
                        world.receive_yrs(1, last=False)
            world.check()
        except AssertionError as error:
            raise AssertionError(f"world {seed}: {error}") from error
