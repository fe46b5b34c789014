"""The queue of the audit trail, through every order of notes, batches, failures and its end.

- Each record that is noted is written, counted in a summary, or told of as dropped: the numbers add
  up by kind, at every moment and at the end. While the store is up, none is dropped.
- The queue and its windows never hold more than their bounds.
- Records that are not coalesced keep their order.
- A flood of what anybody can cause leaves room for what it cannot.

Seen to be caught: a batch removed when taken; `failed` that forgets its batch; drops forgotten
while a report of them is under way; `close` without the counts of open windows; summaries past the
bound; windows or a queue without a bound; a number of an address's windows that only grows; a count
forgotten at the end of a window; `give_up` that forgets.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.audit.audit_kind import DROPPED
from app.audit.audit_queue import AuditQueue
from app.audit.coalescing import Coalescing, Rule
from storage.audit_rows import AuditRecord

MAX_RECORDS = 12
MAX_BATCH = 5
FLOODING = "access.refused"
VISITING = "document.joined"
RULES = {FLOODING: Rule(2.0, 2, 3, 0.5), VISITING: Rule(5.0, 3, 5, 0.8)}
PLAIN = ("grant.changed", "document.deleted")


def counts(records: list[AuditRecord]) -> Counter[str]:
    """How many notes records tell of, dropped ones included, by kind."""
    found: Counter[str] = Counter()
    for record in records:
        if record.kind == DROPPED:
            assert record.detail["count"] == sum(record.detail["kinds"].values())
            found.update(record.detail["kinds"])
        else:
            found[record.kind] += record.detail.get("count", 1)
    return found


class AuditQueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.coalescing = Coalescing(RULES)
        self.queue = AuditQueue(self.coalescing, max_records=MAX_RECORDS, max_batch=MAX_BATCH)
        self.now_s = 0.0
        self.noted: Counter[str] = Counter()
        self.number = 0
        self.written: list[AuditRecord] = []
        self.batch: list[AuditRecord] = []
        self.is_given_up = False

    @rule(
        kind=st.sampled_from([FLOODING, VISITING]),
        user=st.sampled_from("abcd"),
        address=st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]),
        times=st.integers(1, 20),
    )
    def note_often(self, kind: str, user: str, address: str, times: int) -> None:
        for _ in range(times):
            self.queue.note(AuditRecord(self.number, kind, user, user, address), self.now_s)
        self.noted[kind] += times

    @rule(kind=st.sampled_from(PLAIN), times=st.integers(1, 4))
    def note(self, kind: str, times: int) -> None:
        for _ in range(times):
            self.number += 1
            self.queue.note(AuditRecord(self.number, kind, "ada", "Ada", ""), self.now_s)
        self.noted[kind] += times

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @precondition(lambda self: not self.batch)
    @rule()
    def take(self) -> None:
        self.batch = self.queue.take(self.now_s)
        assert len(self.batch) <= MAX_BATCH + 1

    @precondition(lambda self: self.batch)
    @rule()
    def wrote(self) -> None:
        self.written += self.batch
        self.batch = []
        self.queue.wrote()

    @precondition(lambda self: self.batch)
    @rule()
    def failed(self) -> None:
        self.batch = []
        self.queue.failed()

    @precondition(lambda self: self.batch)
    @rule()
    def give_up(self) -> None:
        self.batch = []
        self.queue.give_up()
        self.is_given_up = True

    @invariant()
    def is_bounded(self) -> None:
        assert len(self.queue) <= MAX_RECORDS
        for kind, windows in self.coalescing._windows.items():
            assert len(windows) <= RULES[kind].max_windows + 1

    @invariant()
    def windows_are_counted_by_address(self) -> None:
        found = Counter(window.network for window in self.coalescing._all())
        assert self.coalescing._of_network == found

    @invariant()
    def numbers_add_up(self) -> None:
        held = counts(list(self.queue._waiting)) + Counter(self.queue._dropped)
        for window in self.coalescing._all():
            held[window.shown.kind] += window.count
        assert counts(self.written) + held == self.noted

    @invariant()
    def others_keep_their_order(self) -> None:
        order = [each.at_ms for each in self.written if each.kind in PLAIN]
        assert order == sorted(set(order))

    def teardown(self) -> None:
        if self.batch:
            self.queue.failed()
        self.queue.close()
        while batch := self.queue.take(self.now_s):
            self.written += batch
            self.queue.wrote()
        assert self.queue.is_idle
        assert counts(self.written) == self.noted
        told = [each.detail["count"] for each in self.written if each.kind == DROPPED]
        assert sum(told) == self.queue.dropped


AuditQueueMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60)
TestAuditQueue = AuditQueueMachine.TestCase
