"""`quire`: the command line. Each command is a function of its parsed flags and exits with a code.

0: done. 1: refused, or it failed. 2: wrong flags or settings. 3: no server answers.
130: interrupted. 141: whoever read the output went away.
"""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, get_args

from app.cli.backup_flags import add_backup_flags
from app.cli.care_flags import add_care_flags
from app.cli.check_flags import add_check_flags
from app.cli.document_flags import add_document_flags
from app.cli.failure import CommandFailed, ExitCode
from app.cli.history_flags import (
    add_retention_flags,
    add_take_back_flags,
    add_versions_flags,
)
from app.cli.images_command import add_blob_flags, add_image_flags, check_images, copy_blobs
from app.cli.progress import Progress
from app.cli.token_flags import add_token_flags
from app.cli.user_flags import add_user_flags
from app.cli.webhook_flags import add_webhook_flags
from app.image_settings import image_place
from app.settings import SETTINGS, Settings, SettingsError
from sync.names import is_document_name
from sync.port import StoreError
from sync.text.newline import Newline

DEFAULT_URL: Final = "http://127.0.0.1:8000"
URL_VARIABLE: Final = "QUIRE_URL"
NAME_VARIABLE: Final = "QUIRE_NAME"
TOKEN_VARIABLE: Final = "QUIRE_TOKEN"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    Args:
        argv: without the program's name; None takes the process's own.
    """
    try:
        flags = parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    command: Callable[[argparse.Namespace], int] = flags.command
    try:
        code = command(flags)
        sys.stdout.flush()
    except CommandFailed as failed:
        return _complain(str(failed), failed.exit_code)
    except SettingsError as error:
        return _complain(str(error), ExitCode.USAGE)
    except StoreError as error:
        return _complain(str(error), ExitCode.FAILED)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end, and would complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        return _complain(str(error), ExitCode.FAILED)
    return code


def _complain(text: str, code: int) -> int:
    print(f"quire: {text}", file=sys.stderr)
    return code


# --- commands -----------------------------------------------------------------------------------


def _serve(flags: argparse.Namespace) -> int:
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


def _db_upgrade(flags: argparse.Namespace) -> int:
    from storage.migrate import upgrade

    settings = Settings.load(_given(flags))
    asyncio.run(upgrade(settings.database_url))
    print("The database is up to date.", file=sys.stderr)
    return ExitCode.DONE


def _db_copy(flags: argparse.Namespace) -> int:
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


def _db_images(flags: argparse.Namespace) -> int:
    settings = Settings.load(_given(flags))
    work = check_images(settings, fetch_from=flags.fetch_from, delete_orphans=flags.delete_orphans)
    asyncio.run(work)
    return ExitCode.DONE


def _db_new_epoch(flags: argparse.Namespace) -> int:
    from storage.rewind import renew_epochs

    settings = Settings.load(_given(flags))
    count = asyncio.run(renew_epochs(settings.database_url))
    print(f"{count:,} documents have a new epoch.", file=sys.stderr)
    return ExitCode.DONE


def _db_care(flags: argparse.Namespace) -> int:
    from app.cli.care_command import run_care_command

    asyncio.run(run_care_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _db_backup(flags: argparse.Namespace) -> int:
    from app.cli.backup_command import run_backup_command

    asyncio.run(run_backup_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _db_cursors(flags: argparse.Namespace) -> int:
    from app.cli.cursors import drop_cursor, print_cursors

    settings = Settings.load(_given(flags))
    work = print_cursors if flags.drop is None else partial(drop_cursor, name=flags.drop)
    asyncio.run(work(settings.database_url))
    return ExitCode.DONE


def _db_reindex(flags: argparse.Namespace) -> int:
    from app.cli.cursors import rebuild_search

    settings = Settings.load(_given(flags))
    asyncio.run(rebuild_search(settings.database_url))
    return ExitCode.DONE


def _user(flags: argparse.Namespace) -> int:
    from app.cli.user_command import run_user_command

    asyncio.run(run_user_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _token(flags: argparse.Namespace) -> int:
    from app.cli.token_command import run_token_command

    asyncio.run(run_token_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _webhook(flags: argparse.Namespace) -> int:
    from app.cli.webhook_command import run_webhook_command

    asyncio.run(run_webhook_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _on_document(flags: argparse.Namespace) -> int:
    from app.cli.document_command import run_document_command

    asyncio.run(run_document_command(Settings.load(_given(flags)), flags))
    return ExitCode.DONE


def _audit(flags: argparse.Namespace) -> int:
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


def _cat(flags: argparse.Namespace) -> int:
    # Imported only here, as the next ones: an HTTP client costs what the others need not pay.
    from app.cli.read import cat

    return cat(flags)


def _log(flags: argparse.Namespace) -> int:
    from app.cli.read import log

    return log(flags)


def _tail(flags: argparse.Namespace) -> int:
    from app.cli.tail import tail

    return tail(flags)


def _push(flags: argparse.Namespace) -> int:
    from app.cli.push import push

    return push(flags)


def _export(flags: argparse.Namespace) -> int:
    from app.cli.document_files import export

    return export(flags)


def _import(flags: argparse.Namespace) -> int:
    from app.cli.document_files import bring_in

    return bring_in(flags)


def _versions(flags: argparse.Namespace) -> int:
    from app.cli.versions_command import versions

    return versions(flags)


def _take_back(flags: argparse.Namespace) -> int:
    from app.cli.take_back_command import take_back

    return take_back(flags)


def _check(flags: argparse.Namespace) -> int:
    from app.cli.check_command import check_deployment

    return check_deployment(flags)


def _retention(flags: argparse.Namespace) -> int:
    from app.cli.retention_command import retention

    return retention(flags)


def _given(flags: argparse.Namespace) -> Mapping[str, object]:
    return {name: value for name, value in vars(flags).items() if value is not None}


# --- flags --------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    root = argparse.ArgumentParser(
        prog="quire",
        description="Documents that several people, programs and agents write at once.",
    )
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run a server"))
    _add_db(commands.add_parser("db", help="look after the database"))
    add_user_flags(
        commands.add_parser("user", help="invite people, and look after accounts"), _user
    )
    add_token_flags(commands.add_parser("token", help="make and end tokens of programs"), _token)
    checking = commands.add_parser("check", help="test a deployment through its proxy")
    add_check_flags(checking, _check, _add_url)
    add_webhook_flags(
        commands.add_parser("webhook", help="have other programs told of changes"), _webhook
    )
    marking = commands.add_parser("document", help="make a document read-only for everybody")
    add_document_flags(marking, _on_document, _document)
    _add_audit(commands.add_parser("audit", help="list who did what, or was refused it"))
    _add_cat(commands.add_parser("cat", help="print a document's text"))
    _add_log(commands.add_parser("log", help="list who wrote what, newest first"))
    _add_tail(commands.add_parser("tail", help="follow a document"))
    _add_push(commands.add_parser("push", help="merge a local file into a document"))
    _add_export(commands.add_parser("export", help="save a document with its history as a file"))
    _add_import(commands.add_parser("import", help="make a document of such a file"))
    named = commands.add_parser("versions", help="list the named versions, name one, bring it back")
    add_versions_flags(named, _add_server, _version, _versions)
    taking = commands.add_parser("take-back", help="undo what somebody did, and nothing else")
    add_take_back_flags(taking, _add_server, _version, _take_back)
    kept = commands.add_parser("retention", help="say how much of the history is kept")
    add_retention_flags(kept, _add_server, _version, _retention)
    return root


def _add_serve(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_serve)
    command.description = "Run a server. Flags win over QUIRE_… variables, those over a .env file."
    for setting in SETTINGS:
        unit = f" [{setting.unit}]" if setting.unit else ""
        default = f" (default: {setting.default})" if setting.default not in ("", ()) else ""
        # A help text is a format string to argparse.
        help_ = f"{setting.help}{unit}{default}".replace("%", "%%")
        metavar = "|".join(filter(None, setting.choices)) if setting.choices else "VALUE"
        command.add_argument(setting.flag, dest=setting.name, metavar=metavar, help=help_)


def _add_db(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(required=True, metavar="ACTION")
    upgrade = actions.add_parser("upgrade", help="bring the tables to what this version needs")
    upgrade.set_defaults(command=_db_upgrade)
    upgrade.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    epoch = actions.add_parser("new-epoch", help="after a backup was restored: tell all clients")
    epoch.set_defaults(command=_db_new_epoch)
    epoch.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    cursors = actions.add_parser("cursors", help="list who reads the feed of changes, and how far")
    cursors.set_defaults(command=_db_cursors)
    cursors.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    cursors.add_argument("--drop", metavar="NAME", help="forget that one, and what it has not read")
    reindex = actions.add_parser("reindex", help="build the index of full-text search anew")
    reindex.set_defaults(command=_db_reindex)
    reindex.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    copy = actions.add_parser("copy", help="copy everything into another, empty database")
    copy.set_defaults(command=_db_copy)
    # `from` is a keyword: it cannot be the name of an attribute.
    copy.add_argument("--from", dest="source", metavar="URL", required=True)
    copy.add_argument("--to", dest="target", metavar="URL", required=True)
    add_blob_flags(copy)
    add_image_flags(actions, _db_images)
    add_backup_flags(actions, _db_backup)
    add_care_flags(actions, _db_care, _document)


def _add_audit(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_audit)
    command.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    command.add_argument("--document", type=_document, metavar="DOCUMENT", help="only in that one")
    command.add_argument("--kind", metavar="KIND", help="only of that kind, document.joined say")
    command.add_argument(
        "--since", type=_since, metavar="TIME", help="from then on: 2026-11-29, 24h, 7d"
    )
    command.add_argument("--limit", type=_count, metavar="N", help="at most so many (default: all)")
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_cat(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_cat)
    _add_server(command)
    command.add_argument("--version", type=_version, metavar="N", help="as it was then")
    command.add_argument(
        "--newline", choices=get_args(Newline), help="its line ends (default: as stored, \\n)"
    )
    command.add_argument(
        "-o", "--output", metavar="FILE", help="write a file that `quire push` can merge back"
    )


def _add_log(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_log)
    _add_server(command)
    command.add_argument(
        "--limit", type=_count, default=20, metavar="N", help="at most so many (default: 20)"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_tail(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_tail)
    _add_server(command)
    command.add_argument(
        "--since", type=_version, metavar="N", help="first what was written after version N"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_push(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_push)
    _add_server(command)
    command.add_argument("file", metavar="FILE", help="- is the standard input")
    command.add_argument(
        "--base",
        type=_version,
        metavar="N",
        help="the version that the file was made from (default: what an earlier push or "
        "`cat -o` noted beside it, else the newest: the document becomes what the file is)",
    )
    command.add_argument(
        "--no-write",
        action="store_true",
        help="leave the file as it is, even if others have written meanwhile",
    )


def _add_export(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_export)
    _add_server(command)
    command.add_argument(
        "-o", "--output", metavar="FILE", help="(default: DOCUMENT.quire); - prints it"
    )
    command.add_argument(
        "--format",
        choices=("quire", "md", "jsonl"),
        default="quire",
        help="all but images (the default), the text, or the events as lines of JSON",
    )
    command.add_argument(
        "--git",
        metavar="FOLDER",
        help="instead make a git repository there: a commit for each named version, or else for "
        "each sitting",
    )


def _add_import(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_import)
    command.add_argument("file", metavar="FILE", help="what `quire export` has written")
    command.add_argument(
        "--as",
        dest="as_name",
        type=_document,
        metavar="DOCUMENT",
        help="its name here (default: that in the file)",
    )
    command.add_argument(
        "--git",
        action="store_true",
        help="of any text file in a git repository: each of its commits becomes a named version",
    )
    _add_url(command)


def _add_server(command: argparse.ArgumentParser) -> None:
    command.add_argument("document", type=_document, metavar="DOCUMENT")
    _add_url(command)


def _add_url(command: argparse.ArgumentParser) -> None:
    url = os.environ.get(URL_VARIABLE, DEFAULT_URL)
    command.add_argument(
        "--url", default=url, help=f"the server (default: {URL_VARIABLE} or {DEFAULT_URL})"
    )
    command.add_argument(
        "--name",
        default=os.environ.get(NAME_VARIABLE),
        help=f"who you are to the others, in open mode (default: {NAME_VARIABLE})",
    )
    command.add_argument(
        "--token",
        default=os.environ.get(TOKEN_VARIABLE),
        help=f"what proves who you are; others see it in the list of processes, so better by "
        f"{TOKEN_VARIABLE}",
    )


def _document(text: str) -> str:
    if not is_document_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a document's name")
    return text


def _since(text: str) -> int:
    from app.cli.audit_command import read_since

    try:
        return read_since(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _version(text: str) -> int:
    return _at_least(0, text)


def _count(text: str) -> int:
    return _at_least(1, text)


def _at_least(least: int, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) < 1 << 53:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
