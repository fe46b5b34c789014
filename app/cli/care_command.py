"""`quire db stats`, `compact` and `verify`: the care of the log; no server need run."""

import argparse
import sys
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.cli.progress import Progress
from app.service.compactor import compaction_rule
from app.service.log_verification import Verdict, verify_log
from app.service.retention_keeper import RetentionKeeper
from app.service.retention_rules import Retention
from app.settings import Settings
from storage.compaction.log_sizes import LogSize
from storage.store import Store
from sync.port import DocumentRecord
from sync.shells.clock import now_ms

_ROWS_AT_ONCE: Final = 5_000
_COLUMNS: Final = (
    "document",
    "versions",
    "rows",
    "bytes",
    "segments",
    "bytes",
    "merged",
    "bytes",
    "checkpoints",
    "bytes",
    "images",
    "bytes",
    "total",
)


async def run_care_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.care_flags` say."""
    async with open_current_store(settings) as store:
        match flags.action:
            case "stats":
                await print_sizes(store, flags.document, as_json=flags.json)
            case "compact":
                await compact_now(store, settings, flags.document, everything=flags.all)
            case "verify":
                await verify_now(store, flags.document)
            case _:
                raise AssertionError("the grammar has no other action")


async def print_sizes(store: Store, name: str | None, *, as_json: bool) -> None:
    """Print what each document takes, the largest first, with tabs between the columns."""
    sizes = await store.care.sizes(name)
    if name is not None and not sizes:
        raise CommandFailed(f"there is no document {name!r}")
    if not as_json:
        print("\t".join(_COLUMNS))
    for size in sorted(sizes, key=lambda each: each.total_bytes, reverse=True):
        print(_json(size) if as_json else _line(size))
    whole, free = await store.care.database_bytes()
    print(f"The database has {whole:,} bytes, {free:,} of them free.", file=sys.stderr)


def _line(size: LogSize) -> str:
    return "\t".join(map(str, (*msgspec.structs.astuple(size), size.total_bytes)))


def _json(size: LogSize) -> str:
    fields = msgspec.structs.asdict(size) | {"total_bytes": size.total_bytes}
    return msgspec.json.encode(fields).decode()


async def compact_now(
    store: Store, settings: Settings, name: str | None, *, everything: bool
) -> None:
    """Compact one document or all, as a server would in time; servers may run meanwhile.

    Args:
        everything: events of any age, not only old ones.
    """
    rule = compaction_rule(settings, is_age_ignored=everything)
    rules = Retention(store.retention, settings.default_retention)
    keeper = RetentionKeeper.of(store, rules, settings.limits(), rest=0)
    progress = Progress(sys.stderr)
    moved = gone = 0
    async for document in _documents(store, name):
        while True:
            while await store.compaction.remove_rows(document.key, _ROWS_AT_ONCE):
                pass
            count = await store.compaction.step(document.key, rule, now_ms())
            if not count:
                break
            moved += count
            progress.report("events", moved)
        await store.compaction.condense(document.key, rule, now_ms())
        gone += await keeper.keep(document.key, await rules.rule(document.key))
    print(f"{moved:,} events were moved into segments.", file=sys.stderr)
    if gone:
        print(f"{gone:,} versions are gone, as retention says.", file=sys.stderr)
    if await store.care.gives_pages_back():
        while left := await store.care.give_back():
            progress.report("free pages", left)
    elif settings.uses_sqlite:
        print(
            "Free space stays in the database file for new events; `VACUUM` in the sqlite3 shell, "
            "while no server runs, gives it back.",
            file=sys.stderr,
        )


async def verify_now(store: Store, name: str | None) -> None:
    """Replay one document or all, and print the first difference of each.

    Raises `CommandFailed` if there is any.
    """
    differing = 0
    async for document in _documents(store, name):
        verdict = await verify_log(store.log, store.care, document)
        print(_verdict_line(document, verdict))
        differing += verdict.difference is not None
    if differing:
        raise CommandFailed(f"{differing:,} documents differ from their log")


def _verdict_line(document: DocumentRecord, verdict: Verdict) -> str:
    outcome = verdict.difference or "equal"
    counts = f"{verdict.events} events", f"{verdict.checkpoints} checkpoints"
    return "\t".join((document.name, *counts, outcome))


async def _documents(store: Store, name: str | None) -> AsyncIterator[DocumentRecord]:
    """Yield one document, or all in the order in which they were created."""
    if name is not None:
        found = await store.log.find(name)
        if found is None or found.purged_at_ms is not None:
            raise CommandFailed(f"there is no document {name!r}")
        yield found
        return
    after = 0
    while keys := await store.care.document_keys(after, 500):
        heads = await store.log.heads(keys)
        for key in keys:
            head = heads.get(key)
            if head is not None and head.purged_at_ms is None:
                yield head
        after = keys[-1]
