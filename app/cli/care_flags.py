"""The grammar of `quire db stats`, `quire db compact` and `quire db verify`."""

import argparse
from collections.abc import Callable

from app.cli.database_flags import add_action


def add_care_flags(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
    document: Callable[[str], str],
) -> None:
    """Add these actions to `quire db`; each calls `run` with its flags.

    Args:
        document: checks the name of a document.
    """

    def add(name: str, help_: str) -> argparse.ArgumentParser:
        action = add_action(actions, run, name, help_)
        action.set_defaults(action=name)
        action.add_argument(
            "document", type=document, nargs="?", metavar="DOCUMENT", help="(default: all)"
        )
        return action

    stats = add("stats", "say what takes how much space in each document")
    stats.add_argument("--json", action="store_true", help="one JSON object a line")
    compact = add("compact", "move old events into compressed segments now")
    compact.add_argument("--all", action="store_true", help="those of any age, not only old ones")
    add("verify", "replay each document from its log, and compare everything with it")
