"""The audit trail of a running server: what each door notes, and who may read it."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from websockets.asyncio.client import connect as open_websocket

from app.http.access import _principal_of
from app.identity.principal import Principal
from sync.user import User
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, encode_sync
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.http_app import Application, EventStream, application
from tests.integration.peer import connect, open_socket
from tests.integration.server import ServerProcess
from tests.integration.test_cli import Shell
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

Entry = dict[str, Any]
BASE = "/api/documents/notes"
MALLORY = {"X-Quire-Name": "Mallory"}


async def entries(
    quire: Application,
    at_least: int,
    path: str = f"{BASE}/audit",
    headers: dict[str, str] | None = None,
) -> list[Entry]:
    """The entries that a path lists, oldest first, once there are so many."""
    with anyio.fail_after(PATIENCE_S):
        while True:
            page = await quire.ok("GET", path, headers=headers)
            if len(page["entries"]) >= at_least:
                return list(reversed(page["entries"]))
            await anyio.sleep(0.02)


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    async with application(tmp_path, default_access="viewer") as running:
        yield running


async def test_acts_on_a_document_are_noted_with_who_and_from_where(quire: Application) -> None:
    await quire.create(text="one")
    await quire.edit("notes", 1, {"insert": "two "})
    await quire.text("notes")
    await quire.ok("POST", f"{BASE}/restore", json={"version": 1})
    found = await entries(quire, 3)
    assert [each["kind"] for each in found] == [
        "document.created",
        "document.exported",
        "document.restored",
    ]
    assert found[2]["detail"] == {"version": 1, "new_version": 3}
    assert {each["address"] for each in found} == {"127.0.0.1"}
    assert all(each["user"]["name"] for each in found)
    assert {each["document"] for each in found} == {"notes"}


async def test_a_deletion_is_noted(quire: Application) -> None:
    await quire.create()
    assert (await quire.http.delete(BASE)).status_code == 204
    backend = quire.state.backend
    with anyio.fail_after(PATIENCE_S):
        while backend.audit.waiting or not await backend.audit.page(  # noqa: ASYNC110
            None, before=None, limit=1, kind="document.deleted"
        ):
            await anyio.sleep(0.02)


async def test_refused_requests_are_noted_with_their_route(quire: Application) -> None:
    await quire.create(text="one")
    ops = {"base": 1, "ops": [{"insert": "x"}]}
    assert await quire.refused("POST", f"{BASE}/edits", json=ops, headers=MALLORY)
    assert await quire.refused("DELETE", BASE, headers=MALLORY)
    assert await quire.refused("GET", f"{BASE}/audit", headers=MALLORY)
    assert await quire.refused("GET", BASE, headers={"Authorization": "Bearer qt_" + "x" * 40})
    foreign = {"Origin": "https://evil.example"}
    assert await quire.refused("DELETE", BASE, headers=foreign)
    found = [each for each in await entries(quire, 5) if each["kind"] == "access.refused"]
    assert [(each["detail"]["code"], each["detail"]["route"]) for each in found] == [
        ("forbidden", "POST /api/documents/{document}/edits"),
        ("forbidden", "DELETE /api/documents/{document}"),
        ("forbidden", "GET /api/documents/{document}/audit"),
        ("auth_failed", "GET /api/documents/{document}"),
    ]
    assert [(each["user"] or {}).get("name") for each in found] == ["Mallory"] * 3 + [None]
    assert {each["detail"]["door"] for each in found} == {"http"}


async def test_refused_streams_and_documents_that_are_not_there_are_noted(
    quire: Application,
) -> None:
    async with EventStream(quire.app, "/api/documents/none/events") as stream:
        assert stream.status == 404
    page: list[Any] = []
    with anyio.fail_after(PATIENCE_S):
        while not page:
            page = await quire.state.backend.audit.page(None, before=None, limit=9, kind=None)
            await anyio.sleep(0.02)
    (record,) = page
    assert (record.kind, record.document, record.document_key) == ("access.refused", "none", None)
    assert record.detail["route"] == "GET /api/documents/{document}/events"


async def test_figures_tell_how_the_trail_does(quire: Application) -> None:
    figures = (await quire.http.get("/metrics")).text
    assert "quire_audit_waiting 0.0" in figures
    assert "quire_audit_dropped_total 0.0" in figures


async def test_only_owners_read_the_trail_of_a_document(quire: Application) -> None:
    await quire.create()
    assert await quire.refused("GET", f"{BASE}/audit", headers=MALLORY) == (403, "forbidden")
    assert await quire.refused("GET", "/api/documents/none/audit") == (404, "unknown_document")


async def test_only_operators_read_the_trail_of_the_server(quire: Application) -> None:
    await quire.create("notes")
    await quire.create("other")
    assert await quire.refused("GET", "/api/audit") == (403, "forbidden")
    user = User("u-op", "Op", "#112233")
    operator = Principal(user, "account", is_signed_in=True, is_operator=True)
    quire.app.dependency_overrides[_principal_of] = lambda: operator
    found = await entries(quire, 3, "/api/audit")
    assert [each["document"] for each in found] == ["notes", "other", None]
    visitor = Principal(User("", "Visitor", "#112233"), "visitor", is_signed_in=False)
    quire.app.dependency_overrides[_principal_of] = lambda: visitor
    assert await quire.refused("GET", "/api/audit") == (401, "auth_required")


async def test_pages_of_the_trail_follow_each_other(quire: Application) -> None:
    await quire.create()
    for version in range(25):
        quire.state.backend.audit.note("grant.changed", None, "", "notes", number=version)
    await entries(quire, 26)
    seen: list[int] = []
    path, before = f"{BASE}/audit?kind=grant.changed&limit=10", ""
    while True:
        page = await quire.ok("GET", path + before)
        seen += [each["detail"]["number"] for each in page["entries"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert seen == list(reversed(range(25)))


# --- sockets, and the command line --------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("audit")
    with ServerProcess(folder, arguments=("--default-access", "viewer")) as running:
        yield running


def command(server: ServerProcess, folder: Path, *arguments: str) -> str:
    """What `quire audit` prints."""
    shell = Shell(folder, server.url)
    done = shell.run("audit", "--database-url", server.database_url, *arguments)
    return done.stdout.decode()


async def trail(server: ServerProcess, folder: Path, document: str, at_least: int) -> list[Entry]:
    """The records of a document, oldest first, once there are so many."""
    with anyio.fail_after(PATIENCE_S):
        while True:
            printed = await anyio.to_thread.run_sync(
                lambda: command(server, folder, "--document", document, "--json")
            )
            found = [json.loads(line) for line in printed.splitlines()]
            if len(found) >= at_least:
                return list(reversed(found))
            await anyio.sleep(0.1)


def create(server: ServerProcess, name: str) -> None:
    body = {"name": name, "text": "one"}
    with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
        http.post("/api/documents", json=body, headers={"X-Quire-Name": "Ada"}).raise_for_status()


async def test_joins_and_refused_edits_of_quire_v1_are_noted(
    server: ServerProcess, tmp_path: Path
) -> None:
    create(server, "native")
    async with connect(server, name="Mallory") as mallory:
        await mallory.join("native")
        for number in range(5):
            await mallory.send(
                "text_insert", doc="native", id=f"m.{number}", base=None, pos=0, text="x"
            )
            await mallory.expect_error("forbidden", id=f"m.{number}")
    # Ten seconds after the first refusal the other four follow as one record: on a busy machine it
    # may be there already.
    records = await trail(server, tmp_path, "native", 3)
    found, later = records[:3], records[3:]
    assert {each["kind"] for each in later} <= {"access.refused"}
    assert sum(each["detail"]["count"] for each in later) <= 4
    assert [(each["kind"], each["name"]) for each in found] == [
        ("document.created", "Ada"),
        ("document.joined", "Mallory"),
        ("access.refused", "Mallory"),
    ]
    assert found[1]["detail"] == {"role": "viewer", "door": "quire"}
    assert found[2]["detail"] == {"code": "forbidden", "door": "quire"}
    assert found[2]["address"] == "127.0.0.1"


async def test_messages_before_authentication_are_noted(
    server: ServerProcess, tmp_path: Path
) -> None:
    create(server, "unproven")
    async with connect(server, name=None) as nobody:
        await nobody.send("join", doc="unproven", mode="text")
        await nobody.expect_error("auth_required")
    found = await trail(server, tmp_path, "unproven", 2)
    assert (found[1]["kind"], found[1]["user"]) == ("access.refused", "")
    assert found[1]["detail"] == {"code": "auth_required", "door": "quire"}


@pytest.mark.parametrize("dialect", ["y-websocket", "hocuspocus"])
async def test_joins_and_refused_edits_of_the_yjs_dialects_are_noted(
    server: ServerProcess, tmp_path: Path, dialect: str
) -> None:
    name = f"doc-{dialect}"
    create(server, name)
    prefix = encode_address(name) if dialect == "hocuspocus" else b""
    path = "/hocuspocus" if prefix else f"/yjs/{name}"
    update = YjsReplica(7).edit((0, 0, "x"))
    url = f"{server.url.replace('http', 'ws', 1)}{path}?name=Mallory"
    async with open_websocket(url, proxy=None) as socket:
        if prefix:
            await socket.send(prefix + b"\x02\x00\x03tok")
        await socket.send(prefix + encode_sync(SyncKind.UPDATE, update))
        found = await trail(server, tmp_path, name, 3)
    assert [(each["kind"], each["name"]) for each in found] == [
        ("document.created", "Ada"),
        ("document.joined", "Mallory"),
        ("access.refused", "Mallory"),
    ]
    assert found[1]["detail"] == {"role": "viewer", "door": dialect}
    assert found[2]["detail"] == {"code": "forbidden", "door": dialect}


async def test_a_socket_with_a_token_that_is_no_good_is_noted(
    server: ServerProcess, tmp_path: Path
) -> None:
    create(server, "tokens")
    url = f"{server.url.replace('http', 'ws', 1)}/yjs/tokens?token=qt_{'x' * 40}"
    async with open_websocket(url, proxy=None) as socket:
        await socket.wait_closed()
    found = await trail(server, tmp_path, "tokens", 2)
    assert (found[1]["kind"], found[1]["detail"]["code"]) == ("access.refused", "auth_failed")


async def test_a_socket_of_a_foreign_page_is_noted(server: ServerProcess, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="403"):
        async with open_socket(server, origin="https://evil.example"):
            pass
    with anyio.fail_after(PATIENCE_S):
        kind = ("--kind", "access.refused")
        while "foreign_origin" not in command(server, tmp_path, *kind):  # noqa: ASYNC110
            await anyio.sleep(0.1)


def test_the_command_filters_and_prints_lines(server: ServerProcess, tmp_path: Path) -> None:
    create(server, "lines")
    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(trail, server, tmp_path, "lines", 1)
    (line,) = command(server, tmp_path, "--document", "lines").splitlines()
    time, kind, user, address, document = line.split("\t")
    assert (kind, address, document) == ("document.created", "127.0.0.1", "lines")
    assert user.endswith("(Ada)")
    assert time.endswith("Z")
    assert command(server, tmp_path, "--document", "lines", "--since", "1h") == f"{line}\n"
    assert command(server, tmp_path, "--document", "lines", "--since", "2999-01-01") == ""
    assert command(server, tmp_path, "--document", "lines", "--kind", "signed_in") == ""
    assert len(command(server, tmp_path, "--limit", "1").splitlines()) == 1
    shell = Shell(tmp_path, server.url)
    url = ("--database-url", server.database_url)
    assert b"no document" in shell.run("audit", *url, "--document", "none", fails=1).stderr
    assert b"neither a time" in shell.run("audit", *url, "--since", "soon", fails=2).stderr


def test_a_stopping_server_writes_what_is_left(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        create(server, "last")
        with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http:
            for number in range(30):
                assert http.get(f"/api/documents/none-{number}").status_code == 404
        assert server.terminate() == 0
        printed = command(server, tmp_path, "--json", "--kind", "access.refused")
    found = [json.loads(line) for line in printed.splitlines()]
    assert sum(each["detail"].get("count", 1) for each in found) == 30
    assert len(found) < 25


async def test_message_before_authentication_is_noted_once(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create("unproven")
        async with AsgiSocket(quire.app, "/ws") as socket:
            await socket.say("join", doc="unproven")
            assert (await socket.hear("error"))["code"] == "auth_required"
    assert await refusals(tmp_path) == [("auth_required", 1)]


async def test_join_that_is_refused_is_noted_once(tmp_path: Path) -> None:
    async with application(tmp_path, default_access="private") as quire:
        await quire.create("hers")
        async with AsgiSocket(quire.app, "/ws") as socket:
            await socket.say("auth", name="Ada")
            await socket.hear("auth_ok")
            await socket.say("join", doc="hers")
            assert (await socket.hear("error"))["code"] == "unknown_document"
    assert await refusals(tmp_path) == [("unknown_document", 1)]


async def refusals(folder: Path) -> list[tuple[str, int]]:
    """Return the codes of what was refused, with their counts.

    What is taken together is written at the latest when the application ends.
    """
    async with application(folder) as quire:
        page = await quire.state.backend.audit.page(
            None, before=None, limit=9, kind="access.refused"
        )
    return [(record.detail["code"], record.detail.get("count", 1)) for record in page]
