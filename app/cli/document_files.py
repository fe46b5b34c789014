"""`quire export` and `quire import`: a document with its history as a file."""

import argparse
import sys
from pathlib import Path

from app.cli.failure import CommandFailed, ExitCode
from app.cli.remote import Remote

STANDARD_OUTPUT = "-"
_PART_SUFFIX = ".part"


def export(flags: argparse.Namespace) -> int:
    """Write the file of a document; it has its name only once it is whole."""
    with Remote(flags) as remote:
        parts = remote.exported(flags.format)
        if flags.output == STANDARD_OUTPUT:
            for part in parts:
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
            return ExitCode.DONE
        path = Path(flags.output or f"{flags.document}.{flags.format}")
        unfinished = path.with_name(path.name + _PART_SUFFIX)
        try:
            with unfinished.open("wb") as file:
                for part in parts:
                    file.write(part)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)
    return ExitCode.DONE


def bring_in(flags: argparse.Namespace) -> int:
    """Make a document of a file and print its name."""
    path = Path(flags.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from None
    flags.document = str(path)
    with Remote(flags) as remote:
        print(remote.bring_in(content, flags.as_name).name, flush=True)
    return ExitCode.DONE
