"""The basis of a local file: a note beside it of the version it was made from, for merging a push.

The note of `notes.md` is `.notes.md.quire`. The two belong together: the file holds the text at the
noted version, and the changes made to it locally since.
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
    """Return the path of a file's note."""
    return path.with_name(f".{path.name}.quire")


def read_basis(path: Path) -> Basis | None:
    """Return the basis noted beside a file; None if there is no note.

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
    """Write the note."""
    replace_file(basis_path(path), msgspec.json.encode(basis) + b"\n")


def forget_basis(path: Path) -> None:
    """Remove the note, if there is one."""
    basis_path(path).unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file so that at every moment it is the old one or the new one. Keeps its mode."""
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
