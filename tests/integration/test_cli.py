"""`quire` as its own process against a real server: output, exit codes, pipes, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import connect as open_sqlite

import httpx
import pytest

from tests.free_port import free_port
from tests.integration.fork_server import run_forked
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

COMMAND = [sys.executable, "-m", "app.cli.main"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("cli")) as running:
        yield running


class Shell:
    """Runs `quire` in a folder, against a server."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")},
            "PYTHONPATH": str(ROOT),
            "QUIRE_URL": url,
            "QUIRE_NAME": "Ada",
            "NO_PROXY": "127.0.0.1",
        }

    def run(
        self, *arguments: str, stdin: bytes = b"", fails: int = 0
    ) -> "subprocess.CompletedProcess[bytes]":
        done = run_forked(arguments, self.folder, self._environment, stdin)
        assert done.returncode == fails, done.stderr.decode()
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # These tests run in the background of a shell; the command must not inherit that.
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def shell(tmp_path: Path, server: ServerProcess) -> Shell:
    return Shell(tmp_path, server.url)


def write(server: ServerProcess, name: str, base: int, ops: Sequence[object]) -> None:
    """Somebody else's edit."""
    answer = httpx.post(
        f"{server.url}/api/documents/{name}/edits",
        json={"base": base, "ops": ops},
        headers={"X-Quire-Name": "Bob"},
        trust_env=False,
        timeout=PATIENCE_S,
    )
    assert answer.is_success, answer.text


def test_push_creates_and_cat_prints_byte_for_byte(shell: Shell) -> None:
    content = "Hello\n\n\n日本 😀 no newline at the end".encode()
    assert shell.run("push", "bytes", "-", stdin=content).stdout == b"1\n"
    assert shell.run("cat", "bytes").stdout == content
    shell.run("push", "bytes", "-", stdin=b"new")
    assert shell.run("cat", "bytes", "--version", "1").stdout == content


def test_push_merges_with_what_others_wrote(shell: Shell, server: ServerProcess) -> None:
    path = shell.folder / "notes.md"
    path.write_text("one\ntwo\nthree\n")
    shell.run("push", "merge", "notes.md")
    write(server, "merge", 1, [{"insert": "zero\n"}])
    path.write_text("one\ntwo\nthree\nfour\n")
    done = shell.run("push", "merge", "notes.md")
    assert done.stdout == b"3\n"
    assert b"what others wrote" in done.stderr
    assert path.read_text() == "zero\none\ntwo\nthree\nfour\n"
    assert shell.run("cat", "merge").stdout == path.read_bytes()
    # The file is what the document is: nothing to do, nothing logged.
    assert shell.run("push", "merge", "notes.md").stdout == b"3\n"


def test_push_takes_a_base_and_may_leave_the_file_alone(
    shell: Shell, server: ServerProcess
) -> None:
    path = shell.folder / "draft.txt"
    path.write_text("a b")
    shell.run("push", "based", "draft.txt")
    write(server, "based", 1, [{"retain": 3}, {"insert": " c"}])
    path.write_text("a B")
    done = shell.run("push", "based", "draft.txt", "--base", "1", "--no-write")
    assert done.stdout == b"3\n"
    assert path.read_text() == "a B"
    assert shell.run("cat", "based").stdout == b"a B c"
    # Without a note the document becomes what the file is.
    shell.run("push", "based", "draft.txt")
    assert shell.run("cat", "based").stdout == b"a B"


def test_cat_to_a_file_can_be_pushed_back(shell: Shell, server: ServerProcess) -> None:
    shell.run("push", "fetched", "-", stdin=b"one two")
    shell.run("cat", "fetched", "-o", "copy.md")
    write(server, "fetched", 1, [{"insert": "zero "}])
    (shell.folder / "copy.md").write_text("one two three")
    shell.run("push", "fetched", "copy.md")
    assert shell.run("cat", "fetched").stdout == b"zero one two three"


def test_log_lists_the_newest_first(shell: Shell, server: ServerProcess) -> None:
    shell.run("push", "logged", "-", stdin=b"Hello")
    write(server, "logged", 1, [{"retain": 5}, {"insert": " world"}])
    first, second = shell.run("log", "logged").stdout.decode().splitlines()
    assert first.split()[0] == "2"
    assert "Bob" in first
    assert 'at 5: +" world"' in first
    assert "Ada" in second
    (line,) = shell.run("log", "logged", "--limit", "1", "--json").stdout.splitlines()
    event = json.loads(line)
    assert (event["version"], event["actor"]["name"]) == (2, "Bob")


def test_log_ends_quietly_when_its_reader_goes_away(shell: Shell, server: ServerProcess) -> None:
    shell.run("push", "piped", "-", stdin=b"x")
    for version in range(1, 40):
        write(server, "piped", version, [{"insert": "y" * 400}])
    with shell.start("log", "piped", "--json", "--limit", "40") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 141
        assert process.stderr.read() == b""


def test_tail_follows_over_a_restart_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        shell = Shell(tmp_path, server.url)
        shell.run("push", "followed", "-", stdin=b"x")
        with shell.start("tail", "followed", "--since", "0") as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                assert b'at 0: +"x"' in process.stdout.readline()
                write(server, "followed", 1, [{"retain": 1}, {"insert": "live"}])
                assert b'at 1: +"live"' in process.stdout.readline()
                server.restart()
                write(server, "followed", 2, [{"insert": "after"}])
                assert b'at 0: +"after"' in process.stdout.readline()
                process.send_signal(signal.SIGINT)
                assert process.wait(PATIENCE_S) == 130
                assert process.stderr.read() == b""
            finally:
                process.kill()


def test_tail_prints_what_was_missed_and_what_comes_in_one_shape(shell: Shell) -> None:
    shell.run("push", "shape", "-", stdin=b"x")
    with shell.start("tail", "shape", "--since", "0", "--json") as process:
        assert process.stdout is not None
        try:
            missed = json.loads(process.stdout.readline())
            shell.run("push", "shape", "-", stdin=b"xy")
            live = json.loads(process.stdout.readline())
        finally:
            process.kill()
    assert (missed["version"], missed["ops"]) == (1, [{"insert": "x"}])
    assert (live["version"], live["ops"]) == (2, [{"retain": 1}, {"insert": "y"}])
    assert missed.keys() == live.keys() == {"version", "id", "actor", "at", "ops"}
    assert missed["actor"] == live["actor"]


@pytest.mark.parametrize("command", ["cat", "log", "tail"])
def test_a_document_that_is_not_there_is_an_error(shell: Shell, command: str) -> None:
    done = shell.run(command, "nowhere", fails=1)
    assert done.stdout == b""
    assert done.stderr.startswith(b"quire: nowhere: ")


def test_a_server_that_is_not_there_is_an_error(shell: Shell) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = shell.run("cat", "notes", "--url", url, fails=3)
    assert done.stderr.startswith(f"quire: no server answers at {url}".encode())


def test_what_cannot_be_pushed_is_an_error(shell: Shell) -> None:
    assert b"UTF-8" in shell.run("push", "bad", "-", stdin=b"\xff", fails=1).stderr
    assert b"No such file" in shell.run("push", "bad", "missing.md", fails=1).stderr
    shell.run("push", "ahead", "-", stdin=b"x")
    done = shell.run("push", "ahead", "-", "--base", "99", stdin=b"y", fails=1)
    assert b"There is no version 99" in done.stderr


def test_db_upgrade_makes_the_tables(shell: Shell) -> None:
    url = f"sqlite+aiosqlite:///{shell.folder / 'new.db'}"
    shell.run("db", "upgrade", "--database-url", url)
    shell.run("db", "upgrade", "--database-url", url)
    with closing(open_sqlite(shell.folder / "new.db")) as database:
        rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {"documents", "events", "checkpoints"} <= {name for (name,) in rows}


def test_db_upgrade_says_what_is_wrong_with_the_url(shell: Shell) -> None:
    assert shell.run("db", "upgrade", "--database-url", "nonsense", fails=1).stderr


def test_serve_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        assert server.terminate() in (0, -signal.SIGTERM)
        assert "Traceback" not in server.log()


def test_serve_on_a_port_that_is_taken_is_an_error(shell: Shell, server: ServerProcess) -> None:
    done = shell.run("serve", "--port", str(server.port), fails=1)
    assert b"in use" in done.stderr
    assert b"Traceback" not in done.stderr
