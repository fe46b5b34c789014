"""A backup beside a server that is written to: what was acknowledged before is in it (P1)."""

# Nobody else is on the event loop of these tests.
# ruff: noqa: ASYNC110, ASYNC210, ASYNC212

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import run_sync

from app.cli.main import main
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.postgresql import Postgresql

pytestmark = [pytest.mark.anyio, pytest.mark.p1]

NAME = {"X-Quire-Name": "Ada"}
DOCUMENTS = ("a", "b", "c")


class Writing:
    """A thread that writes into documents until it is told to end."""

    def __init__(self, url: str) -> None:
        self.acked: dict[str, int] = {}
        self._url = url
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self) -> None:
        body = {"base": None, "ops": [{"insert": "word "}]}
        with httpx.Client(trust_env=False, timeout=PATIENCE_S, headers=NAME) as http:
            while not self._is_over.is_set():
                for name in DOCUMENTS:
                    path = f"{self._url}/api/documents/{name}/edits"
                    answer = http.post(path, json=body)
                    assert answer.is_success, answer.text
                    self.acked[name] = answer.json()["version"]


@pytest.fixture(params=["sqlite", "postgresql"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    if request.param == "sqlite":
        with ServerProcess(tmp_path) as server:
            yield server
    else:
        postgresql: Postgresql = request.getfixturevalue("postgresql")
        async with postgresql.database() as url:
            with ServerProcess(tmp_path, database_url=url) as server:
                yield server


async def test_what_was_acknowledged_before_a_backup_is_in_it(
    server: ServerProcess, tmp_path: Path
) -> None:
    with httpx.Client(trust_env=False, timeout=PATIENCE_S, headers=NAME) as http:
        for name in DOCUMENTS:
            http.post(f"{server.url}/api/documents", json={"name": name}).raise_for_status()
    file = tmp_path / "quire.backup"
    with Writing(server.url) as writing:
        while len(writing.acked) < len(DOCUMENTS) or writing.acked["a"] < 20:
            await asyncio.sleep(0.02)
        before = dict(writing.acked)
        command = ["db", "backup", "--database-url", server.database_url, str(file)]
        assert await run_sync(main, command) == 0
        after = dict(writing.acked)
    assert after != before
    epochs = {name: _document(server, name)["epoch"] for name in DOCUMENTS}
    folder = tmp_path / "restored"
    folder.mkdir()
    url = f"sqlite+aiosqlite:///{folder}/quire.db"
    # With the verification of every document.
    assert await run_sync(main, ["db", "restore", "--database-url", url, str(file)]) == 0
    with ServerProcess(folder, database_url=url) as restored:
        for name in DOCUMENTS:
            document = _document(restored, name)
            assert before[name] <= document["version"] <= after[name] + 1
            assert document["epoch"] != epochs[name]
            text = httpx.get(
                f"{restored.url}/api/documents/{name}/text", trust_env=False, headers=NAME
            ).text
            assert text == "word " * document["version"]


def _document(server: ServerProcess, name: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/documents/{name}", trust_env=False, headers=NAME)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
