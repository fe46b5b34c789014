"""The grammar of `quire webhook`."""

import argparse
from collections.abc import Callable
from typing import Final

from app.cli.database_flags import add_action

MAX_OLD_HOURS: Final = 720
"""As `app.service.webhook_desk` has it, which costs more to import than other commands may pay."""


def add_webhook_flags(
    command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]
) -> None:
    """Add the actions of `quire webhook`, each of which calls `run` with its flags."""
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    add = add_action(actions, run, "add", "have an address told of changes; print its secret")
    add.add_argument("webhook_url", metavar="URL", help="where messages are posted to")
    add.add_argument(
        "--event",
        dest="events",
        action="append",
        default=[],
        metavar="TYPE",
        help="only events of that type; may be given several times (default: all)",
    )
    _add_networks(add)
    add_action(actions, run, "list", "list all webhooks, and how they do")
    _add_networks(_of_webhook(actions, run, "test", "send a message, and say what became of it"))
    rotate = _of_webhook(actions, run, "rotate", "print another secret, which signs from now on")
    rotate.add_argument(
        "--old-hours",
        type=_old_hours,
        default=24,
        metavar="N",
        help="how long the one before signs as well; 0: no more (default: 24)",
    )
    _of_webhook(actions, run, "pause", "send nothing more; what is to be told is queued")
    _of_webhook(actions, run, "resume", "send what was queued, from now on")
    _of_webhook(actions, run, "remove", "forget a webhook, and what is queued for it")
    _of_webhook(actions, run, "dead", "list what it never took, as lines of JSON")
    for name, help_ in (
        ("retry", "send again what it never took"),
        ("discard", "forget what it never took"),
    ):
        action = _of_webhook(actions, run, name, help_)
        which = action.add_mutually_exclusive_group(required=True)
        which.add_argument("delivery_id", nargs="?", metavar="DELIVERY", help="its id")
        which.add_argument("--all", action="store_true", help="all of them")


def _of_webhook(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
    name: str,
    help_: str,
) -> argparse.ArgumentParser:
    action = add_action(actions, run, name, help_)
    action.add_argument("webhook_id", metavar="ID", help="see `quire webhook list`")
    return action


def _old_hours(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > MAX_OLD_HOURS:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not a number from 0 to {MAX_OLD_HOURS}")
    return int(text)


def _add_networks(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--webhook-allowed-networks", metavar="VALUE", help="(default: as for `quire serve`)"
    )
