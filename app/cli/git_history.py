"""The git history of one file, read and written by git itself (`log --follow`, `fast-import`)."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from app.cli.failure import CommandFailed

_FORMAT: Final = "%x01%H%x00%an%x00%ae%x00%at%x00%B%x00"
_TOKENS: Final = 7
"""Of a commit: those of the format, an empty one, and the path at that time."""
_BRANCH: Final = "main"


class Commit(NamedTuple):
    """One commit of a file."""

    id: str
    author: str
    email: str
    at_s: int
    message: str
    content: bytes
    """Of the file; empty if the commit removed it."""


def read_commits(path: Path) -> list[Commit]:
    """Return the commits of a file, oldest first, through its renames.

    Raises:
        CommandFailed: there is no git, or no history of that file.
    """
    folder, name = str(path.absolute().parent), path.name
    log = ("log", "-z", "--follow", "--name-only", f"--format={_FORMAT}", "--", name)
    tokens = _git(folder, *log).decode("utf-8", "replace").split("\0")
    rows = [tokens[at : at + _TOKENS] for at in range(0, len(tokens) - 1, _TOKENS)]
    if not rows:
        raise CommandFailed(f"{path}: git knows no commit of it")
    if any(len(row) != _TOKENS or row[0][:1] != "\1" for row in rows):
        raise CommandFailed(f"{path}: its history cannot be read")
    rows.reverse()
    names = [f"{row[0][1:]}:{row[6].removeprefix(chr(10))}" for row in rows]
    contents = _contents(folder, names)
    return [
        Commit(row[0][1:], row[1], row[2], int(row[3]), row[4].rstrip("\n"), content)
        for row, content in zip(rows, contents, strict=True)
    ]


def write_repository(folder: Path, file: str, commits: Iterable[Commit]) -> None:
    """Make a repository with one file, whose history is these commits.

    Raises:
        CommandFailed: the folder has something in it, or git fails.
    """
    if folder.exists() and any(folder.iterdir()):
        raise CommandFailed(f"{folder} is not empty")
    stream = b"".join(_fast_import(file, commit) for commit in commits)
    folder.mkdir(parents=True, exist_ok=True)
    _git(str(folder), "init", "--quiet", f"--initial-branch={_BRANCH}")
    if stream:
        _git(str(folder), "fast-import", "--quiet", stdin=stream)
        _git(str(folder), "reset", "--quiet", "--hard", _BRANCH)


def _contents(folder: str, names: Sequence[str]) -> list[bytes]:
    """The contents of files in commits, in order; of one that is not there, nothing."""
    if any("\n" in name for name in names):
        raise CommandFailed("a file had a line end in its name")
    asked = "".join(f"{name}\n" for name in names).encode()
    answer = _git(folder, "cat-file", "--batch", stdin=asked)
    found: list[bytes] = []
    at = 0
    for _ in names:
        end = answer.index(b"\n", at)
        head = answer[at:end]
        at = end + 1
        if head.endswith(b" missing"):
            found.append(b"")
            continue
        size = int(head.rpartition(b" ")[2])
        found.append(answer[at : at + size])
        at += size + 1
    return found


def _fast_import(file: str, commit: Commit) -> bytes:
    who = f"{_plain(commit.author) or 'unknown'} <{_plain(commit.email)}> {commit.at_s} +0000"
    head = f"commit refs/heads/{_BRANCH}\nauthor {who}\ncommitter {who}\n".encode()
    body = _data((commit.message + "\n").encode())
    return head + body + f"M 100644 inline {file}\n".encode() + _data(commit.content)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _plain(text: str) -> str:
    """A name as git can hold it."""
    return "".join(char for char in text if char not in "<>\n\0").strip()


def _git(folder: str, *arguments: str, stdin: bytes = b"") -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments], input=stdin, capture_output=True, check=False
        )
    except OSError as error:
        raise CommandFailed(f"git cannot be run: {error.strerror}") from None
    if done.returncode:
        raise CommandFailed(f"git: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout
