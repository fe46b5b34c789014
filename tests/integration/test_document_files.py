"""`quire export` and `quire import` against real servers; `kill -9` in the middle of an import."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pycrdt import Doc, Text

from storage.segments.document_file import DocumentFileWriter, FileHead
from storage.segments.event_segment import encode_segment
from sync.port import EventRecord
from sync.submission import update_digest
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

_EVENTS: Final = 30_000
_KILLS: Final = 5
_UNSEEN: Final = """
    SELECT count(*) FROM events JOIN documents ON key = document_key WHERE documents.version = 0"""


def quire(
    folder: Path, url: str, *arguments: str, fails: int = 0
) -> "subprocess.CompletedProcess[bytes]":
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("QUIRE_")},
        "PYTHONPATH": str(ROOT),
        "QUIRE_URL": url,
        "QUIRE_NAME": "Ada",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "app.cli.main", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == fails, done.stderr.decode()
    return done


def long_history(path: Path) -> None:
    """A file of very many keystrokes."""
    doc: Doc[Any] = Doc(client_id=5)
    text: Text = doc.get("content", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for number in range(_EVENTS):
        text.insert(number, "x")
    doc.unobserve(subscription)
    events = [
        EventRecord(
            version,
            f"tag.{version}",
            (version - 1, "x") if version > 1 else ("x",),
            update,
            "ann",
            "Ann",
            "s1",
            1_700_000_000_000 + 150 * version,
            update_digest(update),
        )
        for version, update in enumerate(updates, 1)
    ]
    writer = DocumentFileWriter()
    head = FileHead("long", "Long", "content", _EVENTS, 1, 2, 3, [(5, "ann")])
    segments = [encode_segment(events[at : at + 4096]) for at in range(0, _EVENTS, 4096)]
    parts = [writer.begin(head), *map(writer.segment, segments), writer.end([], _EVENTS)]
    path.write_bytes(b"".join(parts))


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "quire.db")) as connection:
        return connection.execute(sql).fetchall()


def test_document_moves_from_one_server_to_another(tmp_path: Path) -> None:
    one, two, here = (tmp_path / name for name in ("one", "two", "here"))
    for folder in (one, two, here):
        folder.mkdir()
    with ServerProcess(one) as source, ServerProcess(two) as target:
        (here / "notes.md").write_text("one 日本\n")
        quire(here, source.url, "push", "notes", "notes.md")
        (here / "notes.md").write_text("one 日本\ntwo\n")
        quire(here, source.url, "push", "notes", "notes.md")
        quire(here, source.url, "export", "notes")
        quire(here, source.url, "export", "notes", "-o", "text.md", "--format", "md")
        assert (here / "text.md").read_text() == "one 日本\ntwo\n"
        printed = quire(here, source.url, "export", "notes", "-o", "-", "--format", "jsonl")
        assert len(printed.stdout.splitlines()) == 2
        assert sorted(path.name for path in here.iterdir() if path.suffix == ".part") == []
        assert quire(here, target.url, "import", "notes.quire").stdout == b"notes\n"
        made = quire(here, target.url, "import", "notes.quire", "--as", "again")
        assert made.stdout == b"again\n"
        for name in ("notes", "again"):
            assert quire(here, target.url, "cat", name).stdout == "one 日本\ntwo\n".encode()
            old = quire(here, target.url, "cat", name, "--version", "1")
            assert old.stdout == "one 日本\n".encode()
        refused = quire(here, target.url, "import", "notes.quire", fails=1)
        assert b"There is, or was, a document of that name." in refused.stderr
        (here / "notes.quire").write_bytes((here / "notes.quire").read_bytes()[:-1])
        refused = quire(here, target.url, "import", "notes.quire", "--as", "third", fails=1)
        assert b"At byte" in refused.stderr
        quire(here, source.url, "export", "absent", fails=1)
        assert not (here / "absent.quire").exists()


@pytest.mark.p10
def test_kill_in_the_middle_of_an_import_leaves_nothing_to_open(tmp_path: Path) -> None:
    """After each kill the document is not there at all, or, told or not, whole."""
    long_history(tmp_path / "long.quire")
    data = (tmp_path / "long.quire").read_bytes()
    server = ServerProcess(tmp_path, environment={"QUIRE_LOG_LEVEL": "error"})
    caught = 0
    with server:
        for kill in range(_KILLS):
            answers: list[int] = []

            def bring(name: str, answers: list[int] = answers) -> None:
                url = f"{server.url}/api/documents/import?name={name}"
                try:
                    answer = httpx.post(url, content=data, trust_env=False, timeout=PATIENCE_S)
                    answers.append(answer.status_code)
                except httpx.TransportError:
                    answers.append(0)

            name = f"kill-{kill}"
            bringing = threading.Thread(target=bring, args=(name,))
            bringing.start()
            # The first kills come while events are written, the later ones also near the end.
            wanted = 1 + kill * (_EVENTS - 2_000) // (_KILLS - 1)
            while not answers and rows(tmp_path, _UNSEEN)[0][0] < wanted:
                time.sleep(0.001)
            server.kill9()
            bringing.join()
            caught += answers == [0]
            server.start()
            shown = httpx.get(f"{server.url}/api/documents/{name}", trust_env=False)
            if shown.status_code == 200:
                assert shown.json()["version"] == _EVENTS
                text = httpx.get(f"{server.url}/api/documents/{name}/text", trust_env=False).text
                assert text == "x" * _EVENTS
            else:
                assert shown.status_code == 404
                assert answers == [0], "whoever was told that it is there finds it"
        assert caught >= _KILLS - 2, "imports were killed before they ended"
        listed = httpx.get(f"{server.url}/api/documents", trust_env=False).json()["documents"]
        assert {each["version"] for each in listed} <= {_EVENTS}
        done = httpx.post(
            f"{server.url}/api/documents/import?name=whole",
            content=data,
            trust_env=False,
            timeout=PATIENCE_S,
        )
        assert done.status_code == 201, done.text
        old = httpx.get(f"{server.url}/api/documents/whole/text?version=12345", trust_env=False)
        assert old.text == "x" * 12_345
