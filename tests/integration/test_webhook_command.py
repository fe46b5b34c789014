"""`quire webhook` on the database, and `/api/webhooks` for operators."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.cli.main import main
from storage.migrate import upgrade
from storage.store import open_store
from storage.webhooks.sql_webhooks import queue_work
from storage.webhooks.webhook_record import Delivery, News
from tests.integration.accounts_app import ORIGIN
from tests.integration.cast import Cast
from tests.integration.http_app import application
from tests.integration.webhook_receiver import Receiver
from tests.patience import PATIENCE_S

LOCAL = ("--webhook-allowed-networks", "127.0.0.1")
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
    assert not receiver.faults


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path / 'quire.db'}"
    asyncio.run(upgrade(url))
    return url


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one action; returns what it printed, and said beside that."""

    def run(action: str, *arguments: str, fails: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main(["webhook", action, "--database-url", url, *arguments]) == fails
        printed = capsys.readouterr()
        return printed.out, printed.err

    return run


def add(run: Run, receiver: Receiver, *flags: str) -> str:
    """Add a webhook; return its id."""
    secret, told = run("add", receiver.url, *LOCAL, *flags)
    receiver.secret = secret.strip()
    found = re.search(r"Webhook ([0-9a-f]{16}) is told", told)
    assert found
    return found[1]


def test_secret_is_shown_once(run: Run, receiver: Receiver) -> None:
    webhook = add(run, receiver, "--event", "version.named", "--event", "document.created")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", receiver.secret)
    listed, _ = run("list")
    assert receiver.secret not in listed
    columns = listed.rstrip("\n").split("\t")
    assert columns[:3] == [webhook, receiver.url, "document.created,version.named"]
    assert columns[3:] == ["0 delivered", "0 queued", "0 dead", "0 lost", "never", "active"]


def test_message_is_sent_to_try_a_webhook(run: Run, receiver: Receiver) -> None:
    webhook = add(run, receiver)
    assert "It took the message." in run("test", webhook, *LOCAL)[1]
    assert [each.type for each in receiver.messages] == ["webhook.test"]
    receiver.answer = lambda _: 500
    assert "HTTP 500" in run("test", webhook, *LOCAL, fails=1)[1]
    assert "no public address" in run("test", webhook, fails=1)[1]


def test_old_secret_signs_as_well_for_a_time(run: Run, receiver: Receiver) -> None:
    webhook = add(run, receiver)
    old = receiver.secret
    printed, told = run("rotate", webhook)
    new = printed.strip()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", new)
    assert new != old
    assert "The one before signs as well until 20" in told
    receiver.signatures = 2
    for secret in (old, new):
        receiver.secret = secret
        run("test", webhook, *LOCAL)
    last, told = run("rotate", webhook, "--old-hours", "0")
    assert "before" not in told
    receiver.signatures, receiver.secret = 1, last.strip()
    run("test", webhook, *LOCAL)
    assert (receiver.faults, len(receiver.messages)) == ([], 3)
    receiver.secret = new
    run("test", webhook, *LOCAL)
    assert len(receiver.faults) == 1
    receiver.faults.clear()
    assert "There is no such webhook." in run("rotate", "none", fails=1)[1]


def test_webhook_is_paused_resumed_and_removed(run: Run, receiver: Receiver) -> None:
    webhook = add(run, receiver)
    run("pause", webhook)
    assert "paused: an operator has paused it" in run("list")[0]
    run("resume", webhook)
    assert run("list")[0].endswith("\tactive\n")
    run("remove", webhook)
    assert run("list") == ("", "There are no webhooks.\n")
    for action in ("pause", "resume", "remove", "test", "dead"):
        assert "There is no such webhook." in run(action, webhook, fails=1)[1]


def test_address_or_type_of_no_use_is_refused(run: Run) -> None:
    assert "no public address" in run("add", "https://127.0.0.1/hook", fails=1)[1]
    assert "https" in run("add", "ftp://example.org/hook", fails=1)[1]
    refused = run("add", "http://127.0.0.1/hook", *LOCAL, "--event", "document.opened", fails=1)
    assert "'document.opened' is none of document.created, " in refused[1]
    assert run("list")[0] == ""


def test_what_was_given_up_is_listed_sent_again_and_forgotten(
    run: Run, receiver: Receiver, url: str
) -> None:
    webhook = add(run, receiver)
    asyncio.run(_give_up(url, webhook, 3))
    lines = [json.loads(line) for line in run("dead", webhook)[0].splitlines()]
    assert [line["message"]["data"]["number"] for line in lines] == [0, 1, 2]
    assert lines[0]["error"] == "HTTP 500"
    assert "1 due again" in run("retry", webhook, lines[0]["id"])[1]
    assert "no such delivery" in run("retry", webhook, lines[0]["id"], fails=1)[1]
    assert "1 forgotten" in run("discard", webhook, lines[1]["id"])[1]
    assert "1 queued\t1 dead" in run("list")[0]
    assert "1 due again" in run("retry", webhook, "--all")[1]
    assert "2 queued\t0 dead" in run("list")[0]


async def _give_up(url: str, webhook: str, count: int) -> None:
    store = open_store(url)

    def queue(_: Delivery | None, news: News, webhook_id: str) -> list[Delivery]:
        new = Delivery(0, webhook_id, 1, f"m{news.detail}", news.type, news.detail, 0, 0, 0, 0, 0)
        return [replace(new, is_dead=True, last_error="HTTP 500")]

    news = [News(1, "version.named", f'{{"number":{number}}}') for number in range(count)]
    async with store.log._database.write() as transaction:
        await transaction.run(queue_work(news, queue, 100))
    await store.aclose()


@pytest.mark.anyio
async def test_operators_manage_webhooks_over_http(tmp_path: Path, receiver: Receiver) -> None:
    settings = {"auth": "accounts", "webhook_allowed_networks": ("127.0.0.1/32",)}
    async with application(tmp_path, **settings) as quire:
        here = Cast(quire)
        headers = {**await here.session(await here.user(is_operator=True)), "Origin": ORIGIN}
        quire.http.headers.update(headers)
        made = await quire.ok(
            "POST", "/api/webhooks", json={"url": receiver.url, "events": ["version.named"]}
        )
        receiver.secret = made.pop("secret")
        path = f"/api/webhooks/{made['id']}"
        assert await quire.ok("GET", path) == made
        assert (await quire.ok("GET", "/api/webhooks"))["webhooks"] == [made]
        assert made["events"] == ["version.named"]
        assert await quire.ok("POST", f"{path}/test") == {"ok": True, "error": None}
        assert [each.type for each in receiver.messages] == ["webhook.test"]
        paused = await quire.ok("PATCH", path, json={"paused": True})
        assert paused["paused_because"] == "an operator has paused it"
        assert (await quire.ok("PATCH", path, json={"paused": False}))["paused"] is False
        assert await quire.ok("GET", f"{path}/dead") == {"deliveries": [], "next": None}
        rotated = await quire.ok("POST", f"{path}/secret", json={})
        assert rotated["secret"] != receiver.secret
        assert rotated["old_until"] > made["created_at"]
        receiver.signatures = 2
        for secret in (receiver.secret, rotated["secret"]):
            receiver.secret = secret
            assert await quire.ok("POST", f"{path}/test") == {"ok": True, "error": None}
        assert receiver.faults == []
        too_long = await quire.refused("POST", f"{path}/secret", json={"old_hours": 721})
        assert too_long == (422, "invalid_message")
        unknown = await quire.refused("DELETE", f"{path}/dead/msg_1")
        assert unknown == (404, "unknown_delivery")
        odd = await quire.refused("GET", "/api/webhooks/%00")
        assert odd == (404, "unknown_webhook")
        refused = await quire.refused("POST", "/api/webhooks", json={"url": "http://10.0.0.1/"})
        assert refused == (422, "invalid_message")
        assert (await quire.http.delete(path)).status_code == 204
        assert (await quire.ok("GET", "/api/webhooks"))["webhooks"] == []


@pytest.mark.anyio
async def test_figures_say_what_waits_for_webhooks(tmp_path: Path, receiver: Receiver) -> None:
    async def until(*fragments: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await quire.http.get("/metrics")
                if all(re.search(f"^{each}", answer.text, re.MULTILINE) for each in fragments):
                    return
                await asyncio.sleep(0.05)

    networks = ("127.0.0.1/32",)
    async with application(tmp_path, webhook_allowed_networks=networks) as quire:
        await until("quire_webhooks 0.0", "quire_webhook_lag_seconds 0.0")
        webhook, _ = await quire.state.webhooks.add(receiver.url, [], "operator")
        receiver.answer = lambda _: 500
        await quire.create("notes")
        await until(
            "quire_webhook_queued 1.0", 'quire_webhook_attempts_total{outcome="failed"} 1.0'
        )
        lag = await quire.state.webhooks.rows.sizes()
        assert lag.oldest_at_ms is not None
        await quire.state.webhooks.pause(webhook.id, "a test")
        await until("quire_webhooks_paused 1.0", "quire_webhook_lag_seconds 0.0")
        receiver.answer = lambda _: 204
        await quire.state.webhooks.resume(webhook.id)
        await until("quire_webhook_queued 0", 'quire_webhook_attempts_total{outcome="taken"} 1')
