"""The flags of `quire`: which commands there are, and what each may be told."""

import argparse
import os
from typing import Final, get_args

from app.cli import commands
from app.cli.backup_flags import add_backup_flags
from app.cli.care_flags import add_care_flags
from app.cli.check_flags import add_check_flags
from app.cli.document_flags import add_document_flags
from app.cli.history_flags import (
    add_retention_flags,
    add_take_back_flags,
    add_versions_flags,
)
from app.cli.images_command import add_blob_flags, add_image_flags
from app.cli.token_flags import add_token_flags
from app.cli.user_flags import add_user_flags
from app.cli.webhook_flags import add_webhook_flags
from app.settings import SETTINGS
from sync.names import is_document_name
from sync.text.newline import Newline

DEFAULT_URL: Final = "http://127.0.0.1:8000"
URL_VARIABLE: Final = "QUIRE_URL"
NAME_VARIABLE: Final = "QUIRE_NAME"
TOKEN_VARIABLE: Final = "QUIRE_TOKEN"


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line."""
    root = argparse.ArgumentParser(
        prog="quire",
        description="Documents that several people, programs and agents write at once.",
    )
    verbs = root.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(verbs.add_parser("serve", help="run a server"))
    _add_db(verbs.add_parser("db", help="look after the database"))
    add_user_flags(
        verbs.add_parser("user", help="invite people, and look after accounts"), commands.run_user
    )
    add_token_flags(
        verbs.add_parser("token", help="make and end tokens of programs"), commands.run_token
    )
    checking = verbs.add_parser("check", help="test a deployment through its proxy")
    add_check_flags(checking, commands.run_check, _add_url)
    add_webhook_flags(
        verbs.add_parser("webhook", help="have other programs told of changes"),
        commands.run_webhook,
    )
    marking = verbs.add_parser("document", help="make a document read-only for everybody")
    add_document_flags(marking, commands.run_on_document, _document)
    _add_audit(verbs.add_parser("audit", help="list who did what, or was refused it"))
    _add_cat(verbs.add_parser("cat", help="print a document's text"))
    _add_log(verbs.add_parser("log", help="list who wrote what, newest first"))
    _add_tail(verbs.add_parser("tail", help="follow a document"))
    _add_push(verbs.add_parser("push", help="merge a local file into a document"))
    _add_export(verbs.add_parser("export", help="save a document with its history as a file"))
    _add_import(verbs.add_parser("import", help="make a document of such a file"))
    named = verbs.add_parser("versions", help="list the named versions, name one, bring it back")
    add_versions_flags(named, _add_server, _version, commands.run_versions)
    taking = verbs.add_parser("take-back", help="undo what somebody did, and nothing else")
    add_take_back_flags(taking, _add_server, _version, commands.run_take_back)
    kept = verbs.add_parser("retention", help="say how much of the history is kept")
    add_retention_flags(kept, _add_server, _version, commands.run_retention)
    return root


def _add_serve(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_serve)
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
    upgrade.set_defaults(command=commands.run_db_upgrade)
    upgrade.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    epoch = actions.add_parser("new-epoch", help="after a backup was restored: tell all clients")
    epoch.set_defaults(command=commands.run_db_new_epoch)
    epoch.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    cursors = actions.add_parser("cursors", help="list who reads the feed of changes, and how far")
    cursors.set_defaults(command=commands.run_db_cursors)
    cursors.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    cursors.add_argument("--drop", metavar="NAME", help="forget that one, and what it has not read")
    reindex = actions.add_parser("reindex", help="build the index of full-text search anew")
    reindex.set_defaults(command=commands.run_db_reindex)
    reindex.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    copy = actions.add_parser("copy", help="copy everything into another, empty database")
    copy.set_defaults(command=commands.run_db_copy)
    # `from` is a keyword: it cannot be the name of an attribute.
    copy.add_argument("--from", dest="source", metavar="URL", required=True)
    copy.add_argument("--to", dest="target", metavar="URL", required=True)
    add_blob_flags(copy)
    add_image_flags(actions, commands.run_db_images)
    add_backup_flags(actions, commands.run_db_backup)
    add_care_flags(actions, commands.run_db_care, _document)


def _add_audit(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_audit)
    command.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    command.add_argument("--document", type=_document, metavar="DOCUMENT", help="only in that one")
    command.add_argument("--kind", metavar="KIND", help="only of that kind, document.joined say")
    command.add_argument(
        "--since", type=_since, metavar="TIME", help="from then on: 2026-11-29, 24h, 7d"
    )
    command.add_argument("--limit", type=_count, metavar="N", help="at most so many (default: all)")
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_cat(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_cat)
    _add_server(command)
    command.add_argument("--version", type=_version, metavar="N", help="as it was then")
    command.add_argument(
        "--newline", choices=get_args(Newline), help="its line ends (default: as stored, \\n)"
    )
    command.add_argument(
        "-o", "--output", metavar="FILE", help="write a file that `quire push` can merge back"
    )


def _add_log(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_log)
    _add_server(command)
    command.add_argument(
        "--limit", type=_count, default=20, metavar="N", help="at most so many (default: 20)"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_tail(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_tail)
    _add_server(command)
    command.add_argument(
        "--since", type=_version, metavar="N", help="first what was written after version N"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_push(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=commands.run_push)
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
    command.set_defaults(command=commands.run_export)
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
    command.set_defaults(command=commands.run_import)
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
