"""`quire tail`: follow a document of a running server."""

import argparse
import asyncio
import sys

import msgspec

from app.cli.failure import CommandFailed, ExitCode
from app.cli.remote import Remote
from app.cli.summary import describe
from sync.client import Change, ConnectionLost, Document, Replaced, connect
from sync.error import QuireError
from sync.text.delta import DeltaError, to_wire
from sync.wire.event import event_ops


def tail(flags: argparse.Namespace) -> int:
    """Follow a document until interrupted, over restarts of the server."""
    with Remote(flags) as remote:
        # A join would create it; to follow what is not there is most likely a mistake.
        remote.metadata()
        try:
            asyncio.run(_follow(flags, remote))
        except (ConnectionLost, QuireError, DeltaError) as error:
            raise CommandFailed(str(error)) from None
        except ValueError as error:
            raise CommandFailed(f"--url {error}", ExitCode.USAGE) from None
    return ExitCode.DONE


async def _follow(flags: argparse.Namespace, remote: Remote) -> None:
    async with connect(remote.url, name=remote.name, token=remote.token) as client:
        document = await client.join(remote.document)
        events = document.events()
        if flags.since is not None:
            await _print_missed(remote, document, flags)
        async for event in events:
            match event:
                case Change():
                    _print(_as_json(event) if flags.json else _as_line(event))
                case Replaced():
                    text = f"now at version {event.version}; what was in between cannot be shown"
                    print(f"quire: {text}", file=sys.stderr)


async def _print_missed(remote: Remote, document: Document, flags: argparse.Namespace) -> None:
    at, upto = flags.since, document.version
    while at < upto:
        page = await asyncio.to_thread(remote.after, at, upto)
        if not page:
            return
        for event in page:
            ops = event_ops(event)
            change = Change(
                event.version, event.id, ops, ops, own=False, actor=event.actor, at=event.at
            )
            _print(_as_json(change) if flags.json else _as_line(change))
        at = page[-1].version


def _as_line(change: Change) -> str:
    author = change.actor.name if change.actor is not None else ""
    return describe(change.version, change.at, author, change.ops)


def _as_json(change: Change) -> str:
    shown = {
        "version": change.version,
        "id": change.id,
        "actor": change.actor,
        "at": change.at,
        "ops": to_wire(change.ops),
    }
    return msgspec.json.encode(shown).decode()


def _print(line: str) -> None:
    """At once, so that whoever reads a pipe sees it when it happens."""
    print(line, flush=True)
