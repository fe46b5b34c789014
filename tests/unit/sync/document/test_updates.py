"""sync.document.updates: whose an update is, what is repaired, and what a full document takes.

Mutants seen caught here: a pair not inserted again; a carrier that binds what it brings; an id that
is announced taken for nobody's; others' structs taken; what waits for them forgotten; the past of
a silent session bound; a full document that takes no deletions;
a state that waits as a whole; what is behind a gap forgotten, or an edit merged in part.
"""

import pytest

from sync.document.document import Accepted, Document, Lookup, Outcome, Parked, Refused, Unchanged
from sync.document.updates import REPAIR_SESSION
from sync.error import ErrorCode
from sync.fact import Join, Tick
from sync.limit import Limits
from sync.presence.claims import AnnouncedIds
from sync.submission import Submission
from sync.wire.message import Resync
from sync.yjs.awareness import encode_awareness
from sync.yjs.gate import KnownState, Ready, inspect_logged
from sync.yjs.replica import Replica, ReplicaBrokenError, merged
from sync.yjs.update import parse_update
from tests.unit.sync.room.driven_room import (
    ANN,
    BOB,
    SERVER_CLIENT,
    DrivenRoom,
    Editor,
    MemoryLog,
    sent,
    yjs,
)
from tests.unit.sync.yjs.update_bytes import block, delete, string, update

A, B = 5, 6
"""The client ids of Ann's and Bob's documents."""


class Written:
    """A document, its log, and what its sessions announce; Ann's is `ann`, Bob's `bob`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.log = MemoryLog()
        self.ids = AnnouncedIds()
        self.document = Document(self.log.opened(), limits or Limits())
        self.document.claims = self.ids

    def announce(self, *, without_ann: bool = False) -> None:
        self.ids.note("bob", BOB.id, encode_awareness([(B, 1, "{}")]))
        if not without_ann:
            self.ids.note("ann", ANN.id, encode_awareness([(A, 1, "{}")]))

    def merge(self, submission: Submission) -> Outcome:
        self.document.begin()
        outcome = self.document.merge(submission, Lookup(), 5)
        self.log.append(self.document.made, tuple(self.document.bindings), text_root="content")
        return outcome


def carried() -> tuple[Editor, Editor]:
    """Ann has written "one", and Bob " two" after it."""
    ann, bob = Editor(A), Editor(B)
    bob.apply(ann.edit(("one",)))
    ann.apply(bob.edit((3, " two")))
    return ann, bob


@pytest.mark.p9
def test_carrier_of_a_past_takes_no_id_and_its_author_goes_on() -> None:
    written = Written()
    written.announce(without_ann=True)
    ann, bob = carried()
    outcome = written.merge(yjs("bob", "b1", bob.doc.get_update(), BOB, is_past=True))
    assert isinstance(outcome, Accepted)
    assert outcome.record.actor_id == BOB.id
    assert written.document.text == "one two"
    assert written.log.authors == {B: BOB.id}
    written.announce()
    assert isinstance(written.merge(yjs("ann", "a1", ann.edit(("zero ",)), ANN)), Accepted)
    assert written.log.authors == {A: ANN.id, B: BOB.id}
    assert isinstance(written.merge(yjs("bob", "b2", bob.edit(("* ",)), BOB)), Accepted)


@pytest.mark.p9
def test_author_s_missing_text_is_left_to_it_and_what_builds_on_that_waits() -> None:
    written = Written()
    written.announce()
    ann, bob = Editor(A), Editor(B)
    first = ann.edit(("one",))
    written.merge(yjs("ann", "a1", first, ANN))
    bob.apply(first)
    missing = ann.edit((3, "!"))
    free = bob.edit(("* ",))
    bob.apply(missing)
    bob.edit((6, "?"))
    past = yjs("bob", "b1", bob.doc.get_update(), BOB, is_past=True)
    assert written.merge(past) == Parked(((A, 4),))
    assert written.document.text == "* one"
    assert written.document.has_corrected
    assert written.merge(yjs("bob", "b2", free, BOB)) == Unchanged(2)
    assert isinstance(written.merge(yjs("ann", "a2", missing, ANN)), Accepted)
    assert isinstance(written.merge(past), Accepted)
    assert written.document.text == "* one!?"
    assert written.log.authors == {A: ANN.id, B: BOB.id}


def gap(missing: int) -> bytes:
    """What Ann wrote under A, and an edit of her other tab that waits for those before it."""
    later = string("?", (B, missing - 1))
    return update(block(B, missing, later), block(A, 0, string("one")))


@pytest.mark.parametrize("is_deletion", [False, True], ids=["structs", "deletions"])
def test_work_is_stored_beside_what_the_client_waits_for_itself(is_deletion: bool) -> None:
    written = Written()
    state = gap(2)
    if is_deletion:
        state = update(block(A, 0, string("one")), deletes=delete(B, (0, 1)))
    past = yjs("ann", "a1", state, ANN, is_past=True)
    assert written.merge(past) == Parked(((B, 1 if is_deletion else 2),))
    assert written.document.text == "one"
    assert written.merge(past) == Parked(((B, 1 if is_deletion else 2),))
    assert written.document.version == 1
    written.merge(yjs("ann-2", "a2", update(block(B, 0, string("xy", (A, 2)))), ANN))
    assert isinstance(written.merge(past), Accepted)
    assert written.document.text == ("oney" if is_deletion else "onexy?")
    assert Document(written.log.opened(), Limits()).text == written.document.text


@pytest.mark.parametrize("is_past", [False, True], ids=["edit", "state"])
def test_work_on_both_sides_of_a_gap_is_stored_once_it_is_filled(is_past: bool) -> None:
    """Recorded from `Y.mergeUpdates` of a client's first and third edit."""
    written = Written()
    merged_with_gap = bytes.fromhex("01030700040107636f6e74656e7401610a01840701016300")
    sent = yjs("ann", "a1", merged_with_gap, ANN, is_past=is_past)
    assert written.merge(sent) == Parked(((7, 2),))
    assert written.document.text == "a"
    written.merge(yjs("ann", "a2", update(block(7, 1, string("b", (7, 0)))), ANN))
    assert isinstance(written.merge(sent), Accepted)
    assert written.document.text == "abc"
    assert [parse_update(each.update).spans for each in written.log.events] == [
        [(7, 0, 1)],
        [(7, 1, 2)],
        [(7, 2, 3)],
    ]


def test_edit_that_waits_is_not_merged_in_part() -> None:
    written = Written()
    assert written.merge(yjs("ann", "a1", gap(2), ANN)) == Parked(((B, 2),))
    assert written.document.version == 0


@pytest.mark.p9
def test_carrier_cannot_add_to_another_s_id() -> None:
    written = Written()
    written.announce()
    written.merge(yjs("ann", "a1", Editor(A).edit(("one",)), ANN))
    forged = update(block(A, 3, string("!", (A, 2))))
    for number, is_past in enumerate((False, True)):
        outcome = written.merge(yjs("bob", f"b{number}", forged, BOB, is_past=is_past))
        assert outcome == Unchanged(1)
    silent = written.merge(yjs("eve", "e1", forged, BOB))
    assert isinstance(silent, Refused)
    assert silent.why.code == ErrorCode.FORBIDDEN
    assert written.document.text == "one"


@pytest.mark.p9
def test_id_that_its_author_announces_cannot_be_added_to_before_it_is_bound() -> None:
    written = Written()
    _, bob = carried()
    written.merge(yjs("bob", "b1", bob.doc.get_update(), BOB, is_past=True))
    assert written.log.authors == {}
    written.announce()
    forged = update(block(A, 3, string("!", (A, 2))))
    assert written.merge(yjs("bob", "b2", forged, BOB)) == Unchanged(1)


def test_insertion_inside_an_emoji_keeps_it() -> None:
    written = Written()
    written.merge(yjs("ann", "a1", update(block(A, 0, string("a😀b"))), ANN))
    cut = update(block(B, 0, string("x", (A, 1), (A, 2))))
    outcome = written.merge(yjs("bob", "b1", cut, BOB))
    assert isinstance(outcome, Accepted)
    assert written.document.text == "ax😀b"
    before, after = written.log.events[1:]
    assert (before.session, before.ops, before.actor_id) == (REPAIR_SESSION, (1, -1), BOB.id)
    assert (after.id, after.ops) == ("b1", (1, "x😀"))
    assert written.document.authors[SERVER_CLIENT] == ""
    later = update(block(B, 1, string("y", (B, 0), (A, 2))))
    assert isinstance(written.merge(yjs("bob", "b2", later, BOB)), Accepted)
    assert written.document.text == "axy😀b"
    assert len(written.log.events) == 4


@pytest.mark.p5
@pytest.mark.p8
def test_emoji_stays_if_what_is_put_inside_is_refused() -> None:
    """Found by `lab converge`: it was deleted, and then the replica was broken."""
    written = Written()
    written.merge(yjs("ann", "a1", update(block(A, 0, string("\U0001f600xy"))), ANN))
    before = written.document.state()
    reverse = string("z", (A, 3), (A, 2))
    for number, refused in enumerate(
        (
            update(block(B, 0, string("!", (A, 0), (A, 1)), reverse)),
            update(block(B, 0, string("\ufffd"), reverse)),
        )
    ):
        outcome = written.merge(yjs("bob", f"b{number}", refused, BOB))
        assert isinstance(outcome, Refused)
        assert outcome.why.code == ErrorCode.MALFORMED_UPDATE
    assert (written.document.text, written.document.version) == ("\U0001f600xy", 1)
    assert written.document.state() == before
    assert len(written.log.events) == 1
    cut = update(block(B, 0, string("!", (A, 0), (A, 1))))
    assert isinstance(written.merge(yjs("bob", "b9", cut, BOB)), Accepted)
    assert written.document.text == "!\U0001f600xy"


@pytest.mark.p5
def test_what_is_sent_again_with_other_content_is_in_no_event() -> None:
    """Found by `lab converge`: merged into one message, the second content took the first's place.

    Yjs and yrs both do so. A replica that was sent both events in one message never had the "a".
    """
    written = Written()
    written.merge(yjs("bob", "b1", update(block(B, 0, string("a"))), BOB))
    collected = update(block(B, 0, b"\0\7"))
    assert isinstance(written.merge(yjs("bob", "b2", collected, BOB)), Accepted)
    assert written.log.events[1].update == update(block(B, 1, b"\0\6"))
    assert isinstance(written.merge(yjs("bob", "b3", collected, BOB)), Unchanged)
    deleting = update(block(B, 0, string("z")), deletes=delete(B, (0, 1)))
    assert isinstance(written.merge(yjs("bob", "b4", deleting, BOB)), Accepted)
    assert written.log.events[2].update == update(deletes=delete(B, (0, 1)))
    updates = [event.update for event in written.log.events]
    newcomer = Editor(1)
    newcomer.apply(merged(updates[:2]))
    assert str(newcomer) == "a"
    assert str(newcomer) == written.log.text_at(2)


def test_what_is_sent_again_as_unfit_content_is_not_deleted() -> None:
    written = Written()
    written.merge(yjs("bob", "b1", update(block(B, 0, string("ab"))), BOB))
    hook = bytes.fromhex("07" + "0107636f6e74656e74" + "050170")
    again = update(block(B, 0, hook, string("b", (B, 0)), string("c", (B, 1))))
    assert isinstance(written.merge(yjs("bob", "b2", again, BOB)), Accepted)
    assert written.document.text == "abc"


@pytest.mark.p5
def test_repaired_update_that_is_sent_again_is_in_no_event() -> None:
    written = Written()
    written.merge(yjs("bob", "b1", update(block(B, 0, string("ab"))), BOB))
    again = update(block(B, 0, string("zz\0d")))
    assert isinstance(written.merge(yjs("bob", "b2", again, BOB)), Accepted)
    assert written.document.text == "abd"
    rest = update(block(B, 2, string(" d", (B, 1))), deletes=delete(B, (2, 1)))
    assert written.log.events[1].update == rest


def test_insertion_inside_an_emoji_that_came_deleted_is_stored_as_it_is() -> None:
    written = Written()
    gone = block(A, 0, string("a"), bytes((0x81, A, 0, 2)), string("b", (A, 2)))
    written.merge(yjs("ann", "a1", update(gone, deletes=delete(A, (1, 2))), ANN))
    cut = update(block(B, 0, string("x", (A, 1), (A, 2))))
    outcome = written.merge(yjs("bob", "b1", cut, BOB))
    assert isinstance(outcome, Accepted)
    assert (outcome.record.ops, outcome.record.update) == ((1, "x"), cut)
    assert not written.document.has_corrected, "its author would wait to be sent it"
    assert written.document.text == "axb"


def test_event_of_nul_alone_changes_no_text_and_what_follows_is_stored() -> None:
    written = Written()
    nul = update(block(A, 0, string("\0")))
    outcome = written.merge(yjs("ann", "a1", nul, ANN))
    assert isinstance(outcome, Accepted)
    assert (outcome.record.type, outcome.record.ops) == ("update", ())
    written.merge(yjs("ann", "a2", update(block(A, 1, string("x", (A, 0)))), ANN))
    assert written.document.text == "x"


def test_full_document_takes_the_deletions_of_a_client_that_comes_back() -> None:
    written = Written(Limits(max_document_chars=6))
    ann = Editor(A)
    written.merge(yjs("ann", "a1", ann.edit(("abcdef",)), ANN))
    assert isinstance(written.merge(yjs("ann", "a2", ann.edit((6, "gh")), ANN)), Refused)
    ann.edit((-1,))
    past = ann.doc.get_update(bytes((1, A, 6)))
    assert isinstance(written.merge(yjs("ann", "a3", past, ANN)), Refused)
    assert written.document.text == "abcdef"
    refused = written.merge(yjs("ann", "a4", past, ANN, is_past=True))
    assert isinstance(refused, Refused)
    assert refused.why.code == ErrorCode.DOCUMENT_FULL
    assert written.document.text == "bcdef"
    ann.edit((-1,))
    past = ann.doc.get_update(bytes((1, A, 6)))
    assert isinstance(written.merge(yjs("ann", "a5", past, ANN, is_past=True)), Accepted)
    assert written.document.text == "cdefgh"


@pytest.mark.p5
def test_deletion_of_what_its_author_has_not_delivered_is_asked_for_again() -> None:
    room = DrivenRoom(log=MemoryLog(authors={A: ANN.id}))
    for session, user in (("ann", ANN), ("bob", BOB)):
        room.tell(Join(session, user, "editor", "yjs", dialect="y-websocket"))
    ann, bob = Editor(A), Editor(B)
    written = ann.edit(("one",))
    bob.apply(written)
    bob.edit((-2,))
    past = bob.doc.get_update()
    room.write(yjs("bob", "b1", past, BOB, is_past=True))
    room.write(yjs("ann", "a1", written, ANN))
    assert room.room.text == "one"
    (asked,) = sent(room.tell(Tick()), "bob", Resync)
    assert not sent(room.tell(Tick()), "bob", Resync)
    again = bob.doc.get_update(asked.state_vector)
    room.write(yjs("bob", "b2", again, BOB, is_past=True))
    assert room.room.text == str(bob) == "e"


def test_deletions_that_make_room_twice_have_two_ids() -> None:
    """The first time seemed to fail, and another process moved the clocks before the retry."""
    written = Written(Limits(max_document_chars=5))
    whole = "01010500040107636f6e74656e740961626364656667686901050200010401"
    past = yjs("ann", "p", bytes.fromhex(whole), ANN, is_past=True)
    written.merge(yjs("ann", "a1", bytes.fromhex("01010500040107636f6e74656e740361626300"), ANN))
    assert isinstance(written.merge(past), Refused)
    assert written.document.text == "bc"
    written.merge(yjs("ann", "a2", bytes.fromhex("010105038405020364656600"), ANN))
    assert written.document.text == "bcdef"
    assert isinstance(written.merge(past), Refused)
    assert written.document.text == "bcdf"
    assert len({event.id for event in written.log.events}) == 4


@pytest.mark.p8
def test_update_of_which_yrs_tells_a_wrong_delta_breaks_the_replica_alone() -> None:
    # Found by chance: its structs have an origin and a right origin in different types.
    written = Written()
    sent = [
        "01010600210107636f6e74656e74016b0300",
        "010505008406010378797a41060003c405040505026162c10507060003040107636f6e74656e7401710106010101",
        "0102050c040107636f6e74656e74026162c4050a050b02616200",
        "01010510040107636f6e74656e74017100",
        "01010603c7050b05060200",
        "0102060484050202616281050d0300",
        "01010511c1050b050c0300",
    ]
    outcomes = [
        written.merge(yjs("bob", f"b{number}", bytes.fromhex(data), BOB))
        for number, data in enumerate(sent)
    ]
    assert any(isinstance(outcome, Refused) for outcome in outcomes)
    # A log from before such structs were refused may have them.
    known, replica = KnownState(), Replica(1)
    for data in sent:
        verdict = inspect_logged(bytes.fromhex(data), known)
        assert isinstance(verdict, Ready)
        replica.apply(bytes.fromhex(data), verdict)
        known.advance(verdict)
    last = bytes.fromhex("0101060944050702616200")
    verdict = inspect_logged(last, known)
    assert isinstance(verdict, Ready)
    with pytest.raises(ReplicaBrokenError):
        replica.apply(last, verdict)
