"""What a local file was made from: a note beside it, so that a push can merge.

`notes.md` has its note in `.notes.md.quire`. File and note are one: the file is the text at that
version, plus what was changed in it locally since.
"""

import os
import tempfile
from pathlib import Path

import msgspec

from app.cli.failure import CommandFailed


class Basis(msgspec.Struct, frozen=True):
    """A version of a document on a server."""

    url: str
    document: str
    epoch: str
    version: int


def basis_path(path: Path) -> Path:
    """Where the note of a file is."""
    return path.with_name(f".{path.name}.quire")


def read_basis(path: Path) -> Basis | None:
    """What is noted beside a file; None if nothing is.

    Raises:
        CommandFailed: the note is damaged.
    """
    note = basis_path(path)
    try:
        return msgspec.json.decode(note.read_bytes(), type=Basis)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise CommandFailed(f"{note} cannot be read; delete it, or give --base") from None


def write_basis(path: Path, basis: Basis) -> None:
    """Note it."""
    replace_file(basis_path(path), msgspec.json.encode(basis) + b"\n")


def forget_basis(path: Path) -> None:
    """Have no note."""
    basis_path(path).unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that at every moment it is the old one or the new one. Keeps its mode."""
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, target.stat().st_mode & 0o7777 if target.exists() else 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
