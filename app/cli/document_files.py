"""`quire export` and `quire import`: a document with its history as a file."""

import argparse
import sys
from pathlib import Path

from app.cli.failure import CommandFailed, ExitCode
from app.cli.git_documents import commits_of_file, document_name, file_of_commits
from app.cli.git_history import read_commits, write_repository
from app.cli.remote import Remote
from storage.segments.document_file import DocumentFileError, read_document_file

STANDARD_OUTPUT = "-"
_PART_SUFFIX = ".part"


def export(flags: argparse.Namespace) -> int:
    """Write the file of a document; it has its name only once it is whole."""
    with Remote(flags) as remote:
        if flags.git is not None:
            return _export_git(remote, Path(flags.git))
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


def _export_git(remote: Remote, folder: Path) -> int:
    try:
        file = read_document_file(b"".join(remote.exported("quire")))
    except DocumentFileError as error:
        raise CommandFailed(f"the file did not come whole. {error}") from error
    commits = list(commits_of_file(file))
    write_repository(folder, f"{remote.document}.md", commits)
    print(f"{folder}: {len(commits):,} commits", file=sys.stderr)
    return ExitCode.DONE


def bring_in(flags: argparse.Namespace) -> int:
    """Make a document of a file, or of its git history, and print its name."""
    path = Path(flags.file)
    flags.document = str(path)
    if flags.git:
        name = flags.as_name or document_name(path.name)
        content = file_of_commits(name, read_commits(path))
    else:
        content = _read(path)
    with Remote(flags) as remote:
        print(remote.bring_in(content, flags.as_name).name, flush=True)
    return ExitCode.DONE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from None
