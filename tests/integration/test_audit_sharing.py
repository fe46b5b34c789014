"""What the audit trail has of sharing: roles, links, tickets and tokens."""

import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as open_websocket

from tests.integration.http_app import application
from tests.integration.server import ServerProcess
from tests.integration.test_audit import BASE, command, create, entries, trail
from tests.integration.test_cli import Shell

pytestmark = pytest.mark.anyio


async def test_roles_and_links_are_noted_without_secrets(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        subject = f"{BASE}/access/everyone"
        assert (await quire.http.put(subject, json={"role": "viewer"})).status_code == 204
        assert (await quire.http.delete(subject)).status_code == 204
        link = await quire.ok("POST", f"{BASE}/links", json={"role": "viewer"})
        secret = link["url"].partition("#")[2]
        guest = {"X-Quire-Name": "Mallory"}
        await quire.ok("POST", "/api/links/redeem", json={"secret": secret}, headers=guest)
        assert (await quire.http.delete(f"{BASE}/links/{link['id']}")).status_code == 204
        found = await entries(quire, 6)
    assert [(each["kind"], each["detail"]) for each in found[1:]] == [
        ("grant.changed", {"subject": "everyone", "role": "viewer"}),
        ("grant.changed", {"subject": "everyone", "role": "none"}),
        ("link.created", {"link": link["id"], "role": "viewer"}),
        ("link.redeemed", {"link": link["id"], "role": "viewer"}),
        ("link.revoked", {"link": link["id"]}),
    ]
    assert found[4]["user"]["name"] == "Mallory"
    assert secret not in repr(found)


async def test_tickets_are_noted_given_out_and_refused(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        create(server, "notes")
        url = f"{server.url.replace('http', 'ws', 1)}/yjs/notes?token=qk_{'x' * 43}"
        async with open_websocket(url, proxy=None) as socket:
            await socket.wait_closed()
        found = await trail(server, tmp_path, "notes", 2)
        assert (found[1]["kind"], found[1]["detail"]["code"]) == ("ticket.refused", "auth_failed")


async def test_issued_tickets_are_noted(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        await quire.ok("POST", "/api/tickets", json={"document": "notes"})
        found = await entries(quire, 2)
    assert (found[1]["kind"], found[1]["detail"]) == ("ticket.issued", {})


def test_tokens_that_the_command_makes_and_ends_are_noted(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        shell = Shell(tmp_path, server.url)
        url = ("--database-url", server.database_url)
        made = shell.run(
            "token", "create", *url, "--name", "bot", "--document", "notes", "--role", "editor"
        )
        token_id = made.stderr.decode().split()[1]
        shell.run("token", "revoke", token_id, *url)
        printed = command(server, tmp_path, "--json")
    assert made.stdout.decode().strip() not in printed
    found = [json.loads(line) for line in reversed(printed.splitlines())]
    assert [(each["kind"], each["address"], each["detail"]) for each in found] == [
        ("token.created", "command line", {"id": token_id, "documents": ["notes:editor"]}),
        ("token.revoked", "command line", {"id": token_id}),
    ]
