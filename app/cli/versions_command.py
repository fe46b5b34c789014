"""`quire versions`: the named versions of a document of a running server."""

import argparse
from typing import Any, Final

import msgspec

from app.cli.failure import CommandFailed, ExitCode
from app.cli.history_flags import ARGUMENTS
from app.cli.remote import Remote
from app.cli.summary import printable

_PAGE: Final = 200


def versions(flags: argparse.Namespace) -> int:
    """List the named versions, the newest first, or change one of them."""
    arguments: list[str] = flags.arguments
    if len(arguments) != ARGUMENTS[flags.action]:
        wanted = ARGUMENTS[flags.action]
        raise CommandFailed(f"versions {flags.action} takes {wanted} names", ExitCode.USAGE)
    with Remote(flags) as remote:
        match flags.action, arguments:
            case "name", [name]:
                body = {"version": flags.version, "name": name, "note": flags.note}
                _print(remote.change("POST", "/versions", body), as_json=flags.json)
            case "note", [name, text]:
                _print(
                    remote.change("PATCH", _path(remote, name), {"note": text}), as_json=flags.json
                )
            case "rename", [name, new]:
                _print(
                    remote.change("PATCH", _path(remote, name), {"name": new}), as_json=flags.json
                )
            case "delete", [name]:
                remote.change("DELETE", _path(remote, name))
            case "restore", [name]:
                print(remote.change("POST", "/restore", {"name": name})["version"])
            case _:
                _list(remote, flags.kind, as_json=flags.json)
    return ExitCode.DONE


def _list(remote: Remote, kind: str, *, as_json: bool) -> None:
    query: dict[str, str | int] = {"kind": kind, "limit": _PAGE}
    while True:
        page = remote.read("/versions", query)
        for named in page["versions"]:
            _print(named, as_json=as_json)
        if page["next"] is None:
            return
        query["before"] = page["next"]


def _path(remote: Remote, name: str) -> str:
    return f"/versions/{remote.quoted(name)}"


def _print(named: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(named).decode(), flush=True)
        return
    at = named["at"][:19].replace("T", " ")
    by = "automatic" if named["automatic"] else named["created_by"]["name"]
    fields = (str(named["version"]), at, named["name"], by, named["note"])
    print("\t".join(map(printable, fields)), flush=True)
