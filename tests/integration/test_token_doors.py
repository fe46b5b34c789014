"""Tokens and tickets at the doors of a real server: HTTP, `/ws`, `/yjs`, command line, client."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from sync.client import connect
from sync.error import QuireError
from tests.integration.server import ROOT, ServerProcess
from tests.integration.token_client import (
    ENVIRONMENT,
    SECRET,
    api_token,
    ask,
    bearer,
    document,
    enter_yjs,
    native,
    quire,
    ticket,
    token,
)
from tests.patience import SOON_S


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("jwt"), environment=ENVIRONMENT) as running:
        yield running


# --- JSON Web Tokens ----------------------------------------------------------------------------


def test_json_web_token_lets_in_over_http_as_its_grants_say(server: ServerProcess) -> None:
    notes, other = document(server, "jwt-notes"), document(server, "jwt-other")
    shown = bearer(token("ada", {"jwt-n*": "viewer"}))
    session = ask(server, "GET", "/api/session", headers=shown).json()
    assert (session["kind"], session["user"]["name"]) == ("jwt", "Ada")
    assert ask(server, "GET", f"/api/documents/{notes}/text", headers=shown).text == "Hello"
    assert ask(server, "GET", f"/api/documents/{other}/text", headers=shown).status_code == 404
    write = {"base": None, "ops": [{"insert": "x"}]}
    refused = ask(server, "POST", f"/api/documents/{notes}/edits", headers=shown, json=write)
    assert refused.status_code == 403
    listed = ask(server, "GET", "/api/documents", headers=shown).json()["documents"]
    assert [each["name"] for each in listed] == [notes]


def test_json_web_token_opens_a_socket(server: ServerProcess) -> None:
    notes = document(server, "jwt-socket")
    with native(server) as socket:
        welcome = socket.ask(type="auth", token=token("ada", {notes: "editor"}))
        assert (welcome["type"], welcome["user"]["name"]) == ("auth_ok", "Ada")
        assert socket.ask(type="join", doc=notes)["role"] == "editor"
        refused = socket.ask(type="join", doc="elsewhere")
        assert (refused["type"], refused["code"]) == ("error", "unknown_document")


@pytest.mark.parametrize("shown", ["forged", "expired", "absent"])
def test_socket_without_a_good_token_is_refused(server: ServerProcess, shown: str) -> None:
    good = token()
    secret = {"forged": good[:-8] + "AAAAAAAA", "expired": token(lasts_s=-60), "absent": None}
    with native(server) as socket:
        refused = socket.ask(type="auth", token=secret[shown])
        assert refused["code"] in ("auth_failed", "auth_required")
        assert good[:40] not in str(refused)
        assert socket.closed_with() == 4401


def test_request_with_a_bad_token_is_refused_in_words(server: ServerProcess) -> None:
    answer = ask(server, "GET", "/api/session", headers=bearer(token(lasts_s=-60)))
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_page_puts_no_json_web_token_into_an_address(server: ServerProcess) -> None:
    notes = document(server, "jwt-address")
    secret = token("ada", {notes: "editor"})
    assert enter_yjs(server, notes, f"token={secret}", Origin=server.url) == 4401
    assert enter_yjs(server, notes, f"token={secret}") is None


# --- tickets ------------------------------------------------------------------------------------


def test_ticket_opens_one_socket_of_the_page_that_asked(server: ServerProcess) -> None:
    notes = document(server, "ticket-notes")
    secret = ticket(server, token("ada", {notes: "viewer"}), server.url)
    with native(server, server.url) as socket:
        welcome = socket.ask(type="auth", token=secret)
        assert welcome["user"]["name"] == "Ada"
        assert socket.ask(type="join", doc=notes)["role"] == "viewer"
    with native(server, server.url) as again:
        assert again.ask(type="auth", token=secret)["code"] == "auth_failed"
        assert again.closed_with() == 4401


def test_ticket_for_a_document_joins_no_other_on_a_socket_of_several(
    server: ServerProcess,
) -> None:
    one, two = document(server, "ticket-one"), document(server, "ticket-two")
    secret = ticket(server, token("ada", {"ticket-*": "editor"}), document=one)
    with native(server) as socket:
        assert socket.ask(type="auth", token=secret)["type"] == "auth_ok"
        assert socket.ask(type="join", doc=one)["type"] == "joined"
        assert socket.ask(type="join", doc=two)["code"] == "unknown_document"
        assert socket.ask(type="join", doc="ticket-new")["code"] == "unknown_document"
    assert ask(server, "GET", "/api/documents/ticket-new").status_code in (401, 404)


def test_ticket_in_an_address_is_taken_again_on_the_way_back(server: ServerProcess) -> None:
    notes = document(server, "ticket-yjs")
    secret = ticket(server, token("ada", {"ticket-y*": "editor"}), server.url, document=notes)
    for _ in range(3):
        assert enter_yjs(server, notes, f"token={secret}", Origin=server.url) is None
    # Not without the page's origin, and not elsewhere.
    assert enter_yjs(server, notes, f"token={secret}") == 4401
    assert enter_yjs(server, "ticket-yother", f"token={secret}", Origin=server.url) == 4401
    with native(server, server.url) as socket:
        assert socket.ask(type="auth", token=secret)["code"] == "auth_failed"


def test_nobody_gets_a_ticket_without_saying_who_asks(server: ServerProcess) -> None:
    assert ask(server, "POST", "/api/tickets", json={}).status_code == 401
    secret = ticket(server, token())
    refused = ask(server, "POST", "/api/tickets", json={}, headers=bearer(secret))
    assert refused.status_code == 401


@pytest.mark.parametrize("body", ['{"document": "../x"}', '{"document": 5}', "[]", "{"])
def test_ticket_for_what_is_no_document_is_refused(server: ServerProcess, body: str) -> None:
    answer = ask(server, "POST", "/api/tickets", content=body, headers=bearer(token()))
    assert answer.status_code == 422


# --- API tokens ---------------------------------------------------------------------------------


def test_api_token_acts_in_its_documents_alone(server: ServerProcess) -> None:
    inside, outside = document(server, "bot-inside"), document(server, "other-outside")
    secret, _ = api_token(server, "--document", "bot-*")
    shown = bearer(secret)
    write = {"base": None, "ops": [{"insert": "x"}]}
    edited = ask(server, "POST", f"/api/documents/{inside}/edits", headers=shown, json=write)
    assert edited.status_code == 200, edited.text
    path = f"/api/documents/{inside}/history"
    event = ask(server, "GET", path, headers=shown).json()["events"][-1]
    assert event["actor"]["name"] == "Bot"
    assert event["actor"]["id"].startswith("token-")
    for method, path in (("GET", "/text"), ("DELETE", ""), ("GET", "/history")):
        there = ask(server, method, f"/api/documents/{outside}{path}", headers=shown)
        assert there.status_code == 404
    assert ask(server, "DELETE", f"/api/documents/{inside}", headers=shown).status_code == 403
    listed = ask(server, "GET", "/api/documents", headers=shown).json()["documents"]
    assert {each["name"] for each in listed} == {inside}
    session = ask(server, "GET", "/api/session", headers=shown).json()
    assert (session["kind"], session["signed_in"]) == ("token", False)


def test_api_token_creates_only_what_it_may(server: ServerProcess) -> None:
    plain, _ = api_token(server, "--document", "made-*")
    maker, _ = api_token(server, "--document", "made-*", "--create")
    body = {"name": "made-one"}
    refused = ask(server, "POST", "/api/documents", json=body, headers=bearer(plain))
    assert refused.status_code == 403
    made = ask(server, "POST", "/api/documents", json=body, headers=bearer(maker))
    assert made.status_code == 201
    elsewhere = ask(
        server, "POST", "/api/documents", json={"name": "not-mine"}, headers=bearer(maker)
    )
    assert elsewhere.status_code == 403


def test_revoked_token_ends_an_open_socket_within_a_second(server: ServerProcess) -> None:
    notes = document(server, "revoked-notes")
    secret, token_id = api_token(server, "--document", notes)
    by_ticket = ticket(server, secret, document=notes)
    with native(server) as socket, native(server) as other:
        assert socket.ask(type="auth", token=secret)["type"] == "auth_ok"
        assert socket.ask(type="join", doc=notes)["type"] == "joined"
        assert other.ask(type="auth", token=by_ticket)["type"] == "auth_ok"
        code, _, err = quire(
            server, "token", "revoke", token_id, "--database-url", server.database_url
        )
        assert code == 0, err
        began = time.monotonic()
        assert socket.closed_with() == 4401
        assert other.closed_with() == 4401
        # The watch looks every 0.3 s; nothing else would end them before their next renewal.
        assert time.monotonic() - began < SOON_S
    assert ask(server, "GET", "/api/session", headers=bearer(secret)).status_code == 401
    with native(server) as again:
        assert again.ask(type="auth", token=secret)["code"] == "auth_failed"


def test_token_that_is_over_is_listed_as_that(server: ServerProcess) -> None:
    secret, token_id = api_token(server, "--document", "listed", "--expires-in-days", "3")
    place = ("--database-url", server.database_url)
    _, before, _ = quire(server, "token", "list", *place)
    line = next(line for line in before.splitlines() if line.startswith(token_id))
    assert "\tlisted:editor\t" in line
    assert line.endswith("\tnever")
    ask(server, "GET", "/api/session", headers=bearer(secret))
    assert quire(server, "token", "revoke", token_id, *place)[0] == 0
    assert quire(server, "token", "revoke", token_id, *place)[0] == 1
    _, after, _ = quire(server, "token", "list", *place)
    line = next(line for line in after.splitlines() if line.startswith(token_id))
    assert "\trevoked\t" in line
    assert not line.endswith("\tnever")
    assert secret not in before + after


def test_secret_that_is_taken_for_an_id_is_not_repeated(server: ServerProcess) -> None:
    secret, _ = api_token(server, "--document", "x")
    code, out, err = quire(server, "token", "revoke", secret + "!")
    assert code == 2
    assert secret not in out + err


@pytest.mark.parametrize(
    "flags",
    [
        ("--document", "*-x", "--role", "editor"),
        ("--document", "../x", "--role", "editor"),
        ("--document", "x", "--role", "admin"),
        ("--document", "x"),
        ("--role", "editor"),
        ("--document", "x", "--role", "editor", "--expires-in-days", "0"),
    ],
)
def test_token_that_cannot_be_is_not_created(server: ServerProcess, flags: tuple[str, ...]) -> None:
    assert quire(server, "token", "create", "--name", "a", *flags)[0] == 2


# --- programs -----------------------------------------------------------------------------------


def test_commands_take_a_token(server: ServerProcess, tmp_path: Path) -> None:
    notes = document(server, "cli-notes")
    secret, _ = api_token(server, "--document", notes)
    place = ("--url", server.url)
    assert quire(server, "cat", notes, *place)[0] == 1
    assert quire(server, "cat", notes, *place, "--token", secret)[1] == "Hello"
    assert quire(server, "cat", notes, *place, QUIRE_TOKEN=secret)[1] == "Hello"
    file = tmp_path / "notes.md"
    file.write_text("Hello, all")
    code, _, err = quire(server, "push", notes, str(file), *place, QUIRE_TOKEN=secret)
    assert code == 0, err
    assert "Bot" in quire(server, "log", notes, *place, QUIRE_TOKEN=secret)[1]
    for wrong in ("qt_needle", "needle é", "needle\nX: y"):
        code, out, err = quire(server, "cat", notes, *place, QUIRE_TOKEN=wrong)
        assert code in (1, 2)
        assert "needle" not in out + err


def test_tail_takes_a_token(server: ServerProcess) -> None:
    notes = document(server, "tail-notes")
    secret, _ = api_token(server, "--document", notes, role="viewer")
    command = [sys.executable, "-m", "app.cli.main", "tail", notes, "--url", server.url]
    with subprocess.Popen(
        [*command, "--since", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "QUIRE_TOKEN": secret},
        stdout=subprocess.PIPE,
    ) as following:
        assert following.stdout is not None
        assert b"Owner" in following.stdout.readline()
        following.terminate()


def test_python_client_takes_a_token(server: ServerProcess) -> None:
    notes = document(server, "client-notes")
    secret, _ = api_token(server, "--document", notes)

    async def work() -> None:
        async with connect(server.url, token=secret) as client:
            joined = await client.join(notes)
            assert joined.text == "Hello"
            await joined.insert(0, "Oh. ")
        with pytest.raises(QuireError, match="not valid"):
            async with connect(server.url, token="qt_wrong"):
                raise AssertionError("it is let in")

    anyio.run(work)


# --- secrets ------------------------------------------------------------------------------------


def test_secrets_are_in_no_log_and_no_answer(server: ServerProcess) -> None:
    notes = document(server, "secret-notes")
    web = token("ada", {notes: "editor"})
    bot, _ = api_token(server, "--document", notes)
    used = ticket(server, web)
    bad = web[:-8] + "needless"
    with native(server) as socket:
        socket.ask(type="auth", token=used)
        socket.ask(type="join", doc=notes)
    answers = [
        ask(server, "GET", "/api/session", headers=bearer(secret)).text
        for secret in (web, bot, bad, used, "qt_needle", "needle.needle.needle")
    ]
    with native(server) as socket:
        answers.append(str(socket.ask(type="auth", token=bad)))
        socket.closed_with()
    seen = server.log() + "".join(answers)
    assert "ready" in seen or "Uvicorn" in seen
    for hidden in (SECRET, web, bot, used, bad, web.split(".")[2], "needle"):
        assert hidden not in seen


# --- users of the application -------------------------------------------------------------------


def test_user_of_the_application_is_known_to_operators_alone(server: ServerProcess) -> None:
    shown = bearer(token("grace"))
    mine = ask(server, "GET", "/api/session", headers=shown).json()["user"]
    listed = quire(server, "user", "list", "--database-url", server.database_url)[1]
    assert f"{mine['id']}\t-\tGrace\t" in listed
    # An application may have many customers who are not to know of each other.
    found = ask(server, "GET", "/api/users?q=gra", headers=bearer(token("ada"))).json()["users"]
    assert found == []


def test_user_who_is_shut_out_is_refused_whatever_the_application_signs(
    server: ServerProcess,
) -> None:
    notes = document(server, "shut-notes")
    secret = token("mallory", {notes: "editor"})
    session = ask(server, "GET", "/api/session", headers=bearer(secret)).json()
    by_ticket = ticket(server, secret)
    place = ("--database-url", server.database_url)
    with native(server) as socket:
        assert socket.ask(type="auth", token=secret)["type"] == "auth_ok"
        assert socket.ask(type="join", doc=notes)["type"] == "joined"
        code, _, err = quire(server, "user", "disable", session["user"]["id"], *place)
        assert code == 0, err
        assert socket.closed_with() == 4401
    for shown in (secret, token("mallory", {notes: "owner"})):
        assert ask(server, "GET", "/api/session", headers=bearer(shown)).status_code == 401
    with native(server) as socket:
        assert socket.ask(type="auth", token=by_ticket)["code"] == "auth_failed"
    assert quire(server, "user", "enable", session["user"]["id"], *place)[0] == 0
    assert ask(server, "GET", "/api/session", headers=bearer(secret)).status_code == 200
