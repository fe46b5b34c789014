"""Background tasks of a real process, each with a defect planted in it: none ends unnoticed.

A defect is a function of the server replaced by one that raises while a file is there. What it is
planted in is chosen so that the whole task ends: no `except` of its own catches it.

Bugs that were planted in the supervisor and around it, and the tests that failed: `_keep` returns
after a failure (every test of a task that goes on); readiness does not ask it (essential task);
`give_up` is not called (task that goes on failing, appender); the access watch goes on where it was
(role lowered meanwhile); `_contain` only logs (look, reopening); a spontaneous `CancelledError`
ends the task (cancelled).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.integration.peer import Peer, connect
from tests.integration.server import ROOT, ServerProcess
from tests.integration.shared_document import PRIVATE, SharedDocument
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql
from tests.redis_server import running_redis

pytestmark = [pytest.mark.anyio, pytest.mark.p8]

PLANT: Final = """
import asyncio, builtins, importlib, os
from pathlib import Path


def plant(target, how):
    module, _, path = target.partition(":")
    owner = importlib.import_module(module)
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    if how in ("OFTEN", "NEVER"):
        setattr(owner, name, 0.05 if how == "OFTEN" else 1e9)
        return
    real = getattr(owner, name, None) or getattr(builtins, name)

    def planted(*args, **options):
        flag = Path(os.environ["PLANTED"])
        if flag.exists():
            if how == "FIRST":
                setattr(owner, name, real)
            if how == "ONCE":
                flag.unlink()
            raise (asyncio.CancelledError if how == "CANCELLED" else RuntimeError)("planted")
        return real(*args, **options)

    setattr(owner, name, planted)

for line in os.environ["PLANTS"].split():
    target, _, how = line.partition("=")
    plant(target, how)
"""
USEFUL: Final = {
    "titles": "sync.shells.rooms.titles:Titles._rooms",
    "unloading": "sync.shells.rooms.registry:min",
    "title sweep": "sync.shells.rooms.title_sweep:_sweep_page",
    "expiry": "app.identity.expiry:sweep_once app.identity.expiry:INTERVAL_S=OFTEN",
    "held tickets": "app.identity.tokens.ticket:Tickets.renew_held",
    "audit trail": "app.audit.audit_trail:AuditTrail._write_all",
    "audit pruning": (
        "app.audit.audit_pruning:prune_once app.audit.audit_pruning:_FIRST_AFTER_S=OFTEN "
        "app.audit.audit_pruning:_INTERVAL_S=OFTEN"
    ),
    "search index": "app.search.indexer:Indexer.round",
    "trash": (
        "app.service.trash:empty_trash app.service.trash:_FIRST_AFTER_S=OFTEN "
        "app.service.trash:_INTERVAL_S=OFTEN"
    ),
    "image collection": (
        "app.service.image_collection:ImageCollector.collect "
        "app.service.image_collection:_FIRST_AFTER_S=OFTEN "
        "app.service.image_collection:INTERVAL_S=OFTEN"
    ),
    "compaction": (
        "app.service.compactor:Compactor.round app.service.compactor:_FIRST_AFTER_S=OFTEN "
        "app.service.compactor:_INTERVAL_S=OFTEN"
    ),
}
"""For each task that a process can do without for a while: what has to raise for it to end."""
ESSENTIAL: Final = {
    "room ticks": "sync.shells.rooms.executor:Tick sync.shells.rooms.executor:_SLOW_TICK_S=OFTEN",
    "socket sweep": "app.sockets:min",
    "socket reviews": "app.socket_review:_take",
    "access watch": "app.identity.watch:AccessWatch._look",
}


@contextmanager
def served(
    folder: Path, plants: str, *, is_on: bool = True, **options: Any
) -> Iterator[tuple[ServerProcess, Path]]:
    """A server with defects, and the file that has them show while it exists."""
    site, flag = folder / "site", folder / "planted"
    site.mkdir()
    (site / "sitecustomize.py").write_text(PLANT)
    environment = {
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        "PLANTS": plants,
        "PLANTED": str(flag),
        "QUIRE_TICKET_RETURN_S": "0.2",
    }
    with ServerProcess(folder, environment=environment, **options) as server:
        if is_on:
            flag.touch()
        yield server, flag


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def readiness(server: ServerProcess) -> tuple[int, str]:
    """The status of `/readyz`, and its reason if it is not 200."""
    answer = httpx.get(f"{server.url}/readyz", trust_env=False, timeout=PATIENCE_S)
    return answer.status_code, answer.json().get("detail", "")


def logged(server: ServerProcess, text: str) -> Callable[[], bool]:
    return lambda: text in server.log()


@pytest.mark.parametrize("name", USEFUL)
def test_useful_task_that_fails_is_logged_and_begins_anew(tmp_path: Path, name: str) -> None:
    with served(tmp_path, USEFUL[name]) as (server, flag):
        httpx.post(
            f"{server.url}/api/documents",
            json={"name": "notes"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        until(lambda: server.log().count(f"{name} has failed") >= 3, "it is not run again")
        assert "planted" in server.log(), "with its traceback"
        assert readiness(server) == (200, "")
        flag.unlink()
        seen = server.log().count(f"{name} has failed")
        # Longer than the pause that has been reached: in order, or it would fail again.
        time.sleep(1.0)
        assert server.log().count(f"{name} has failed") <= seen + 1
        assert server.terminate() == 0


@pytest.mark.parametrize("name", ESSENTIAL)
async def test_essential_task_that_fails_makes_the_process_unready_for_a_while(
    tmp_path: Path, name: str
) -> None:
    plants = ESSENTIAL[name] if "=" in ESSENTIAL[name] else f"{ESSENTIAL[name]}=ONCE"
    plants = plants.replace(" ", "=ONCE ", 1)
    with served(tmp_path, plants, is_on=False, arguments=PRIVATE) as (server, flag):
        async with (
            SharedDocument(server, "notes", "viewer") as ada,
            connect(server, name="Bob") as bob,
        ):
            await bob.join("notes")
            flag.touch()
            # Something to do for those that act when asked.
            await ada.let_from_outside("editor")
            until(logged(server, f"{name} has failed"), "nothing is logged")
            status, reason = readiness(server)
            assert (status, name in reason) == (503, True)
            until(lambda: readiness(server)[0] == 200, "it stays unready")
            assert server.log().count("has failed") == 1
            await bob.expect("role", doc="notes", role="editor")
            await bob.insert("notes", "b.1", "still here")


@pytest.mark.parametrize("name", ESSENTIAL)
async def test_essential_task_that_goes_on_failing_ends_the_process(
    tmp_path: Path, name: str
) -> None:
    with served(tmp_path, ESSENTIAL[name], is_on=False, arguments=PRIVATE) as (server, flag):
        async with (
            SharedDocument(server, "notes", "viewer") as ada,
            connect(server, name="Bob") as bob,
        ):
            await bob.join("notes")
            flag.touch()
            await ada.let_from_outside("editor")
            assert await bob.closed() == 1012
        assert server.ended() == 1
        assert f"this process ends, since it cannot go on: {name} has failed" in server.log()


async def test_change_of_access_that_a_failure_has_swallowed_takes_effect(tmp_path: Path) -> None:
    plants = "app.sockets:Sockets.review=ONCE"
    with served(tmp_path, plants, is_on=False, arguments=PRIVATE) as (server, flag):
        async with (
            SharedDocument(server, "notes", "editor") as ada,
            connect(server, name="Bob") as bob,
        ):
            assert (await bob.join("notes"))["role"] == "editor"
            flag.touch()
            await ada.let("viewer")
            await bob.expect("role", doc="notes", role="viewer")
            assert not flag.exists()
        assert "access watch has failed" in server.log()


async def write(bob: Peer, doc: str, event_id: str) -> None:
    await bob.send("text_insert", doc=doc, id=event_id, base=None, pos=0, text="x")


async def test_edit_that_a_failed_appender_had_in_hand_is_sent_again_to_the_next_process(
    tmp_path: Path,
) -> None:
    plants = "sync.shells.rooms.appender:Appender._take=ONCE"
    with served(tmp_path, plants, is_on=False) as (server, flag):
        async with connect(server, name="Bob") as bob:
            await bob.join("notes")
            flag.touch()
            await write(bob, "notes", "b.1")
            assert await bob.closed() == 1012
        assert server.ended() == 1
        server.start()
        async with connect(server, name="Bob") as bob:
            await bob.join("notes")
            await bob.insert("notes", "b.1", "x")


async def test_worker_whose_appender_failed_is_replaced(
    tmp_path: Path, postgresql: Postgresql
) -> None:
    plants = "sync.shells.rooms.appender:Appender._take=ONCE"
    with running_redis(tmp_path) as redis:
        async with postgresql.database() as url:
            arguments = ("--redis-url", redis.url, "--workers", "2")
            workers = {"database_url": url, "arguments": arguments}
            with served(tmp_path, plants, is_on=False, **workers) as (server, flag):
                async with connect(server, name="Bob") as bob:
                    await bob.join("notes")
                    flag.touch()
                    await write(bob, "notes", "b.1")
                    assert await bob.closed() == 1012
                until(
                    lambda: server.log().count("Started server process") == 3, "nobody replaces it"
                )
                async with connect(server, name="Bob") as bob:
                    await bob.join("notes")
                    await bob.insert("notes", "b.1", "x")


@pytest.mark.parametrize(
    ("plants", "told"),
    [
        ("sync.room.room:Room.take_batch=FIRST", "no batch can be taken"),
        (
            "storage.append:SqlAppendTransaction.insert=FIRST "
            "sync.shells.rooms.executor:Reopened=FIRST",
            "it is closed and loaded anew",
        ),
    ],
)
async def test_failed_work_for_a_room_costs_its_document_alone(
    tmp_path: Path, plants: str, told: str
) -> None:
    with served(tmp_path, plants, is_on=False) as (server, flag):
        async with connect(server, name="Bob") as bob:
            await bob.join("notes")
            await bob.join("other")
            flag.touch()
            await write(bob, "notes", "b.1")
            await bob.expect_error("store_unavailable", doc="notes")
            assert told in server.log()
            await bob.insert("other", "b.2", "kept")
            await bob.join("notes")
            await bob.insert("notes", "b.1", "sent again")
        assert readiness(server) == (200, "")


async def test_failed_look_at_the_log_costs_its_document_alone(tmp_path: Path) -> None:
    plants = "sync.shells.rooms.executor:Found=FIRST"
    with served(tmp_path, plants, is_on=False) as (server, flag):
        async with connect(server, name="Bob") as bob:
            await bob.join("notes")
            await bob.join("other")
            flag.touch()
            address = f"{server.url}/api/documents/notes"
            async with httpx.AsyncClient(
                trust_env=False, headers={"X-Quire-Name": "Bob"}, timeout=PATIENCE_S
            ) as http:
                assert (await http.patch(address, json={"title": "New"})).is_success
            await bob.expect_error("store_unavailable", doc="notes")
            await bob.insert("other", "b.2", "kept")
            await bob.join("notes")
        assert readiness(server) == (200, "")


async def test_loading_that_fails_is_logged_and_tried_again_when_asked(tmp_path: Path) -> None:
    with served(tmp_path, "sync.shells.rooms.registry:Room=FIRST", is_on=True) as (server, _):
        async with connect(server, name="Bob") as bob:
            await bob.send("join", doc="notes", mode="text")
            await bob.closed()
        assert "loading 'notes' has failed" in server.log()
        async with connect(server, name="Bob") as bob:
            await bob.join("notes")


async def test_socket_that_cannot_be_swept_is_closed_alone(tmp_path: Path) -> None:
    plants = "sync.shells.sessions.socket:Socket.keep_alive=FIRST"
    with served(tmp_path, plants, is_on=False) as (server, flag):
        async with connect(server, name="Bob") as bob, connect(server, name="Cy") as cy:
            flag.touch()
            assert await bob.closed() == 1011
            await cy.join("notes")
            await cy.insert("notes", "c.1", "x")


def test_task_that_is_cancelled_by_what_it_waits_for_is_run_again(tmp_path: Path) -> None:
    plants = "app.identity.watch:AccessWatch._look=CANCELLED"
    with served(tmp_path, plants) as (server, _):
        assert server.ended() == 1
        assert server.log().count("access watch was cancelled by what it waited for") == 5


def test_probe_that_fails_unforeseen_makes_the_process_unready(tmp_path: Path) -> None:
    plants = "storage.log:SqlEventLog.probe_write app.readiness:PROOF_LASTS_S=OFTEN"
    with served(tmp_path, plants) as (server, flag):
        until(lambda: readiness(server)[0] == 503, "it stays ready")
        assert "the probe of the store has failed" in server.log()
        flag.unlink()
        until(lambda: readiness(server)[0] == 200, "it stays unready")
