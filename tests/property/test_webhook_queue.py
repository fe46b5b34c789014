"""The queue of a webhook, through every order of changes, attempts, failures, deaths and pauses.

The queue here is a list; that the one in SQL gives out the same is in
`tests/contract/test_webhooks.py`. A receiver takes what it answers, drops doubles by their id, and
may take a message although the outcome is never saved.

- Of each document it takes messages in the order of the changes, and each change is in one of them:
  none is missing, none is told of twice, unless it was given up, which is known.
- An id always comes with the same content.
- Ranges of edits have no version that is told of twice, and none that was lost.
- Once the receiver takes everything, nothing is left, in a bounded time.

Seen to be caught: content that grows after an attempt, or is open again when it is due again; edits
that grow over a lost one; other types that grow; a range that begins at 0; an extension that
forgets the newest versions; the second delivery of a document taken while the first is tried; edits
that wait for ever; a webhook that stays paused when it is resumed.
"""

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from app.webhook.delivery_plan import (
    EDITED,
    MAX_TRIES,
    TROUBLED,
    DeliveryRules,
    Failure,
    after_failure,
    after_success,
    attempted,
    due_again,
    paused,
    permitted,
    queued,
    resumed,
)
from app.webhook.webhook_message import message_of
from storage.webhooks.webhook_record import Delivery, News, Webhook
from tests.patience import SOAK

RULES = DeliveryRules(quiet_ms=5_000, longest_ms=20_000, pause_after_ms=3_600_000)
LEASE_MS = 30_000
DOCUMENTS = (1, 2, 3)
OTHERS = ("document.deleted", "version.named")


class WebhookQueueMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 0
        self.webhook = Webhook("w", "https://example.org", b"key", (), "u", 0)
        self.queue: list[Delivery] = []
        self.number = 0
        self.heads: dict[int, int] = defaultdict(int)
        self.told: dict[int, list[str]] = defaultdict(list)
        """What was to be told of each document: one entry for each version or other change."""
        self.taken: dict[int, list[str]] = defaultdict(list)
        self.contents: dict[str, bytes] = {}
        self.given_up: set[str] = set()
        self.in_hand: list[Delivery] = []

    @initialize(chance=st.floats(0, 0.999))
    def begin(self, chance: float) -> None:
        self.chance = chance

    def put(self, news: News) -> None:
        tails = [
            each
            for each in self.queue
            if each.document_key == news.document_key and not each.is_dead
        ]
        tail = max(tails, key=lambda each: each.key, default=None)
        for written in queued(tail, news, "w", self.new_id, self.now_ms, RULES):
            if written.key:
                self.queue = [written if e.key == written.key else e for e in self.queue]
            else:
                self.queue.append(replace(written, key=self.number))

    def new_id(self) -> str:
        self.number += 1
        return f"msg_{self.number}"

    @rule(document=st.sampled_from(DOCUMENTS), versions=st.integers(1, 3))
    def edit(self, document: int, versions: int) -> None:
        after = self.heads[document]
        self.heads[document] = after + versions
        self.told[document] += [f"v{v}" for v in range(after + 1, after + versions + 1)]
        self.put(News(document, EDITED, "{}", after, after + versions))

    @rule(document=st.sampled_from(DOCUMENTS))
    def lose(self, document: int) -> None:
        """An edit is not queued, as too much was."""
        self.heads[document] += 1

    @rule(document=st.sampled_from(DOCUMENTS), type_=st.sampled_from(OTHERS))
    def change(self, document: int, type_: str) -> None:
        told = f"{type_} {len(self.told[document])}"
        self.told[document].append(told)
        self.put(News(document, type_, f'{{"told":"{told}"}}'))

    @rule(ms=st.sampled_from([1, 4_999, 5_000, 31_000, 600_000, 43_300_000]))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @precondition(lambda self: self.due() and not self.in_hand)
    @rule(place=st.integers(0, 7))
    def wear_out(self, place: int) -> None:
        """A delivery has failed so often that one more time is the last."""
        ready = self.due()
        worn = ready[place % len(ready)]
        last = replace(worn, tries=MAX_TRIES - 1, attempts=worn.attempts + MAX_TRIES)
        self.contents.setdefault(worn.id, message_of(worn))
        self.queue = [last if each.key == last.key else each for each in self.queue]

    @rule(most=st.integers(1, 3))
    def take(self, most: int) -> None:
        allowed, webhook = permitted(self.webhook, self.now_ms, most, LEASE_MS)
        chosen = self.due()[:allowed]
        if chosen:
            self.webhook = webhook
        for each in chosen:
            begun = attempted(each, self.now_ms, LEASE_MS)
            self.queue = [begun if e.key == begun.key else e for e in self.queue]
            self.in_hand.append(begun)

    def due(self) -> list[Delivery]:
        first: dict[int, Delivery] = {}
        for each in sorted(self.queue, key=lambda each: each.key):
            if not each.is_dead:
                first.setdefault(each.document_key, each)
        ready = [each for each in first.values() if each.due_at_ms <= self.now_ms]
        return sorted(ready, key=lambda each: (each.due_at_ms, each.key))

    @precondition(lambda self: self.in_hand)
    @rule(
        place=st.integers(0, 7),
        outcome=st.sampled_from(["taken", "refused", "taken, not saved", "neither", "gone"]),
    )
    def answer(self, place: int, outcome: str) -> None:
        delivery = self.in_hand.pop(place % len(self.in_hand))
        if delivery.due_at_ms <= self.now_ms:
            # Its process was slower than its lease: in time it would have given up by itself.
            return
        self.send(delivery, is_taken=outcome.startswith("taken"))
        if outcome == "taken":
            self.settle(delivery, None)
        elif outcome in ("refused", "gone"):
            self.settle(delivery, Failure("no", is_gone=outcome == "gone"))

    def send(self, delivery: Delivery, *, is_taken: bool) -> None:
        body = message_of(delivery)
        assert self.contents.setdefault(delivery.id, body) == body, "the content has changed"
        if not is_taken or self.is_taken(delivery.id):
            return
        self.contents[f"taken {delivery.id}"] = body
        told = self.taken[delivery.document_key]
        if delivery.type == EDITED:
            told += [f"v{v}" for v in range(delivery.after + 1, delivery.upto + 1)]
        else:
            told.append(delivery.detail.split('"')[3])

    def is_taken(self, message_id: str) -> bool:
        return f"taken {message_id}" in self.contents

    def settle(self, delivery: Delivery, failure: Failure | None) -> None:
        found = next((each for each in self.queue if each.key == delivery.key), None)
        if found is None or found.is_dead:
            return
        if failure is None:
            self.webhook = after_success(self.webhook, self.now_ms)
            self.queue = [each for each in self.queue if each.key != delivery.key]
            return
        if found.attempts != delivery.attempts:
            return
        self.webhook, left = after_failure(
            self.webhook, found, failure, self.now_ms, self.chance, RULES
        )
        self.queue = [left if each.key == left.key else each for each in self.queue]
        if left.is_dead:
            since_ms = self.webhook.failing_since_ms
            assert since_ms is not None
            is_brief = self.now_ms - since_ms < RULES.pause_after_ms
            assert is_brief or self.webhook.failures < TROUBLED, "it dies, and nothing is taken"
            assert self.webhook.paused_at_ms is None
            self.given_up.add(left.id)

    @rule()
    def pause(self) -> None:
        self.webhook = paused(self.webhook, self.now_ms, "an operator")

    @rule()
    def resume(self) -> None:
        self.webhook = resumed(self.webhook)
        assert permitted(self.webhook, self.now_ms, 3, LEASE_MS)[0] == 3
        self.queue = [each if each.is_dead else due_again(each, self.now_ms) for each in self.queue]

    @invariant()
    def order_is_kept(self) -> None:
        for document, taken in self.taken.items():
            if self.given_up:
                # In order all the same, with gaps where something was given up.
                places = [self.told[document].index(each) for each in taken]
                assert places == sorted(set(places))
            else:
                assert taken == self.told[document][: len(taken)]

    @invariant()
    def edits_are_told_of_in_time(self) -> None:
        for each in self.queue:
            if not each.attempts:
                assert each.due_at_ms <= each.first_at_ms + RULES.longest_ms

    def teardown(self) -> None:
        """The receiver takes everything from now on, and somebody resumes the webhook."""
        self.resume()
        for _ in range(10_000):
            if all(each.is_dead for each in self.queue):
                break
            self.now_ms += 1_000
            before = list(self.in_hand)
            self.take(3)
            for delivery in [each for each in self.in_hand if each not in before]:
                self.in_hand.remove(delivery)
                self.send(delivery, is_taken=True)
                self.settle(delivery, None)
        self.order_is_kept()
        assert all(each.is_dead for each in self.queue), "something is left"
        if not self.given_up:
            assert {key: told for key, told in self.told.items() if told} == {
                key: taken for key, taken in self.taken.items() if taken
            }


WebhookQueueMachine.TestCase.settings = settings(
    max_examples=2_000 if SOAK else 60, stateful_step_count=200 if SOAK else 50, deadline=None
)
TestWebhookQueue = WebhookQueueMachine.TestCase
