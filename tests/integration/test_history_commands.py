"""`quire versions` and `quire take-back` as processes against a real server."""

import json

import httpx
import pytest

from tests.integration.server import ServerProcess
from tests.integration.test_cli import Shell, server, shell

__all__ = ["server", "shell"]


def edit(server: ServerProcess, doc: str, name: str, *ops: dict[str, object]) -> None:
    body = {"base": None, "ops": list(ops)}
    answer = httpx.post(
        f"{server.url}/api/documents/{doc}/edits", json=body, headers={"X-Quire-Name": name}
    )
    assert answer.is_success, answer.text


def create(server: ServerProcess, doc: str) -> None:
    body = {"name": doc, "text": "one two"}
    answer = httpx.post(f"{server.url}/api/documents", json=body, headers={"X-Quire-Name": "Ada"})
    assert answer.is_success, answer.text


def lines(output: bytes) -> list[list[str]]:
    return [line.split("\t") for line in output.decode().splitlines()]


def test_versions_are_named_listed_changed_and_brought_back(
    server: ServerProcess, shell: Shell
) -> None:
    create(server, "v1")
    edit(server, "v1", "Ben", {"insert": "zero "})
    named = shell.run("versions", "v1", "name", "First/é".replace("/", " "), "--version", "1")
    ((version, at, name, by, note),) = lines(named.stdout)
    assert (version, name, by, note, at[4], at[10]) == ("1", "First é", "Ada", "", "-", " ")
    shell.run("versions", "v1", "name", "Now", "--note", "two\nlines")
    found = lines(shell.run("versions", "v1").stdout)
    assert [(each[0], each[2], each[4]) for each in found] == [
        ("2", "Now", "two\\nlines"),
        ("1", "First é", ""),
    ]
    shell.run("versions", "v1", "rename", "First é", "50% #1?")
    shell.run("versions", "v1", "note", "50% #1?", "half")
    rows = shell.run("versions", "v1", "list", "--json", "--kind", "named").stdout.splitlines()
    assert [json.loads(row)["name"] for row in rows] == ["Now", "50% #1?"]
    assert shell.run("versions", "v1", "restore", "50% #1?").stdout == b"3\n"
    assert shell.run("cat", "v1").stdout == b"one two"
    shell.run("versions", "v1", "delete", "50% #1?")
    assert b"No version" in shell.run("versions", "v1", "delete", "50% #1?", fails=1).stderr
    shell.run("versions", "v1", "rename", "Now", fails=2)
    shell.run("versions", "v1", "burn", "Now", fails=2)
    assert shell.run("versions", "v1", "--kind", "automatic").stdout == b""


def test_doings_of_one_are_taken_back(server: ServerProcess, shell: Shell) -> None:
    create(server, "t1")
    edit(server, "t1", "Ben", {"retain": 3}, {"delete": 4}, {"insert": " 2"})
    edit(server, "t1", "Cleo", {"retain": 5}, {"insert": "!"})
    shown = shell.run("take-back", "t1", "--by", "Ben", "--dry-run")
    assert b'+" two"' in shown.stdout
    assert b"1 events after version 0 up to 3: +4 -2 characters" in shown.stderr
    assert shell.run("cat", "t1").stdout == b"one 2!"
    assert shell.run("take-back", "t1", "--by", "Ben").stdout == b"4\n"
    text = shell.run("cat", "t1").stdout
    assert sorted(text) == sorted(b"one two!")
    assert shell.run("take-back", "t1", "--by", "Ben").stdout == b"4\n"
    assert shell.run("cat", "t1").stdout == text
    log = shell.run("log", "t1", "--limit", "1", "--json").stdout
    assert json.loads(log)["session"].startswith("take-back-0-3-")


@pytest.mark.parametrize("bounds", [("--after", "1"), ("--after", "1", "--to", "2100-01-01")])
def test_everybody_is_taken_back_in_a_range(
    server: ServerProcess, shell: Shell, bounds: tuple[str, ...]
) -> None:
    doc = f"r{len(bounds)}"
    create(server, doc)
    edit(server, doc, "Ben", {"insert": "x"})
    shell.run("take-back", doc, *bounds)
    assert shell.run("cat", doc).stdout == b"one two"


def test_part_of_the_text_is_taken_back(server: ServerProcess, shell: Shell) -> None:
    create(server, "p1")
    edit(server, "p1", "Ben", {"insert": "x "}, {"retain": 3}, {"delete": 4}, {"insert": " 2"})
    assert shell.run("cat", "p1").stdout == b"x one 2"
    asked = ("take-back", "p1", "--after", "1", "--part", "5:7")
    assert b'+" two"' in shell.run(*asked, "--at", "2", "--dry-run").stdout
    assert shell.run(*asked).stdout == b"3\n"
    assert shell.run("cat", "p1").stdout == b"x one two"
    assert b"no such part" in shell.run("take-back", "p1", "--part", "5:70", fails=1).stderr
    for flags in (("--part", "7:5"), ("--part", "5"), ("--at", "3")):
        shell.run("take-back", "p1", *flags, fails=2)


def test_whoever_is_not_known_is_told_of_those_who_are(server: ServerProcess, shell: Shell) -> None:
    create(server, "u1")
    said = shell.run("take-back", "u1", "--by", "Zed", fails=1).stderr
    assert b'nobody who wrote here is "Zed"' in said
    assert b'"Ada" (open-' in said
    assert b"not a time" in shell.run("take-back", "u1", "--from", "soon", fails=2).stderr
