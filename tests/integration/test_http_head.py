"""HEAD on every route that answers GET: what monitors ask with."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from tests.integration.http_app import Application, application
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

PARAMETERS = {
    "file": "0" * 64 + ".png",
    "document": "notes",
    "version": "1",
    "name": "none.js",
    "user": "u-1",
    "webhook": "none",
}
QUERIES = {"/api/documents/{document}/diff": "?from=0&to=1"}
STREAMS = {"/api/documents/{document}/events"}
CHANGING = {"content-security-policy", "date"}
"""Headers that differ from one answer to the next: a nonce, a time."""
MEASURED = "/metrics"
"""Its body has times of this moment, so its length is another one each time."""


def get_routes(app: FastAPI) -> list[str]:
    """The paths of all routes that answer GET, however deep they are included."""
    found: list[str] = []
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        # FastAPI keeps an included router as it is, and looks into it when a request comes.
        waiting += getattr(getattr(route, "original_router", route), "routes", ())
        if "GET" in (getattr(route, "methods", None) or ()):
            found.append(route.path)
    return sorted(found)


def known_paths() -> list[str]:
    app = create_app(Settings())
    paths = set(app.openapi()["paths"]) | set(get_routes(app))
    described = app.openapi()["paths"]
    return sorted(path for path in paths if path not in described or "get" in described[path])


def address(path: str) -> str:
    filled = re.sub(r"\{(\w+)(:\w+)?\}", lambda match: PARAMETERS[match[1]], path)
    return filled + QUERIES.get(path, "")


def stable(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in CHANGING}


async def compare(quire: Application, path: str) -> None:
    got = await quire.http.get(path)
    head = await quire.http.head(path)
    if path == MEASURED:
        del got.headers["content-length"], head.headers["content-length"]
    assert (head.status_code, stable(head), head.content) == (got.status_code, stable(got), b"")


def test_the_walk_finds_the_routes() -> None:
    paths = known_paths()
    assert {"/", "/healthz", "/api/docs", "/api/openapi.json", "/assets/{name}"} <= set(paths)
    assert len(paths) >= 15
    assert set(paths) >= STREAMS


@pytest.mark.parametrize("path", [path for path in known_paths() if path not in STREAMS])
async def test_head_answers_as_get_without_a_body(tmp_path: Path, path: str) -> None:
    async with application(tmp_path) as quire:
        await quire.create("notes", "Hello")
        await compare(quire, address(path))


@pytest.mark.parametrize("path", ["/nowhere", "/api/documents/none/text", "/d/a%20b", "/api/docs/"])
async def test_head_answers_as_get_where_that_is_refused(tmp_path: Path, path: str) -> None:
    async with application(tmp_path) as quire:
        await compare(quire, path)


async def test_head_knows_what_the_asker_has(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create("notes", "Hello")
        answer = await quire.http.head(
            "/api/documents/notes/text", headers={"If-None-Match": '"1"'}
        )
        assert (answer.status_code, answer.headers["etag"]) == (304, '"1"')


async def test_a_refused_method_names_head_beside_get(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        answer = await quire.http.delete("/healthz")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
        head = await quire.http.head("/api/documents/notes/edits")
        assert head.status_code == 405
        assert head.headers["allow"] == "POST"


def test_head_of_a_stream_holds_no_stream(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as http,
    ):
        http.post("/api/documents", json={"name": "notes", "text": "Hello"}).raise_for_status()
        for path in STREAMS:
            head = http.head(address(path))
            assert head.status_code == 200
            assert head.headers["content-type"].startswith("text/event-stream")
        # The same connection serves the next request: nothing of a body came.
        assert http.head("/api/documents/notes/text").headers["content-length"] == "5"
        assert "quire_event_streams 0.0\n" in http.get("/metrics").text
        assert http.head("/readyz").status_code == 200
