"""The grammar of `quire check`."""

import argparse
from collections.abc import Callable
from typing import Final

_IDLE_S: Final = 30.0


def add_check_flags(
    command: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    add_url: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add the flags of the command, which calls `run` with them.

    Args:
        add_url: adds those by which a server is found, and who asks.
    """
    command.set_defaults(command=run)
    command.description = "Test a deployment through its proxy, and say what to change."
    command.add_argument(
        "address", nargs="?", metavar="URL", help="the address that people use (default: --url)"
    )
    add_url(command)
    command.add_argument(
        "--idle-s",
        type=_seconds,
        default=_IDLE_S,
        metavar="N",
        help=f"how long a connection is left idle; 0: not at all (default: {_IDLE_S:g})",
    )
    command.add_argument("--json", action="store_true", help="one JSON object with all findings")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3_600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 3600")
    return seconds
