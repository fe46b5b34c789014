"""The grammar of `quire versions`, `quire take-back` and `quire retention`."""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Final

Run = Callable[[argparse.Namespace], int]
AddServer = Callable[[argparse.ArgumentParser], None]
Number = Callable[[str], int]

ARGUMENTS: Final = {"list": 0, "name": 1, "note": 2, "rename": 2, "delete": 1, "restore": 1}
"""The actions of `quire versions`, each with the number of its arguments."""


def add_versions_flags(
    command: argparse.ArgumentParser, add_server: AddServer, number: Number, run: Run
) -> None:
    """Add the flags of `quire versions`."""
    command.set_defaults(command=run)
    command.description = (
        "List the versions that have names; or name one (`name NAME`), say something about it "
        "(`note NAME TEXT`), `rename OLD NEW`, `delete NAME`, or bring it back (`restore NAME`)."
    )
    add_server(command)
    command.add_argument("action", nargs="?", choices=ARGUMENTS, default="list", metavar="ACTION")
    command.add_argument("arguments", nargs="*", metavar="NAME")
    command.add_argument(
        "--version", type=number, metavar="N", help="the one to name (default: the newest)"
    )
    command.add_argument("--note", default="", metavar="TEXT", help="said about it, for `name`")
    command.add_argument(
        "--kind", choices=("all", "named", "automatic"), default="all", help="those to list"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def add_take_back_flags(
    command: argparse.ArgumentParser, add_server: AddServer, number: Number, run: Run
) -> None:
    """Add the flags of `quire take-back`."""
    command.set_defaults(command=run)
    command.description = (
        "Undo what somebody did in a range of versions or times, by one new event. What others "
        "wrote stays, and a second time changes nothing."
    )
    add_server(command)
    command.add_argument("--by", metavar="WHO", help="the name or id of whoever did it (all)")
    command.add_argument("--after", type=number, metavar="N", help="only after version N")
    command.add_argument("--upto", type=number, metavar="N", help="only up to version N")
    # `from` is a keyword: it cannot be the name of an attribute.
    command.add_argument(
        "--from", dest="since", type=_time, metavar="TIME", help="only since 2026-11-20T14:00, say"
    )
    command.add_argument("--to", dest="until", type=_time, metavar="TIME", help="only up to then")
    command.add_argument(
        "--part",
        type=_part,
        metavar="FROM:TO",
        help="only what they did from one place of the text (in characters) to another",
    )
    command.add_argument(
        "--at", type=number, metavar="N", help="the version that --part means (the newest)"
    )
    command.add_argument("--dry-run", action="store_true", help="only print what would change")


def add_retention_flags(
    command: argparse.ArgumentParser, add_server: AddServer, number: Number, run: Run
) -> None:
    """Add the flags of `quire retention`."""
    command.set_defaults(command=run)
    command.description = (
        "Print how much of its history a document keeps; or have it `keep` everything, `thin` old "
        "events to one for each session of writing, `drop` them, or follow the `default` of the "
        "server. Versions that people have named stay readable."
    )
    add_server(command)
    command.add_argument(
        "kind", nargs="?", choices=("keep", "thin", "drop", "default"), metavar="RULE"
    )
    command.add_argument("--days", type=number, metavar="N", help="those older than N days")
    command.add_argument(
        "--before", type=number, metavar="N", help="for drop: those before version N"
    )


def _part(text: str) -> tuple[int, int]:
    start, colon, end = text.partition(":")
    if not colon or not (start.isdecimal() and end.isdecimal()) or int(start) > int(end):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no part of a text such as 120:180")
    return int(start), int(end)


def _time(text: str) -> str:
    """Return a time with an offset: that of this machine, if none is given."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError):
        message = f"{text[:80]!r} is not a time such as 2026-11-20T14:00"
        raise argparse.ArgumentTypeError(message) from None
