"""The pages and files that a browser gets, and the headers on them."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.http import editor_page
from app.http.routes import page
from tests.integration.http_app import application

pytestmark = pytest.mark.anyio


def built(folder: Path) -> Path:
    """A stand-in for `web/dist`, so that these tests do not depend on what is built."""
    (folder / "assets").mkdir(parents=True)
    marks = {"csp-nonce": "__CSP_NONCE__", "quire-base": "__BASE__", "quire-status": "__STATUS__"}
    metas = [f'<meta name="{name}" content="{mark}">' for name, mark in marks.items()]
    (folder / "index.html").write_text("".join(metas))
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


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "status", "base"),
    [
        ("GET", "/nope", 404, "./"),
        ("GET", "/d/a/b", 404, "../../"),
        ("GET", "/d/a%2fb", 404, "../"),
        ("GET", "/a/b/c/", 404, "../../../"),
        ("POST", "/", 405, "./"),
        ("PUT", "/d/notes", 405, "../"),
        ("GET", "/auth/oidc/start", 404, "../../"),
    ],
)
async def test_person_gets_a_page_at_every_address_and_a_program_a_problem_document(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    status: int,
    base: str,
) -> None:
    monkeypatch.setattr(editor_page, "DIST", built(tmp_path / "dist"))
    async with application(tmp_path) as quire:
        answer = await quire.http.request(method, path, headers=BROWSER)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert f'<meta name="quire-status" content="{status}">' in answer.text
        assert f'<meta name="quire-base" content="{base}">' in answer.text
        refused, code = await quire.refused(method, path)
        assert (refused, code) in ((404, "not_found"), (405, "method_not_allowed"))
        problem = await quire.http.request(method, path)
        assert answer.headers.get("allow") == problem.headers.get("allow")


async def test_paths_of_programs_answer_people_with_problem_documents_too(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for path in ("/api/nope", "/assets/none.js", "/api/documents/none"):
            status, _ = await quire.refused("GET", path, headers=BROWSER)
            assert status == 404


async def test_defect_is_a_page_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor_page, "DIST", built(tmp_path / "dist"))
    async with application(tmp_path) as quire:

        @quire.app.get("/broken")
        async def broken() -> None:
            raise RuntimeError("secret detail")

        answer = await quire.http.get("/broken", headers=BROWSER)
        assert answer.status_code == 500
        assert '<meta name="quire-status" content="500">' in answer.text
        assert "secret detail" not in answer.text
        assert await quire.refused("GET", "/broken") == (500, "internal")


async def test_page_that_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        first = await quire.http.get("/d/notes")
        assert first.headers["cache-control"] == "no-cache"
        tag = {"If-None-Match": first.headers["etag"]}
        again = await quire.http.get("/d/notes", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        # The browser would give the page that it has kept this policy, whose nonce is another.
        assert "content-security-policy" not in again.headers
        assert again.headers["etag"] == first.headers["etag"]
        assert (await quire.http.get("/", headers=tag)).status_code == 200


async def test_assets_are_compressed_as_the_client_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", built(tmp_path / "dist"))
    script = "export const words = 'one two three';\n" * 200
    (tmp_path / "dist" / "assets" / "long-ABC.js").write_text(script)
    (tmp_path / "dist" / "assets" / "picture-ABC.png").write_bytes(b"\x89PNG" * 400)
    async with application(tmp_path) as quire:
        for accept, coding in (("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)):
            for _ in range(2):
                answer = await quire.http.get(
                    "/assets/long-ABC.js", headers={"Accept-Encoding": accept}
                )
                assert answer.headers.get("content-encoding") == coding
                assert answer.headers["vary"] == "Accept-Encoding"
                assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
                assert answer.text == script
                sent = int(answer.headers["content-length"])
                assert sent == len(script) if coding is None else sent < len(script) / 10
        for name in ("app-ABC.js", "picture-ABC.png"):
            answer = await quire.http.get(f"/assets/{name}", headers={"Accept-Encoding": "br"})
            assert "content-encoding" not in answer.headers


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
        # An address may stand in an example; nothing is loaded from one, and no link leads there.
        assert not re.search(r"<(?:link|img|iframe|object|embed|base)\b|@import|url\(", html)
        assert not re.search(r"""(?:src|href|action)\s*=\s*["']?(?:[a-z]+:)?//""", html)


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
