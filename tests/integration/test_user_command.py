"""`quire user` and the first start of a server with accounts, as their own processes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.main import main
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/join#([A-Za-z0-9_-]{43})")
PASSWORD = "correct horse"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path, arguments=("--auth", "accounts")) as running:
        yield running


class Operator:
    """Runs `quire user` on the database of a server."""

    def __init__(self, server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
        self._server = server
        self._capsys = capsys

    def run(self, action: str, *arguments: str, fails: int = 0) -> tuple[str, str]:
        """Run one action; returns what it printed, and said beside that."""
        self._capsys.readouterr()
        where = ["--database-url", self._server.database_url]
        assert main(["user", action, *where, *arguments]) == fails
        printed = self._capsys.readouterr()
        return printed.out, printed.err

    def link(self, action: str, *arguments: str) -> str:
        """Run an action that prints a link; returns its secret."""
        printed, told = self.run(action, "--port", str(self._server.port), *arguments)
        assert "once" in told
        return secret_of(printed)

    def join(self, login: str, *flags: str) -> dict[str, Any]:
        """Invite somebody, who joins."""
        secret = self.link("invite", *flags)
        answer = accept(self._server, secret, login=login, name=login.title())
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state


@pytest.fixture
def operator(
    server: ServerProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Operator:
    for name in os.environ:
        if name.startswith("QUIRE_"):
            monkeypatch.delenv(name)
    return Operator(server, capsys)


def browser(server: ServerProcess) -> httpx.Client:
    headers = {"Origin": server.url}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=PATIENCE_S)


def accept(server: ServerProcess, secret: str, **fields: str) -> httpx.Response:
    body = {"secret": secret, "password": PASSWORD} | fields
    with browser(server) as opened:
        return opened.post("/api/invitations/accept", json=body)


def secret_of(printed: str) -> str:
    found = LINK.search(printed)
    assert found is not None, printed
    return found[2]


def test_first_start_prints_the_owners_link_once_and_no_start_prints_it_again(
    server: ServerProcess,
) -> None:
    links = LINK.findall(server.log())
    assert [port for port, _ in links] == [str(server.port)]
    server.restart()
    assert len(LINK.findall(server.log())) == 1
    assert "quire user invite --operator" in server.log()
    [(_, secret)] = links
    answer = accept(server, secret, login="owner", name="Owner")
    assert answer.json()["operator"] is True
    before = server.log()
    server.restart()
    assert "operator" not in server.log()[len(before) :]
    assert accept(server, secret, login="second", name="Second").status_code == 404


def test_operators_command_prints_another_link(server: ServerProcess, operator: Operator) -> None:
    assert operator.join("owner", "--operator")["operator"] is True
    assert operator.join("ada")["operator"] is False
    flags = ("--public-url", "https://quire.example.org/pad/", "--days", "1")
    printed, _ = operator.run("invite", *flags)
    assert printed.startswith("https://quire.example.org/pad/join#")


def test_reset_link_sets_a_new_password(server: ServerProcess, operator: Operator) -> None:
    operator.join("ada")
    answer = accept(server, operator.link("reset-password", "ADA"), password="battery staple")
    assert answer.json()["user"]["name"] == "Ada"
    with browser(server) as opened:
        signing_in = {"login": "ada", "password": "battery staple"}
        assert opened.post("/api/session", json=signing_in).status_code == 200


def test_user_is_listed_shut_out_let_in_and_made_operator(
    server: ServerProcess, operator: Operator
) -> None:
    assert operator.run("list") == ("", "There are no users.\n")
    user_id = operator.join("ada")["user"]["id"]

    def states() -> str:
        [line] = operator.run("list")[0].splitlines()
        known_id, login, name, held, created_at = line.split("\t")
        assert (known_id, login, name, created_at[-1]) == (user_id, "ada", "Ada", "Z")
        return held

    assert states() == "-"
    operator.run("operator", "ada")
    assert states() == "operator"
    with browser(server) as opened:
        signing_in = {"login": "ada", "password": PASSWORD}
        assert opened.post("/api/session", json=signing_in).status_code == 200
        operator.run("disable", user_id)
        assert states() == "operator,disabled"
        assert opened.get("/api/session").json()["kind"] == "visitor"
        assert opened.post("/api/session", json=signing_in).status_code == 401
        operator.run("enable", "ada")
        assert opened.get("/api/session").json()["kind"] == "visitor"
        assert opened.post("/api/session", json=signing_in).json()["operator"] is True
    operator.run("operator", "ada", "--revoke")
    assert states() == "-"


def test_what_the_operator_does_is_in_the_audit_trail(
    server: ServerProcess, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = operator.join("ada", "--operator")["user"]["id"]
    reset = operator.link("reset-password", "ada")
    operator.run("disable", "ada")
    operator.run("enable", "ada")
    operator.run("operator", "ada", "--revoke")
    assert main(["audit", "--database-url", server.database_url, "--json"]) == 0
    printed = capsys.readouterr().out
    found = [json.loads(line) for line in printed.splitlines()]
    noted = [each for each in found if each["address"] == "command line"]
    for each in noted:
        each["detail"].pop("invitation", None)
    assert sorted(((each["kind"], each["detail"]) for each in noted), key=repr) == sorted(
        [
            ("invitation.created", {"operator": True}),
            ("invitation.created", {"of": ada}),
            ("user.changed", {"of": ada, "disabled": True}),
            ("user.changed", {"of": ada, "disabled": False}),
            ("user.changed", {"of": ada, "operator": False}),
        ],
        key=repr,
    )
    assert reset not in printed


def test_wrong_user_or_flag_is_an_error(operator: Operator) -> None:
    for action in ("reset-password", "disable", "enable", "operator"):
        for login in ("nobody", "\u202e", "\ud800", "a\0", "x" * 3_000):
            assert "there is no user" in operator.run(action, login, fails=1)[1]
    for days in ("0", "366", "x", "9" * 3_000, "\u0661"):
        operator.run("invite", "--days", days, fails=2)
    operator.run("unknown", fails=2)
    operator.run("invite", "--public-url", "nonsense", fails=2)


def test_server_that_others_can_reach_does_not_start_without_a_choice(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "serve", "--host", "0.0.0.0", "--port", "0"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert "--auth accounts" in done.stderr
    assert not list(tmp_path.iterdir())
