"""The grammar of `quire document`."""

import argparse
from collections.abc import Callable

from app.cli.database_flags import add_action


def add_document_flags(
    command: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    document: Callable[[str], str],
) -> None:
    """Add the actions of `quire document`, each of which calls `run` with its flags.

    Args:
        document: checks the name of a document.
    """
    actions = command.add_subparsers(required=True, metavar="ACTION", dest="action")
    marking = add_action(
        actions, run, "read-only", "let nobody change a document, or list those that are so"
    )
    marking.add_argument(
        "document", type=document, nargs="?", metavar="DOCUMENT", help="(default: list them)"
    )
    marking.add_argument(
        "state", choices=("on", "off"), nargs="?", help="(default: say what it is)"
    )
