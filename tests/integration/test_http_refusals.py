"""What bad input gets over HTTP: a problem document, never a 500."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from sync.effect import Effect
from sync.port import StoreError
from sync.room.room import Room
from sync.submission import Submission
from tests.integration.http_app import application

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"
JSON = {"Content-Type": "application/json"}
INVALID_JSON = (422, "invalid_json")
INVALID = (422, "invalid_message")

BODIES = [
    (b"{", INVALID_JSON),
    (b"nul", INVALID_JSON),
    (b'{"title": "\xff"}', INVALID_JSON),
    (b"[" * 100_000, INVALID_JSON),
    (b'{"a":' * 50_000, INVALID_JSON),
    (b'{"title": ' + b"9" * 6_000 + b"}", INVALID_JSON),
    (b'{"title": "\\ud800"}', INVALID),
    (b'{"\\ud800": 1}', INVALID),
    (b'{"title": "\\u0000"}', INVALID),
    (b'{"title": NaN}', INVALID),
    (b'{"title": 1e999}', INVALID),
    (b'{"title": ["\\udfff"]}', INVALID),
    (b'{"title": "' + b"x" * 201 + b'"}', INVALID),
    (b"[]", INVALID),
    (b"null", INVALID),
    (b'"x"', INVALID),
    (b"", INVALID),
]


async def test_body_that_is_not_what_it_should_be_is_refused(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        for body, expected in BODIES:
            refused = await quire.refused("PATCH", BASE, content=body, headers=JSON)
            assert refused == expected, body[:40]


async def test_body_of_another_media_type_is_refused(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        # What a form on a foreign page could send without asking first.
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "x"):
            headers = {"Content-Type": media_type}
            refused = await quire.refused("PATCH", BASE, content='{"title":"x"}', headers=headers)
            assert refused == INVALID
        assert await quire.refused("PATCH", BASE, content='{"title":"x"}') == INVALID


NOT_TEXT = [b"\xff", b"\xed\xa0\x80", b"a\0b", b"\xf8\x88\x80\x80\x80"]


async def test_text_that_is_not_text_is_refused(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        headers = {"If-Match": '"0"'}
        for body in NOT_TEXT:
            put = await quire.refused("PUT", f"{BASE}/text", content=body, headers=headers)
            assert put == INVALID, body


BAD_QUERIES = [
    f"{BASE}/text?version=-1",
    f"{BASE}/text?version=x",
    f"{BASE}/text?version=" + "9" * 5_000,
    f"{BASE}/text?version=9007199254740992",
    f"{BASE}/text?version=%D9%A1%00",
    f"{BASE}/history?limit=0",
    f"{BASE}/history?limit=501",
    f"{BASE}/history?order=up",
    f"{BASE}/history?actor=%00",
    f"{BASE}/history?after=-1",
    f"{BASE}/history?position_encoding=utf-8",
    f"{BASE}/history?include=" + "ops," * 50,
    f"{BASE}/history/-1",
    f"{BASE}/history/9007199254740992",
    f"{BASE}/diff?from=1e3",
    f"{BASE}/diff?from=0&format=html",
    f"{BASE}/events?since=%FF",
    "/api/documents?q=%00",
    "/api/documents?limit=201",
    "/api/documents?before=x",
    "/api/documents?before=1-99999999999999999999",
]


async def test_query_that_is_not_what_it_should_be_is_refused(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        for path in BAD_QUERIES:
            assert await quire.refused("GET", path) == INVALID, path[:80]


NO_NAMES = ["%00", "%FF", "%ED%A0%80", ".x", "a%20b", "x" * 129, "x" * 9_999, "%2e%2e", "é"]


async def test_name_that_no_document_can_have_is_not_found(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        unknown = (404, "unknown_document")
        for name in NO_NAMES:
            for part in ("text", "events"):
                refused = await quire.refused("GET", f"/api/documents/{name}/{part}")
                assert refused == unknown, name


BAD_NAMES: list[object] = ["", ".x", "a b", "a/b", "x" * 129, "a\n", "é", 7, ["x"]]


async def test_document_cannot_be_created_with_a_bad_name(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for name in BAD_NAMES:
            refused = await quire.refused("POST", "/api/documents", json={"name": name})
            assert refused == INVALID, name


async def test_text_over_the_limit_is_refused_before_anything_is_created(tmp_path: Path) -> None:
    async with application(tmp_path, max_document_chars=3) as quire:
        body = {"name": "notes", "text": "four"}
        assert await quire.refused("POST", "/api/documents", json=body) == (413, "document_full")
        assert await quire.refused("GET", BASE) == (404, "unknown_document")
        await quire.create(text="abc")
        headers = {"If-Match": '"1"'}
        refused = await quire.refused("PUT", f"{BASE}/text", content="four", headers=headers)
        assert refused == (413, "document_full")


async def test_body_over_the_limit_is_refused_announced_or_not(tmp_path: Path) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1_000

    async with application(tmp_path, max_message_bytes=4_096) as quire:
        await quire.create()
        too_large = (413, "too_large")
        headers = {"If-Match": '"0"'}
        for body in (b"x" * 4_097, unannounced()):
            put = await quire.refused("PUT", f"{BASE}/text", content=body, headers=headers)
            assert put == too_large
        for body in (b"x" * 4_097, unannounced()):
            assert await quire.refused("PATCH", BASE, content=body, headers=JSON) == too_large
        length = {**JSON, "Content-Length": "9" * 30}
        assert await quire.refused("PATCH", BASE, content=b"", headers=length) == too_large
        await quire.ok("PUT", f"{BASE}/text", content=b"x" * 4_096, headers=headers)


async def test_body_that_brings_no_text_may_be_less_long(tmp_path: Path) -> None:
    async with application(tmp_path, max_form_bytes=4_096) as quire:
        await quire.create()
        long = b'{"title":"x"}'.ljust(4_097)
        too_large = (413, "too_large")
        assert await quire.refused("PATCH", BASE, content=long, headers=JSON) == too_large
        restore = b'{"version":0}'
        path = f"{BASE}/restore"
        refused = await quire.refused("POST", path, content=restore.ljust(4_097), headers=JSON)
        assert refused == too_large
        await quire.ok("POST", path, content=restore.ljust(4_096), headers=JSON)
        await quire.ok("PATCH", BASE, content=long[:4_096], headers=JSON)
        anywhere = await quire.refused("POST", "/nowhere", content=long)
        assert anywhere in (too_large, (404, "not_found"))
        text = {"If-Match": "*"}
        await quire.ok("PUT", f"{BASE}/text", content=b"x" * 5_000, headers=text)
        edit = {"base": None, "ops": [{"insert": "x" * 5_000}]}
        await quire.ok("POST", f"{BASE}/edits", json=edit)
        await quire.ok("POST", "/api/documents", json={"name": "b", "text": "x" * 5_000})


async def test_page_of_history_and_diff_are_bounded(tmp_path: Path) -> None:
    async with application(tmp_path, max_history_events=3, max_diff_chars=200) as quire:
        await quire.create()
        for number in range(7):
            await quire.edit("notes", None, {"insert": f"line {number}\n"})
        seen: list[int] = []
        after: int | None = 0
        while after is not None:
            page = await quire.ok("GET", f"{BASE}/history?limit=500&after={after}")
            assert len(page["events"]) <= 3
            seen += [event["version"] for event in page["events"]]
            after = page["next"]
        assert seen == list(range(1, 8))
        await quire.edit("notes", None, {"insert": "x" * 100 + "\n"})
        unified = f"{BASE}/diff?from=7&format=unified"
        assert (await quire.http.get(unified)).status_code == 200
        await quire.edit("notes", None, {"insert": "y" * 100 + "\n"})
        assert await quire.refused("GET", unified) == (413, "too_large")


async def test_what_is_not_there_is_a_problem_document(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        assert await quire.refused("GET", "/nope") == (404, "not_found")
        assert await quire.refused("GET", "/api/documents/a/b/c") == (404, "not_found")
        assert await quire.refused("PUT", "/api/documents") == (405, "method_not_allowed")
        response = await quire.http.put("/api/documents")
        assert response.headers["allow"]


async def test_foreign_page_may_not_change_anything(tmp_path: Path) -> None:
    allowed = "https://wiki.example.org"
    async with application(tmp_path, allowed_origins=(allowed,)) as quire:
        await quire.create(text="x")
        foreign = {"Origin": "https://evil.example"}
        edit = {"base": 1, "ops": [{"insert": "y"}]}
        refused = (403, "foreign_origin")
        path = f"{BASE}/edits"
        assert await quire.refused("POST", path, json=edit, headers=foreign) == refused
        null = {"Origin": "null"}
        assert await quire.refused("DELETE", BASE, headers=null) == refused
        assert await quire.text("notes") == "x"
        read = await quire.http.get(f"{BASE}/text", headers=foreign)
        assert "access-control-allow-origin" not in read.headers
        for origin in (allowed, "http://quire.test"):
            await quire.ok("POST", path, json=edit, headers={"Origin": origin})
        read = await quire.http.get(f"{BASE}/text", headers={"Origin": allowed})
        assert read.headers["access-control-allow-origin"] == allowed
        asked = {"Origin": allowed, "Access-Control-Request-Method": "PUT"}
        preflight = await quire.http.options(f"{BASE}/text", headers=asked)
        assert preflight.status_code == 200


async def test_failing_store_is_temporary_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is on fire")

    async with application(tmp_path) as quire:
        await quire.create()
        monkeypatch.setattr(quire.state.log, "find", fail)
        monkeypatch.setattr(quire.state.log, "ping", fail)
        for path in (BASE, f"{BASE}/text", "/readyz"):
            response = await quire.http.get(path)
            assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
            assert int(response.headers["retry-after"]) > 0
            assert "fire" not in response.text
        assert (await quire.http.get("/healthz")).status_code == 200


async def test_defect_is_a_problem_document_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    async with application(tmp_path) as quire:
        monkeypatch.setattr(quire.state.log, "find", fail)
        assert await quire.refused("GET", BASE) == (500, "internal")
        assert "secret" not in (await quire.http.get(BASE)).text


async def test_edit_in_a_room_that_breaks_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def fail(_: Room, submission: Submission) -> Sequence[Effect]:
        raise ZeroDivisionError(f"a defect at {submission}")

    async with application(tmp_path) as quire:
        await quire.create(text="x")
        edit = {"base": 1, "ops": [{"insert": "y"}]}
        with monkeypatch.context() as broken:
            broken.setattr(Room, "submit", fail)
            async with asyncio.timeout(60):
                refused = await quire.refused("POST", f"{BASE}/edits", json=edit)
        assert refused == (503, "store_unavailable")
        await quire.ok("POST", f"{BASE}/edits", json=edit)
        assert await quire.text("notes") == "yx"


async def test_request_that_is_cut_off_leaves_the_server_well(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create()
        for _ in range(20):
            edit = asyncio.create_task(quire.edit("notes", None, {"insert": "x"}))
            await asyncio.sleep(0)
            edit.cancel()
            await asyncio.gather(edit, return_exceptions=True)
        await quire.edit("notes", None, {"insert": "!"})
        assert (await quire.text("notes")).startswith("!")
        assert quire.state.rooms.sinks == {}
