"""The grammar of `quire token`."""

import argparse
import re
from collections.abc import Callable
from typing import Final

from app.cli.database_flags import add_action
from sync.permission import ROLES, is_claim_pattern

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_DAYS: Final = 3_650


def add_token_flags(
    command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]
) -> None:
    """Add the actions of `quire token`, each of which calls `run` with its flags."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    create = add_action(actions, run, "create", "print a new token, for a program")
    # Not `name`: that is who one is to a server.
    create.add_argument(
        "--name", dest="token_name", metavar="NAME", required=True, help="shown as its author"
    )
    create.add_argument(
        "--document",
        dest="documents",
        action="append",
        type=_pattern,
        required=True,
        metavar="PATTERN",
        help="a document, or `team-*` for all whose names begin so; may be given several times",
    )
    create.add_argument("--role", choices=ROLES, required=True, help="in those documents")
    create.add_argument(
        "--create", action="store_true", help="it may also create documents of those names"
    )
    create.add_argument(
        "--expires-in-days", dest="days", type=_days, metavar="N", help="(default: never)"
    )
    add_action(actions, run, "list", "list all tokens, without their secrets")
    revoke = add_action(actions, run, "revoke", "end a token at once, on open sockets too")
    revoke.add_argument("token_id", type=_token_id, metavar="ID", help="see `quire token list`")


def _pattern(text: str) -> str:
    if not is_claim_pattern(text):
        raise argparse.ArgumentTypeError(
            f"{text[:200]!r} is no document's name, nor the beginning of one and `*`"
        )
    return text


def _token_id(text: str) -> str:
    if _ID.fullmatch(text) is None:
        # Not repeated: whoever mistakes the secret for the id should not find it in a log.
        raise argparse.ArgumentTypeError("that is not the id of a token; see `quire token list`")
    return text


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number from 1 to {_MAX_DAYS}")
    return int(text)
