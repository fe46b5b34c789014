"""`quire push`: merge a local file into a document.

The server makes the smallest edit out of the text at the base version and the file, and merges it
with what others wrote since. Afterwards the file is brought to the merged text, because the next
push compares it with that: a file that lacked what others wrote would take it out again. The file
keeps its own line ends and byte order mark: neither is a difference to the stored text.
"""

import argparse
import secrets
import sys
from hashlib import blake2b
from pathlib import Path

from app.cli.basis import Basis, forget_basis, read_basis, replace_file, write_basis
from app.cli.failure import CommandFailed
from app.cli.remote import Metadata, NoDocument, Remote
from sync.text.newline import BYTE_ORDER_MARK, newline_of, normalize_text, with_newlines

STANDARD_INPUT = "-"


def push(flags: argparse.Namespace) -> int:
    """Merge the file and print the new version."""
    path = None if flags.file == STANDARD_INPUT else Path(flags.file)
    content = sys.stdin.buffer.read() if path is None else _content(path)
    text = _decoded(content, flags.file)
    with Remote(flags) as remote:
        metadata = _document(remote)
        base = flags.base if flags.base is not None else _noted(path, remote, metadata)
        version = remote.put_text(text, base, _event_id(remote, metadata, base, text))
        print(version, flush=True)
        if path is not None:
            _bring_up(path, content, text, remote, metadata, version, no_write=flags.no_write)
    return 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from None


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{name} is not UTF-8 at byte {error.start}") from None


def _document(remote: Remote) -> Metadata:
    try:
        return remote.metadata()
    except NoDocument:
        remote.create()
        return remote.metadata()


def _noted(path: Path | None, remote: Remote, metadata: Metadata) -> int | None:
    """Return the base that is noted beside the file; None for the head."""
    basis = None if path is None else read_basis(path)
    if basis is None or (basis.url, basis.document) != (remote.url, remote.document):
        return None
    if basis.epoch != metadata.epoch:
        raise CommandFailed(
            f"{path} was made from version {basis.version} of another history of "
            f"{remote.document}; compare them, then give --base {metadata.version}"
        )
    return basis.version


def _event_id(remote: Remote, metadata: Metadata, base: int | None, text: str) -> str:
    """Return an id by which the same file, pushed twice against a base, is merged once."""
    if base is None:
        return f"push-{secrets.token_hex(12)}"
    content = "\0".join([metadata.epoch, remote.name or "", str(base), text])
    return f"push-{blake2b(content.encode(), digest_size=16).hexdigest()}"


def _bring_up(
    path: Path,
    content: bytes,
    pushed: str,
    remote: Remote,
    metadata: Metadata,
    version: int,
    *,
    no_write: bool,
) -> None:
    """Make the file the basis of the next push."""
    merged = normalize_text(remote.text(version)[0])
    if merged != normalize_text(pushed):
        if no_write:
            forget_basis(path)
            print(f"quire: {path} lacks what others wrote; it has no base now", file=sys.stderr)
            return
        if _content(path) != content:
            raise CommandFailed(
                f"{path} was changed while it was pushed, and lacks what others wrote; "
                f"`quire cat {remote.document} --version {version}` has the merged text"
            )
        mark = BYTE_ORDER_MARK if pushed.startswith(BYTE_ORDER_MARK) else ""
        replace_file(path, (mark + with_newlines(merged, newline_of(pushed))).encode("utf-8"))
        print(f"quire: {path} has now what others wrote as well", file=sys.stderr)
    write_basis(path, Basis(remote.url, remote.document, metadata.epoch, version))
