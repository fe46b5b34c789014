"""Webhooks of real servers at a real receiver that fails, hangs, restarts and lies about its name.

With QUIRE_SOAK=1 the last test has 60 rounds of trouble instead of 2.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import run_sync

from app.service.webhook_desk import WebhookDesk
from app.webhook.webhook_http import WebhookHttp
from storage.store import Store
from tests.certificate import make_certificate
from tests.contract.sample import open_whole
from tests.integration.server import ServerProcess
from tests.integration.test_processes import cluster
from tests.integration.webhook_receiver import Message, Receiver
from tests.patience import PATIENCE_S, SOAK
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

pytestmark = pytest.mark.anyio

ROUNDS = 60 if SOAK else 2
LOCAL = ("127.0.0.0/8",)
QUICK = (
    *("--webhook-allowed-networks", LOCAL[0]),
    *("--webhook-quiet-s", "0.1", "--webhook-longest-s", "0.5", "--webhook-timeout-s", "0.5"),
)
NAME = {"X-Quire-Name": "Ada"}


@asynccontextmanager
async def desk_on(url: str) -> AsyncIterator[WebhookDesk]:
    """What operators do with webhooks, in this process."""
    store: Store = open_whole(url)
    async with WebhookHttp(LOCAL, 5.0) as http:
        yield WebhookDesk(store.webhooks, http)
    await store.aclose()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
    assert not receiver.faults


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[tuple[ServerProcess, WebhookDesk]]:
    """A server on SQLite, and its webhooks."""
    with ServerProcess(tmp_path, arguments=QUICK) as server:
        async with desk_on(server.database_url) as desk:
            yield server, desk


async def tell(desk: WebhookDesk, receiver: Receiver, *events: str) -> str:
    """Have a receiver told; return the id of the webhook."""
    webhook, receiver.secret = await desk.add(receiver.url, events, "operator")
    return webhook.id


async def ask(server: ServerProcess, method: str, path: str, **options: Any) -> Any:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S, headers=NAME) as http:
        answer = await http.request(method, server.url + path, **options)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def create(server: ServerProcess, name: str) -> None:
    await ask(server, "POST", "/api/documents", json={"name": name})


async def edit(server: ServerProcess, name: str) -> int:
    body = {"base": None, "ops": [{"insert": "x"}]}
    return int((await ask(server, "POST", f"/api/documents/{name}/edits", json=body))["version"])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def until_state(desk: WebhookDesk, condition: Callable[[Any], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition((await desk.states())[0]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_what_happens_to_a_document_is_told_in_order(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    await tell(desk, receiver)
    await create(server, "notes")
    await edit(server, "notes")
    await edit(server, "notes")
    await ask(server, "POST", "/api/documents/notes/versions", json={"name": "Final"})
    await ask(server, "PUT", "/api/documents/notes/access/user:u9", json={"role": "viewer"})
    await ask(server, "DELETE", "/api/documents/notes")
    await until(lambda: bool(told := receiver.messages) and told[-1].type == "document.deleted")
    # One message tells of both edits, unless a delivery fell between them.
    created, *edits, named, joined, deleted = receiver.messages
    epoch = created.data["epoch"]
    same = {"document": "notes", "epoch": epoch}
    ada = named.data["user"]
    assert [(each.type, each.data) for each in (created, named, joined, deleted)] == [
        ("document.created", same),
        ("version.named", same | {"version": 2, "name": "Final", "user": ada}),
        ("member.joined", same | {"user": "u9", "role": "viewer", "by": "grant"}),
        ("document.deleted", same),
    ]
    bounds = [0, *(each.data["to"] for each in edits)]
    assert bounds in ([0, 2], [0, 1, 2])
    assert [(each.type, each.data) for each in edits] == [
        ("document.edited", same | {"from": begin, "to": end}) for begin, end in pairwise(bounds)
    ]
    count = len(receiver.messages)
    await until_state(desk, lambda state: state.webhook.delivered == count and not state.queued)


async def test_delivery_that_fails_or_hangs_holds_back_its_document_alone(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    webhook_id = await tell(desk, receiver)
    stuck = {"failing": 500, "hanging": 0}
    receiver.answer = lambda message: stuck.get(message.data["document"], 204)
    for name in ("failing", "hanging"):
        await create(server, name)
        await edit(server, name)
    await until(lambda: receiver.requests >= 2)
    for number in range(3):
        await create(server, f"other-{number}")
        await edit(server, f"other-{number}")
    await until(lambda: len(receiver.messages) >= 6)
    assert {document for _, document in receiver.taken} == {f"other-{n}" for n in range(3)}
    await until_state(desk, lambda state: state.queued == 4 and bool(state.webhook.last_error))
    receiver.answer = lambda _: 204
    await desk.resume(webhook_id)
    await until(lambda: len(receiver.messages) >= 10)
    for name in stuck:
        told = [type_ for type_, document in receiver.taken if document == name]
        assert told == ["document.created", "document.edited"]


async def test_receiver_that_was_away_gets_what_it_missed(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    webhook_id = await tell(desk, receiver)
    await create(server, "before")
    await until(lambda: len(receiver.messages) == 1)
    receiver.stop()
    await create(server, "meanwhile")
    await until_state(desk, lambda state: state.webhook.last_error == "no connection")
    receiver.start()
    # Otherwise it takes some seconds.
    await desk.resume(webhook_id)
    await until(lambda: len(receiver.messages) == 2)
    assert receiver.taken[1] == ("document.created", "meanwhile")


async def test_receiver_with_a_certificate_of_another_name_is_told_nothing(tmp_path: Path) -> None:
    authority, right = make_certificate(tmp_path, "localhost")
    _, wrong = make_certificate(tmp_path, "elsewhere.example", authority=authority)
    trusted = {"SSL_CERT_FILE": str(authority)}
    with (
        Receiver(right, host="localhost") as receiver,
        Receiver(wrong, host="localhost") as liar,
        ServerProcess(tmp_path, arguments=QUICK, environment=trusted) as server,
    ):
        async with desk_on(server.database_url) as desk:
            await tell(desk, receiver)
            await desk.add(liar.url, (), "operator")
            await create(server, "notes")
            await until(lambda: len(receiver.messages) == 1)
            async with asyncio.timeout(PATIENCE_S):
                while not (state := (await desk.states())[1]).webhook.failures:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert state.webhook.last_error == "its certificate is not valid for that name"
            assert liar.requests == 0


async def test_redirects_are_not_followed(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    with Receiver() as other:
        receiver.location, receiver.answer = other.url, lambda _: 307
        await tell(desk, receiver)
        await create(server, "notes")
        await until_state(
            desk, lambda state: "redirects are not followed" in state.webhook.last_error
        )
        assert other.requests == 0


async def test_receiver_that_is_gone_is_paused_and_said_to_be(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    webhook_id = await tell(desk, receiver)
    receiver.answer = lambda _: 410
    await create(server, "notes")
    await until_state(desk, lambda state: state.webhook.paused_at_ms is not None)
    assert "410" in (await desk.states())[0].webhook.paused_because
    await until(lambda: f"webhook {webhook_id} is paused" in server.log())
    await create(server, "more")
    await until_state(desk, lambda state: state.queued == 2)
    assert receiver.requests == 1
    receiver.answer = lambda _: 204
    await desk.resume(webhook_id)
    await until(lambda: len(receiver.messages) == 2)


async def test_nothing_is_missing_after_a_server_was_killed(
    here: tuple[ServerProcess, WebhookDesk], receiver: Receiver
) -> None:
    server, desk = here
    webhook_id = await tell(desk, receiver)
    receiver.answer = lambda message: 0 if message.data["document"] == "b" else 204
    for name in "abc":
        await create(server, name)
        await edit(server, name)
    await until(lambda: receiver.requests >= 3)
    await run_sync(server.kill9)
    receiver.answer = lambda _: 204
    await run_sync(server.start)
    # Otherwise what it was sending waits for the end of its lease.
    await desk.resume(webhook_id)
    await until(lambda: len(receiver.messages) >= 6)
    for name in "abc":
        told = [type_ for type_, document in receiver.taken if document == name]
        assert told == ["document.created", "document.edited"]


class Trouble:
    """A receiver in trouble: by chance it fails or hangs."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.level = 0.0

    def __call__(self, _: Message) -> int:
        if self.dice.random() >= self.level:
            return 204
        return self.dice.choice((500, 500, 429, 0))


async def test_three_processes_deliver_all_in_order_through_every_trouble(
    tmp_path: Path, postgresql: Postgresql, receiver: Receiver
) -> None:
    trouble = Trouble(1)
    receiver.answer = trouble
    documents = [f"doc-{number}" for number in range(6)]
    heads: dict[str, int] = defaultdict(int)
    names: dict[str, int] = defaultdict(int)
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(running_redis(tmp_path))
        url, servers = await stack.enter_async_context(
            cluster(tmp_path, postgresql, redis.url, 3, QUICK)
        )
        desk = await stack.enter_async_context(desk_on(url))
        webhook_id = await tell(desk, receiver)
        for name in documents:
            await create(servers[0], name)
        for number in range(ROUNDS):
            trouble.level = trouble.dice.choice((0.2, 0.5, 1.0))
            victim = servers[number % 3]
            alive = [server for server in servers if server is not victim]
            for _ in range(12):
                name = trouble.dice.choice(documents)
                heads[name] = await edit(trouble.dice.choice(alive), name)
                if trouble.dice.random() < 0.2:
                    names[name] += 1
                    body = {"name": f"Version {names[name]}"}
                    path = f"/api/documents/{name}/versions"
                    await ask(trouble.dice.choice(alive), "POST", path, json=body)
            if number % 2:
                receiver.stop()
            await run_sync(victim.kill9)
            await desk.resume(webhook_id)
            await run_sync(victim.start)
            if number % 2:
                receiver.start()
        trouble.level = 0.0
        deadline = time.monotonic() + PATIENCE_S
        while (await desk.states())[0].queued or not is_all_told(receiver, heads):
            assert time.monotonic() < deadline, receiver.messages
            await desk.resume(webhook_id)
            await asyncio.sleep(0.3)
        state = (await desk.states())[0]
        assert (state.dead, state.webhook.lost) == (0, 0)
    for name in documents:
        told = [each for each in receiver.messages if each.data["document"] == name]
        assert told[0].type == "document.created"
        edits = [(e.data["from"], e.data["to"]) for e in told if e.type == "document.edited"]
        at = 0
        for after, upto in edits:
            assert after == at, edits
            at = upto
        assert at == heads[name]
        named = [e.data["name"] for e in told if e.type == "version.named"]
        assert named == [f"Version {number + 1}" for number in range(names[name])]


def is_all_told(receiver: Receiver, heads: dict[str, int]) -> bool:
    """Whether the receiver knows of the newest version of each document."""
    known: dict[str, int] = defaultdict(int)
    for each in list(receiver.messages):
        if each.type == "document.edited":
            known[each.data["document"]] = each.data["to"]
    return known == heads
