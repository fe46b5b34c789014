"""The grammar of `quire db backup` and `quire db restore`."""

import argparse
from collections.abc import Callable

from app.cli.database_flags import add_action


def add_backup_flags(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
) -> None:
    """Add both actions to `quire db`; each calls `run` with its flags."""
    backup = _add(actions, run, "backup", "write everything into one file, beside a server")
    restore = _add(actions, run, "restore", "bring a backup back; no server may run meanwhile")
    backup.add_argument("--no-images", action="store_true", help="leave the bytes of images out")
    restore.add_argument("--no-images", action="store_true", help="leave those of images out")
    restore.add_argument(
        "--replace", action="store_true", help="remove what the database has, if it is not empty"
    )
    restore.add_argument(
        "--keep-tokens",
        action="store_true",
        help="API tokens are valid as they were, even if they were revoked since the backup",
    )
    restore.add_argument(
        "--no-verify", action="store_true", help="do not replay each document afterwards"
    )


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
    name: str,
    help_: str,
) -> argparse.ArgumentParser:
    action = add_action(actions, run, name, help_)
    action.set_defaults(action=name)
    action.add_argument("file", metavar="FILE")
    action.add_argument("--image-url", metavar="URL", help="(default: as for `quire serve`)")
    return action
