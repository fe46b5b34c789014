"""`quire retention`: how much of its history a document of a running server keeps."""

import argparse
from typing import Any

from app.cli.failure import CommandFailed, ExitCode
from app.cli.remote import Remote


def retention(flags: argparse.Namespace) -> int:
    """Print what is kept, after changing it if that is asked for."""
    with Remote(flags) as remote:
        if flags.kind == "default":
            remote.change("DELETE", "/retention")
        elif flags.kind is not None:
            wish = {"kind": flags.kind, "days": flags.days, "before_version": flags.before}
            remote.change("PUT", "/retention", wish)
        elif flags.days is not None or flags.before is not None:
            raise CommandFailed("--days and --before belong to thin or drop", ExitCode.USAGE)
        print(_line(remote.read("/retention", {})))
    return ExitCode.DONE


def _line(kept: dict[str, Any]) -> str:
    bounds = [
        f"older than {kept['days']} days" if kept["days"] else "",
        f"before version {kept['before_version']}" if kept["before_version"] else "",
    ]
    what = " or ".join(filter(None, bounds)) or "everything"
    whose = "own rule" if kept["own"] else "default"
    gone = f"{kept['gone']} versions up to {kept['whole_after']} are gone"
    return "\t".join((kept["kind"], what, whose, gone))
