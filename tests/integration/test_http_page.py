"""The pages and files that a browser gets, and the headers on them."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.http.routes import page
from tests.integration.http_app import application

pytestmark = pytest.mark.anyio


def built(folder: Path) -> Path:
    """A stand-in for `web/dist`, so that these tests do not depend on what is built."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">')
    (folder / "assets" / "app-ABC.js").write_text("1")
    (folder / "secret.txt").write_text("no")
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/d/notes", "/sign-in", "/account", "/people", "/l", "/join"]
)
async def test_page_has_a_fresh_nonce_that_its_policy_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(page, "DIST", built(tmp_path / "dist"))
    nonces = set()
    async with application(tmp_path) as quire:
        for _ in range(3):
            response = await quire.http.get(path)
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            policy = response.headers["content-security-policy"]
            nonce = re.search(r"style-src 'self' 'nonce-([^']+)'", policy)
            assert nonce is not None
            assert f'content="{nonce[1]}"' in response.text
            assert "unsafe" not in policy
            assert "frame-ancestors 'self'" in policy
            nonces.add(nonce[1])
    assert len(nonces) == 3


async def test_page_of_what_cannot_be_a_document_is_a_404(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", built(tmp_path / "dist"))
    async with application(tmp_path) as quire:
        assert (await quire.http.get("/d/a%20b")).status_code == 404


async def test_assets_are_kept_for_ever_and_nothing_else_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", built(tmp_path / "dist"))
    async with application(tmp_path) as quire:
        asset = await quire.http.get("/assets/app-ABC.js")
        assert asset.headers["content-type"] == "text/javascript; charset=utf-8"
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        for path in ("none.js", "%2e%2e%2fsecret.txt", "..secret.txt", "%00", "a%0a", ".x"):
            assert await quire.refused("GET", f"/assets/{path}") == (404, "not_found")


async def test_editor_that_is_not_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", tmp_path / "none")
    async with application(tmp_path) as quire:
        response = await quire.http.get("/")
        assert response.status_code == 503
        assert "not built" in response.text


async def test_every_answer_says_it_is_no_more_than_it_is(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for path in ("/healthz", "/nope", "/api/documents", "/api/openapi.json", "/"):
            headers = (await quire.http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "frame-ancestors" in headers["content-security-policy"]


async def test_reference_lists_every_route_and_needs_no_other_server(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        html = (await quire.http.get("/api/docs")).text
        for path in _described_paths(quire.app):
            assert f"{path}</code>" in html
        assert "<script" not in html
        assert "https://" not in html


async def test_openapi_describes_every_refusal_as_a_problem_document(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        description = await quire.ok("GET", "/api/openapi.json")
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], path


async def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        assert await quire.ok("GET", "/healthz") == {"status": "ok"}
        assert await quire.ok("GET", "/readyz") == {"status": "ready"}
        metrics = (await quire.http.get("/metrics")).text
        assert "# TYPE quire_rooms gauge\nquire_rooms 1.0\n" in metrics
        assert metrics.endswith("\n")


def _described_paths(app: FastAPI) -> list[str]:
    return list(app.openapi()["paths"])
