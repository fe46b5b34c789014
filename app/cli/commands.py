"""The commands of `quire`: each is a function of its parsed flags and returns an exit code.

What a command needs is imported in it: each costs what the others need not pay.
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Mapping
from functools import partial

from app.cli.failure import ExitCode
from app.cli.images_command import check_images, copy_blobs
from app.cli.progress import Progress
from app.image_settings import image_place
from app.settings import Settings


def run_serve(flags: argparse.Namespace) -> int:
    # What is imported stays: looking for garbage in it takes 20 to 40 ms of half a second. The
    # server switches it on again once it has started.
    gc.disable()
    # Imported only here: it costs a third of a second, which `quire cat` need not pay.
    from app.server.serve import run

    try:
        code = run(Settings.load(_given(flags)))
    except SystemExit:
        # uvicorn's way to say that it cannot listen there; it has logged why.
        return ExitCode.FAILED
    return code if code in (ExitCode.DONE, ExitCode.INTERRUPTED) else ExitCode.FAILED


def run_db_upgrade(flags: argparse.Namespace) -> int:
    from storage.migrate import upgrade

    settings = Settings.load(_given(flags))
    asyncio.run(upgrade(settings.database_url))
    print("The database is up to date.", file=sys.stderr)
    return ExitCode.DONE


def run_db_copy(flags: argparse.Namespace) -> int:
    from storage.copy import copy_installation

    progress = Progress(sys.stderr)
    copied = asyncio.run(copy_installation(flags.source, flags.target, progress.report))
    rows = ", ".join(f"{count:,} {table}" for table, count in copied.items() if count)
    print(f"Copied, and counted again: {rows or 'nothing'}.", file=sys.stderr)
    source = flags.blobs_from or image_place("", flags.source)
    target = flags.blobs_to or image_place("", flags.target)
    if flags.blobs:
        asyncio.run(copy_blobs(Settings.load({}), flags.target, source, target))
    elif copied["images"]:
        print(f"The bytes of images were not copied: they are at {source}.", file=sys.stderr)
    return ExitCode.DONE


def run_db_images(flags: argparse.Namespace) -> int:
    settings = Settings.load(_given(flags))
    work = check_images(settings, fetch_from=flags.fetch_from, delete_orphans=flags.delete_orphans)
    asyncio.run(work)
    return ExitCode.DONE


def run_db_new_epoch(flags: argparse.Namespace) -> int:
    from storage.rewind import renew_epochs

    settings = Settings.load(_given(flags))
    count = asyncio.run(renew_epochs(settings.database_url))
    print(f"{count:,} documents have a new epoch.", file=sys.stderr)
    return ExitCode.DONE


def run_db_care(flags: argparse.Namespace) -> int:
    from app.cli.care_command import run_care_command

    asyncio.run(run_care_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_db_backup(flags: argparse.Namespace) -> int:
    from app.cli.backup_command import run_backup_command

    asyncio.run(run_backup_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_db_cursors(flags: argparse.Namespace) -> int:
    from app.cli.cursors import drop_cursor, print_cursors

    settings = Settings.load(_given(flags))
    work = print_cursors if flags.drop is None else partial(drop_cursor, name=flags.drop)
    asyncio.run(work(settings.database_url))
    return ExitCode.DONE


def run_db_reindex(flags: argparse.Namespace) -> int:
    from app.cli.cursors import rebuild_search

    settings = Settings.load(_given(flags))
    asyncio.run(rebuild_search(settings.database_url))
    return ExitCode.DONE


def run_user(flags: argparse.Namespace) -> int:
    from app.cli.user_command import run_user_command

    asyncio.run(run_user_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_token(flags: argparse.Namespace) -> int:
    from app.cli.token_command import run_token_command

    asyncio.run(run_token_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_webhook(flags: argparse.Namespace) -> int:
    from app.cli.webhook_command import run_webhook_command

    asyncio.run(run_webhook_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_on_document(flags: argparse.Namespace) -> int:
    from app.cli.document_command import run_document_command

    asyncio.run(run_document_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def run_audit(flags: argparse.Namespace) -> int:
    from app.cli.audit_command import print_audit

    settings = Settings.load(_given(flags))
    work = print_audit(
        settings.database_url,
        document=flags.document,
        kind=flags.kind,
        since_ms=flags.since,
        limit=flags.limit,
        as_json=flags.json,
    )
    asyncio.run(work)
    return ExitCode.DONE


def run_cat(flags: argparse.Namespace) -> int:
    # Imported only here, as the next ones: an HTTP client costs what the others need not pay.
    from app.cli.read import cat

    return cat(flags)


def run_log(flags: argparse.Namespace) -> int:
    from app.cli.read import log

    return log(flags)


def run_tail(flags: argparse.Namespace) -> int:
    from app.cli.tail import tail

    return tail(flags)


def run_push(flags: argparse.Namespace) -> int:
    from app.cli.push import push

    return push(flags)


def run_export(flags: argparse.Namespace) -> int:
    from app.cli.document_files import export

    return export(flags)


def run_import(flags: argparse.Namespace) -> int:
    from app.cli.document_files import bring_in

    return bring_in(flags)


def run_versions(flags: argparse.Namespace) -> int:
    from app.cli.versions_command import versions

    return versions(flags)


def run_take_back(flags: argparse.Namespace) -> int:
    from app.cli.take_back_command import take_back

    return take_back(flags)


def run_check(flags: argparse.Namespace) -> int:
    from app.cli.check_command import check_deployment

    return check_deployment(flags)


def run_retention(flags: argparse.Namespace) -> int:
    from app.cli.retention_command import retention

    return retention(flags)


def _given(flags: argparse.Namespace) -> Mapping[str, object]:
    return {name: value for name, value in vars(flags).items() if value is not None}
