"""`quire take-back`: undo what somebody did in a document of a running server."""

import argparse
import secrets
import sys
from typing import Any

from app.cli.failure import CommandFailed, ExitCode
from app.cli.remote import Remote
from app.cli.summary import quoted
from sync.text.delta import Delta, from_wire


def take_back(flags: argparse.Namespace) -> int:
    """Take back, and print the new version; with `--dry-run` what would change."""
    wish: dict[str, Any] = {"after": flags.after, "upto": flags.upto}
    wish |= {"from": flags.since, "to": flags.until, "part": _part(flags)}
    with Remote(flags) as remote:
        if flags.by is not None:
            wish["actor"] = _actor(remote, flags.by)
        if wish["part"] is not None and flags.at is None:
            # Sent again, it must not mean another text.
            wish["part"]["version"] = remote.metadata().version
        asked = {name: value for name, value in wish.items() if value is not None}
        path = "/take-back"
        if flags.dry_run:
            path += "?dry_run=true"
        else:
            asked["id"] = f"take-back-{secrets.token_hex(8)}"
        taken = remote.change("POST", path, asked, is_safe=True)
    ops = from_wire(taken["ops"])
    if flags.dry_run:
        for line in _lines(ops):
            print(line)
    print(_summary(taken, ops), file=sys.stderr)
    if not flags.dry_run:
        print(taken["version"])
    return ExitCode.DONE


def _part(flags: argparse.Namespace) -> dict[str, int | None] | None:
    if flags.part is None:
        if flags.at is not None:
            raise CommandFailed("--at needs --part", ExitCode.USAGE)
        return None
    start, end = flags.part
    return {"version": flags.at, "from": start, "to": end}


def _actor(remote: Remote, who: str) -> str:
    """Return the id of whoever has that id or, alone, that name."""
    people = [each["actor"] for each in remote.read("/contributions")["contributions"]]
    found = {each["id"] for each in people if who in (each["id"], each["name"])}
    if len(found) != 1:
        known = ", ".join(f"{quoted(each['name'])} ({each['id']})" for each in people) or "nobody"
        trouble = "several are" if found else "nobody who wrote here is"
        raise CommandFailed(f"--by: {trouble} {quoted(who)}; there is {known}")
    return str(found.pop())


def _lines(ops: Delta) -> list[str]:
    lines: list[str] = []
    at = 0
    for op in ops:
        if isinstance(op, str):
            lines.append(f"at {at}: +{quoted(op)}")
            at += len(op)
        elif op > 0:
            at += op
        else:
            lines.append(f"at {at}: -{-op}")
    return lines


def _summary(taken: dict[str, Any], ops: Delta) -> str:
    added = sum(len(op) for op in ops if isinstance(op, str))
    removed = -sum(op for op in ops if not isinstance(op, str) and op < 0)
    span = f"after version {taken['after']} up to {taken['upto']}"
    return f"{taken['events']} events {span}: +{added} -{removed} characters"
