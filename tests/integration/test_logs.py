"""What a running server logs: one JSON object a line, whatever is sent to it."""

import json
import sqlite3
from pathlib import Path

import httpx
from websockets.sync.client import connect

from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

TOKEN = "qk_" + "aB3" * 14


def lines(server: ServerProcess) -> list[dict[str, str]]:
    """All records; fails if a line is none."""
    return [json.loads(line) for line in server.log().splitlines()]


def test_every_line_is_a_record_in_json_without_secrets(tmp_path: Path) -> None:
    arguments = ("--log-level", "trace")
    hostile = "a%0D%0A%1B[31m%E2%80%AE"
    with (
        ServerProcess(tmp_path, arguments=arguments) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http,
    ):
        http.get(f"/api/documents/{hostile}?token={TOKEN}", headers={"X-Quire-Name": hostile})
        http.get("/api/documents", headers={"Authorization": f"Bearer {TOKEN}"})
        http.get("/api/documents", headers={"Cookie": f"quire_session={TOKEN}; a={TOKEN}"})
        http.post("/api/documents", json={"name": "notes", "text": "the text itself"})
        with connect(f"ws://127.0.0.1:{server.port}/yjs/notes?token={TOKEN}&name={hostile}"):
            pass
        assert server.terminate() == 0
        records = lines(server)
    assert {"uvicorn.error", "uvicorn.access"} <= {each["logger"] for each in records}
    assert all({"time", "level", "logger", "event"} <= set(each) for each in records)
    assert "aB3aB3" not in server.log()
    assert "the text itself" not in server.log()
    asked = [each["event"] for each in records if each["logger"] == "uvicorn.access"]
    assert any("?…" in event for event in asked), "what they were asked with is not"


def test_a_record_about_a_request_names_it_its_user_and_its_document(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http,
    ):
        http.post("/api/documents", json={"name": "notes", "text": "x"}).raise_for_status()
        with sqlite3.connect(tmp_path / "quire.db") as database:
            database.execute("ALTER TABLE events RENAME TO elsewhere")
        headers = {"X-Request-Id": "from-the-proxy-1", "X-Quire-Name": "Ada"}
        answer = http.get("/api/documents/notes/history", headers=headers)
        assert answer.status_code == 503
        assert answer.headers["X-Request-Id"] == "from-the-proxy-1"
        found = [each for each in lines(server) if each.get("request") == "from-the-proxy-1"]
    assert [each["document"] for each in found] == ["notes"]
    assert "the store failed" in found[0]["event"]
    assert found[0]["level"] == "warning"
    assert found[0]["user"]


def test_an_id_of_a_request_that_is_no_plain_id_is_not_taken_over(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http,
    ):
        answer = http.get("/healthz", headers={"X-Request-Id": 'x","user":"root'})
        assert "X-Request-Id" not in answer.headers


def test_text_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, arguments=("--log-format", "text")) as server:
        assert server.terminate() == 0
        assert " INFO     uvicorn.error: " in server.log()
