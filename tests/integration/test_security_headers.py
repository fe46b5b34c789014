"""The security headers, on every answer that there is: each route, each way to be refused.

Mutants seen caught here: headers added inside of what answers a defect; a page whose policy allows
inline scripts; a text that a browser may show as a page of this site.
"""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.http.install import routers
from tests.integration.http_app import EventStream, application

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

BASE = "/api/documents/notes"
PARAMETERS = {"document": "notes", "version": "1", "name": "none.js"}


def check_headers(headers: Mapping[str, str], what: str) -> None:
    """Fail unless a browser is told to make nothing of an answer but what it is."""
    assert headers["x-content-type-options"] == "nosniff", what
    assert headers["referrer-policy"] == "no-referrer", what
    assert headers["cross-origin-opener-policy"] == "same-origin", what
    assert headers["cross-origin-resource-policy"] == "same-origin", what
    assert "camera=()" in headers["permissions-policy"], what
    assert headers["cache-control"], what
    check_policy(headers["content-security-policy"], what)


def check_policy(policy: str, what: str) -> None:
    """Fail unless only this server's own files may run, and nobody else may frame them."""
    directives = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert directives["default-src"] == ["'none'"], what
    assert directives["frame-ancestors"] in (["'none'"], ["'self'"]), what
    if "sandbox" in directives and " /diagram" in what:
        # The page that draws diagrams has an origin of its own, where inline styles reach nothing.
        assert directives["sandbox"] == ["allow-scripts"], what
        assert directives.pop("style-src") == ["'unsafe-inline'"], what
        assert "connect-src" not in directives, what
    for name, sources in directives.items():
        for source in sources:
            assert "unsafe" not in source, f"{what}: {name}"
            assert source not in ("*", "http:", "data:", "blob:") or name == "img-src", what
    for source in directives.get("script-src", []):
        assert re.fullmatch(r"'self'|'nonce-[\w-]{20,}'|'sha256-[\w+/=]+'", source), what


def route_table() -> list[tuple[str, str]]:
    """Every method and path of the route table, with a value for each parameter."""
    found = [("GET", "/api/openapi.json")]
    for router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} is no kind of route that is looked at"
            path = re.sub(r"\{(\w+)\}", lambda name: PARAMETERS.get(name[1], "x"), route.path)
            found += [(method, path) for method in sorted(route.methods or ())]
    # Last, what takes away what the others are asked about.
    return sorted(found, key=lambda found: found[0] == "DELETE")


async def test_every_route_answers_with_the_headers(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        table = route_table()
        assert ("GET", f"{BASE}/text") in table
        assert ("GET", "/d/notes") in table
        for method, path in table:
            if path.endswith("/events"):
                continue
            for query in ("", "?from=0", "?version=no&from=no&limit=no"):
                answer = await quire.http.request(method, path + query)
                check_headers(answer.headers, f"{method} {path}{query}: {answer.status_code}")
            answer = await quire.http.request("HEAD", path)
            check_headers(answer.headers, f"HEAD {path}")


async def test_every_refusal_has_the_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1_000

    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    settings: dict[str, Any] = {
        "max_message_bytes": 4_096,
        "allowed_origins": ("https://wiki.example.org",),
    }
    foreign = {"Origin": "https://evil.example"}
    friend = {"Origin": "https://wiki.example.org"}
    async with application(tmp_path, **settings) as quire:
        await quire.create()
        http = quire.http
        text = {"If-Match": "*"}
        answers: dict[int, list[httpx.Response]] = {
            404: [
                await http.get("/nowhere"),
                await http.get("/d/a%20b"),
                await http.get("/assets/none.js"),
                await http.get("/api/documents/none"),
            ],
            405: [await http.put("/api/documents"), await http.post("/healthz")],
            403: [await http.delete(BASE, headers=foreign)],
            413: [
                await http.put(f"{BASE}/text", content=b"x" * 5_000, headers=text),
                await http.put(f"{BASE}/text", content=endless(), headers=text),
            ],
            422: [await http.patch(BASE, content="{"), await http.get(f"{BASE}/text?version=x")],
            428: [await http.put(f"{BASE}/text", content="x")],
            200: [
                await http.options(BASE, headers=friend | {"Access-Control-Request-Method": "PUT"}),
                await http.get(BASE, headers=friend),
            ],
            401: [await http.get(BASE, headers={"Authorization": "Bearer qt_no"})],
        }
        monkeypatch.setattr(quire.state.log, "find", fail)
        answers[500] = [await http.get(BASE)]
        for status, found in answers.items():
            for answer in found:
                what = f"{answer.request.method} {answer.request.url}"
                assert answer.status_code == status, what
                check_headers(answer.headers, what)


async def test_redirect_to_the_own_path_has_the_headers(tmp_path: Path) -> None:
    async with application(tmp_path, root_path="/pad") as quire:
        for path in ("/pad", "/pad/", "/pad/api/documents/", "/pad/nowhere"):
            check_headers((await quire.http.get(path)).headers, path)


async def test_event_stream_has_the_headers(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        async with EventStream(quire.app, f"{BASE}/events") as stream:
            assert stream.status == 200
            check_headers(stream.headers, "the stream")
            assert stream.headers["cache-control"] == "no-store, no-transform"


async def test_content_that_somebody_wrote_is_never_a_page_of_this_site(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="<script>alert(1)</script>")
        exports = {f"{BASE}/text": "notes.md", f"{BASE}/diff?from=0&format=unified": "notes.diff"}
        for path, name in exports.items():
            answer = await quire.http.get(path)
            assert "<script>" in answer.text
            assert answer.headers["content-type"].startswith(("text/markdown", "text/x-diff"))
            assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
            check_headers(answer.headers, path)
