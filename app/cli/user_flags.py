"""The grammar of `quire user`."""

import argparse
from collections.abc import Callable

from app.cli.database_flags import add_action


def add_user_flags(
    command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]
) -> None:
    """Add the actions of `quire user`, each of which calls `run` with its flags."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    invite = add_action(actions, run, "invite", "print a link with which one person becomes a user")
    invite.add_argument("--operator", action="store_true", help="who becomes an operator")
    _add_link_flags(invite)
    add_action(actions, run, "list", "list all users")
    reset = add_action(
        actions, run, "reset-password", "print a link that sets a new password, once"
    )
    _add_login(reset)
    _add_link_flags(reset)
    _add_login(add_action(actions, run, "disable", "shut a user out, and sign it out everywhere"))
    _add_login(add_action(actions, run, "enable", "let a user in again"))
    operator = add_action(actions, run, "operator", "make a user an operator")
    _add_login(operator)
    operator.add_argument("--revoke", action="store_true", help="end that")


def _add_login(action: argparse.ArgumentParser) -> None:
    action.add_argument("login", metavar="LOGIN", help="the user's login, or id")


def _add_link_flags(action: argparse.ArgumentParser) -> None:
    action.add_argument("--days", type=_days, default=7, metavar="N", help="(default: 7)")
    for name in ("--public-url", "--host", "--port", "--root-path"):
        action.add_argument(
            name, metavar="VALUE", help="of the link (default: as for `quire serve`)"
        )


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 365:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number from 1 to 365")
    return int(text)
