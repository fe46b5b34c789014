"""`quire cat` and `quire log`: read a document of a running server."""

import argparse
import sys
from pathlib import Path

import msgspec

from app.cli.basis import Basis, write_basis
from app.cli.failure import ExitCode
from app.cli.remote import Remote
from app.cli.summary import describe_event


def cat(flags: argparse.Namespace) -> int:
    """Print the text as it is stored, or write it to a file that `push` can merge back."""
    with Remote(flags) as remote:
        if flags.output is None:
            text, _ = remote.text(flags.version, flags.newline)
            # The bytes: no newline is translated, whatever the platform.
            sys.stdout.buffer.write(text.encode("utf-8"))
            sys.stdout.buffer.flush()
            return ExitCode.DONE
        metadata = remote.metadata()
        text, version = remote.text(flags.version, flags.newline)
        path = Path(flags.output)
        path.write_bytes(text.encode("utf-8"))
        write_basis(path, Basis(remote.url, remote.document, metadata.epoch, version))
        print(f"version {version} of {remote.document} in {path}", file=sys.stderr)
    return ExitCode.DONE


def log(flags: argparse.Namespace) -> int:
    """List events, newest first."""
    with Remote(flags) as remote:
        for event in remote.newest(flags.limit):
            line = msgspec.json.encode(event).decode() if flags.json else describe_event(event)
            # At once, so that whoever reads a pipe sees it when it happens.
            print(line, flush=True)
    return ExitCode.DONE
