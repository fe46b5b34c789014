"""The grammar of actions on the database itself, for `quire user` and `quire token`."""

import argparse
from collections.abc import Callable


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
    name: str,
    help_: str,
) -> argparse.ArgumentParser:
    """Add an action to a command, with the flag for its database; it calls `run`."""
    action = actions.add_parser(name, help=help_)
    action.set_defaults(command=run)
    action.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    return action
