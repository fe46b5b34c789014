"""The git history of a file goes in and comes out with equal texts, authors and times."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from app.cli.git_history import Commit, read_commits, write_repository
from bench.trace import load_trace
from sync.text.delta import apply, canonical
from tests.integration.server import ServerProcess
from tests.integration.test_document_files import quire

AUTHORS: Final = (("Ada Löve", "ada@example.org"), ("Ben", "ben+git@example.org"))
_COMMITS: Final = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("git")) as running:
        yield running


def recorded_texts() -> list[str]:
    """Texts of a session that was recorded, at even distances."""
    text, texts = "", []
    transactions = load_trace("seph-blog1-first-20000")["txns"]
    every = len(transactions) // _COMMITS
    for number, each in enumerate(transactions, 1):
        for position, deleted, inserted in each["patches"]:
            text = apply(text, canonical([position, inserted, -deleted]))
        if number % every == 0:
            texts.append(text)
    return texts


def git(folder: Path, *arguments: str, **environment: str) -> None:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def commit(folder: Path, number: int, message: str) -> None:
    author, email = AUTHORS[number % len(AUTHORS)]
    who = {"NAME": author, "EMAIL": email, "DATE": f"{1_600_000_000 + 3600 * number} +0200"}
    given = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message, **given)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose file was renamed in the middle; another file changes beside it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    path = folder / "old name.md"
    for number, text in enumerate(recorded_texts()):
        if number == _COMMITS // 2:
            (folder / "other.txt").write_text("not of this file")
            commit(folder, 0, "Another file")
            git(folder, "mv", path.name, "päper.md")
            path = folder / "päper.md"
            commit(folder, number, "Rename")
        path.write_text(text, encoding="utf-8")
        commit(folder, number, f"Change {number} «ü»\n\nWith a body of\ntwo lines.")
    return path


def told(commits: list[Commit]) -> list[tuple[str, str, int, str, str]]:
    return [
        (each.author, each.email, each.at_s, each.message, each.content.decode())
        for each in commits
    ]


def test_history_of_a_file_goes_in_and_comes_out(
    server: ServerProcess, repository: Path, tmp_path: Path
) -> None:
    before = read_commits(repository)
    assert len(before) == _COMMITS + 1
    assert [each.content.decode() for each in before if each.message != "Rename"] == (
        recorded_texts()
    )
    made = quire(tmp_path, server.url, "import", "--git", str(repository))
    assert made.stdout == b"p-per\n"
    quire(tmp_path, server.url, "export", "p-per", "--git", "out")
    # There is nothing to rename any more: that commit is there, and does not touch the file.
    changes = [each for each in before if each.message != "Rename"]
    assert told(read_commits(tmp_path / "out" / "p-per.md")) == told(changes)
    count = ["git", "-C", str(tmp_path / "out"), "rev-list", "--count", "HEAD"]
    assert int(subprocess.check_output(count)) == len(before)
    assert (tmp_path / "out" / "p-per.md").read_text() == recorded_texts()[-1]


def test_commits_are_named_versions_with_their_author_and_time(
    server: ServerProcess, repository: Path, tmp_path: Path
) -> None:
    quire(tmp_path, server.url, "import", "--git", str(repository), "--as", "paper")
    path = f"{server.url}/api/documents/paper"
    query = {"limit": "100", "kind": "named"}
    listed = httpx.get(f"{path}/versions", params=query, trust_env=False).json()["versions"]
    before = read_commits(repository)
    assert len(listed) == len(before)
    names = {each["name"]: each for each in listed}
    for each in before:
        subject = each.message.partition("\n")[0]
        named = names[f"{each.id[:10]} {subject}"]
        assert named["note"] == each.message
        assert named["created_by"]["name"] == each.author
        old = httpx.get(f"{path}/text?version={named['version']}", trust_env=False)
        assert old.content == each.content


def test_document_without_names_becomes_a_commit_for_each_sitting(
    server: ServerProcess, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("one\n")
    quire(tmp_path, server.url, "push", "sitting", "a.md")
    (tmp_path / "a.md").write_text("one\ntwo\n")
    quire(tmp_path, server.url, "push", "sitting", "a.md")
    quire(tmp_path, server.url, "export", "sitting", "--git", "out")
    (only,) = read_commits(tmp_path / "out" / "sitting.md")
    assert (only.author, only.content) == ("Ada", b"one\ntwo\n")
    refused = quire(tmp_path, server.url, "export", "sitting", "--git", "out", fails=1)
    assert b"is not empty" in refused.stderr


def test_file_without_a_history_is_told(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "alone.md").write_text("text")
    refused = quire(tmp_path, server.url, "import", "--git", "alone.md", fails=1)
    assert b"git" in refused.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b"])
def test_file_that_is_no_text_is_told(
    server: ServerProcess, tmp_path: Path, content: bytes
) -> None:
    commits = [Commit("", "Ada", "a@b", 5, "one", content)]
    write_repository(tmp_path / "binary", "b.md", commits)
    refused = quire(tmp_path, server.url, "import", "--git", "binary/b.md", fails=1)
    assert b"commit " in refused.stderr
