"""`quire document`: documents of a database, whatever role anybody has there; no server need run.

What is changed here reaches running servers within a second, as what is changed over HTTP does.
"""

import argparse
import sys
from typing import Final

from app.audit.audit_kind import DOCUMENT_MARKED
from app.audit.audit_note import COMMAND_LINE, audit_record
from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.settings import Settings
from storage.store import Store
from sync.port import DocumentRecord
from sync.shells.clock import now_ms

_MAX_LISTED: Final = 10_000


async def run_document_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.document_flags` say."""
    async with open_current_store(settings) as store:
        if flags.document is None:
            await list_read_only(store)
        elif flags.state is None:
            found = await _find(store, flags.document)
            print("off" if found.read_only_at_ms is None else "on")
        else:
            await set_read_only(store, flags.document, is_read_only=flags.state == "on")


async def list_read_only(store: Store) -> None:
    """Print the names of documents that are read-only, the latest to become so first."""
    names = await store.access.read_only_names(_MAX_LISTED)
    for name in names:
        print(name)
    if not names:
        print("No document is read-only.", file=sys.stderr)


async def set_read_only(store: Store, name: str, *, is_read_only: bool) -> None:
    """Make a document read-only for everybody, or give the roles back."""
    found = await _find(store, name)
    await store.access.set_read_only(found.key, now_ms(), is_read_only=is_read_only)
    record = audit_record(DOCUMENT_MARKED, None, COMMAND_LINE, found, read_only=is_read_only)
    await store.audit.append([record])
    state = "read-only for everybody" if is_read_only else "no longer read-only"
    print(f"{name} is {state}.", file=sys.stderr)


async def _find(store: Store, name: str) -> DocumentRecord:
    found = await store.log.find(name)
    if found is None or found.purged_at_ms is not None:
        raise CommandFailed(f"there is no document {name!r}")
    return found
