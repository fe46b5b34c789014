"""Lists, marks, the trash, templates, duplicates and search over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.service import trash
from storage.store import open_store
from sync.shells.clock import now_ms
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.http_app import Application, application
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

ADA = {"X-Quire-Name": "Ada"}
BEN = {"X-Quire-Name": "Ben"}


async def create(quire: Application, name: str, text: str = "", **fields: Any) -> dict[str, Any]:
    body = {"name": name, "text": text, **fields}
    return await quire.ok("POST", "/api/documents", json=body, headers=ADA)


async def listed(quire: Application, query: str, headers: dict[str, str] = ADA) -> list[str]:
    answer = await quire.ok("GET", f"/api/documents?{query}", headers=headers)
    return [each["name"] for each in answer["documents"]]


async def search(quire: Application, query: str, **options: Any) -> list[dict[str, Any]]:
    params = {"q": query, **options}
    answer = await quire.ok("GET", "/api/search", params=params, headers=ADA)
    results: list[dict[str, Any]] = answer["results"]
    return results


async def until(condition: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await condition() != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def found(quire: Application, query: str) -> list[str]:
    return [each["document"]["name"] for each in await search(quire, query)]


async def test_text_typed_a_moment_ago_is_found_with_its_places(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await create(quire, "notes", "# Über 😀 Straßen\n\nDie 😀 Straße nach Süden")
        await until(lambda: found(quire, "strasse"), ["notes"])
        (result,) = await search(quire, "strasse sud")
        assert result["document"]["title"] == "Über 😀 Straßen"
        assert result["title_hits"] == [{"pos": 7, "len": 7}]
        (excerpt,) = result["excerpts"]
        text = excerpt["text"]
        marked = [text[each["pos"] : each["pos"] + each["len"]] for each in excerpt["hits"]]
        assert marked == ["Straßen", "Straße", "Süd"]
        (in_utf16,) = await search(quire, "strasse sud", position_encoding="utf-16")
        assert in_utf16["title_hits"] == [{"pos": 8, "len": 7}]
        assert in_utf16["excerpts"][0]["hits"][2]["pos"] == excerpt["hits"][2]["pos"] + 2
        await quire.edit("notes", None, {"insert": "Zebra "})
        await until(lambda: found(quire, "zebra"), ["notes"])


async def test_search_is_paged_and_bounded(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for n in range(5):
            await create(quire, f"d{n}", "apple")
        await until(lambda: found(quire, "apple"), ["d4", "d3", "d2", "d1", "d0"])
        names: list[str] = []
        cursor: str | None = None
        while True:
            params = {"q": "apple", "limit": 2, **({} if cursor is None else {"cursor": cursor})}
            page = await quire.ok("GET", "/api/search", params=params)
            names += [each["document"]["name"] for each in page["results"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert names == ["d4", "d3", "d2", "d1", "d0"]
        for query in ("limit=0&q=a", "limit=51&q=a", "", f"q={'a' * 201}", "q=a&cursor=x"):
            assert await quire.refused("GET", f"/api/search?{query}") == (422, "invalid_message")
        assert await search(quire, "!!! ...") == []


async def test_role_that_is_taken_away_ends_what_is_found(tmp_path: Path) -> None:
    async with application(tmp_path, default_access="private") as quire:
        await create(quire, "notes", "apple")
        await until(lambda: found(quire, "apple"), ["notes"])
        path = "/api/documents/notes/access/signed-in"
        query = {"q": "apple"}
        for method, wanted in (("PUT", 1), ("DELETE", 0)):
            body = {"role": "viewer"} if method == "PUT" else None
            await quire.http.request(method, path, json=body, headers=ADA)
            answer = await quire.ok("GET", "/api/search", params=query, headers=BEN)
            assert len(answer["results"]) == wanted


async def test_marks_are_ones_own_and_lists_follow_them(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for name in ("a", "b", "c"):
            await create(quire, name)
        for method, path, body in (
            ("PUT", "/a/pin", None),
            ("PUT", "/b/opened", None),
            ("PUT", "/a/opened", None),
            ("PUT", "/b/tags", {"tags": ["  to \n do ", "work", "work"]}),
        ):
            answer = await quire.http.request(
                method, f"/api/documents{path}", json=body, headers=ADA
            )
            assert answer.is_success, answer.text
        assert await listed(quire, "show=pinned") == ["a"]
        assert await listed(quire, "sort=opened") == ["a", "b"]
        assert await listed(quire, "tag=to%20do") == ["b"]
        assert await listed(quire, "sort=title&limit=2") == ["a", "b"]
        for query in ("show=pinned", "sort=opened", "tag=work", "show=mine"):
            assert await listed(quire, query, BEN) == []
        assert (await quire.ok("GET", "/api/tags", headers=ADA))["tags"] == [
            {"tag": "to do", "count": 1},
            {"tag": "work", "count": 1},
        ]
        page = await quire.ok("GET", "/api/documents?tag=work", headers=ADA)
        assert page["documents"][0]["tags"] == ["to do", "work"]
        assert page["documents"][0]["opened_at"] is not None
        await quire.http.delete("/api/documents/a/pin", headers=ADA)
        assert await listed(quire, "show=pinned") == []


async def test_titles_are_paged_in_order(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        titles = ["b", "a", "Ä", "a", "\U0001f389", "100%"]
        for n, title in enumerate(titles):
            await create(quire, f"d{n}", title=title)
        names: list[str] = []
        query = "sort=title&limit=1"
        while True:
            page = await quire.ok("GET", f"/api/documents?{query}")
            names += [each["name"] for each in page["documents"]]
            if page["next"] is None:
                break
            query = f"sort=title&limit=1&before={page['next']}"
        assert names == ["d5", "d1", "d3", "d0", "d2", "d4"]
        for before in ("x", "5-5", "W10", "!"):
            refused = await quire.refused("GET", f"/api/documents?sort=title&before={before}")
            assert refused == (422, "invalid_message")
        assert (await quire.refused("GET", "/api/documents?before=W10"))[0] == 422
        assert await listed(quire, "show=trash&sort=opened&limit=1") == []


async def test_tags_are_bounded(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await create(quire, "a")
        for tags in ([f"t{n}" for n in range(21)], ["x" * 41]):
            refused = await quire.refused("PUT", "/api/documents/a/tags", json={"tags": tags})
            assert refused == (422, "invalid_message")
        answer = await quire.ok("PUT", "/api/documents/a/tags", json={"tags": ["\u200b", " ", "é"]})
        assert answer == {"tags": ["é"]}


async def test_duplicate_has_the_text_and_is_ones_own(tmp_path: Path) -> None:
    async with application(tmp_path, default_access="private") as quire:
        text = "x" * 1_500_000
        await create(quire, "a", "apple", title="Apple")
        await quire.http.put(
            "/api/documents/a/access/signed-in", json={"role": "viewer"}, headers=ADA
        )
        await quire.state.log.find("a")
        made = await quire.ok(
            "POST", "/api/documents/a/duplicate", json={"title": "Mine"}, headers=BEN
        )
        assert (made["title"], made["role"], made["version"]) == ("Mine", "owner", 1)
        path = f"/api/documents/{made['name']}"
        assert (await quire.http.get(f"{path}/text", headers=BEN)).text == "apple"
        history = await quire.ok("GET", f"{path}/history", headers=BEN)
        assert [each["actor"]["name"] for each in history["events"]] == ["Ben"]
        assert (await quire.http.get(path, headers=ADA)).status_code == 404
        # Longer than a message may be: it is not sent.
        for half in (text[:750_000], text[750_000:]):
            body = {"base": None, "ops": [{"insert": half}]}
            await quire.ok("POST", "/api/documents/a/edits", json=body, headers=ADA)
        large = await quire.ok("POST", "/api/documents/a/duplicate", json={}, headers=ADA)
        assert large["title"] == "Apple"
        answer = await quire.http.get(f"/api/documents/{large['name']}/text", headers=ADA)
        assert len(answer.text) == 1_500_005


async def test_template_is_its_owners_to_offer(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await create(quire, "a")
        assert await quire.refused("PUT", "/api/documents/a/template", headers=BEN) == (
            403,
            "forbidden",
        )
        updated = (await quire.ok("GET", "/api/documents/a"))["updated_at"]
        assert (await quire.http.put("/api/documents/a/template", headers=ADA)).status_code == 204
        assert await listed(quire, "show=templates", BEN) == ["a"]
        assert (await quire.ok("GET", "/api/documents/a"))["template"] is True
        assert (await quire.ok("GET", "/api/documents/a"))["updated_at"] == updated
        await quire.http.delete("/api/documents/a/template", headers=ADA)
        assert await listed(quire, "show=templates", BEN) == []


async def test_document_comes_back_from_the_trash_as_it_was_while_it_is_open(
    tmp_path: Path,
) -> None:
    async with application(tmp_path) as quire:
        await create(quire, "a", "apple")
        async with AsgiSocket(quire.app, "/ws") as socket:
            await socket.say("auth", name="Ada")
            await socket.hear("auth_ok")
            await socket.say("join", doc="a")
            await socket.hear("joined")
            assert (await quire.http.delete("/api/documents/a", headers=ADA)).status_code == 204
            assert (await socket.hear("error"))["code"] == "unknown_document"
            assert await listed(quire, "") == []
            assert await listed(quire, "show=trash", BEN) == []
            page = await quire.ok("GET", "/api/documents?show=trash", headers=ADA)
            assert [each["name"] for each in page["documents"]] == ["a"]
            assert page["documents"][0]["deleted_at"] is not None
            back = await quire.ok("POST", "/api/trash/a/restore", headers=ADA)
            assert (back["version"], back.get("deleted_at")) == (1, None)
            await socket.say("join", doc="a")
            assert (await socket.hear("joined", "error"))["text"] == "apple"
            await quire.edit("a", None, {"insert": "An "})
            assert await quire.text("a") == "An apple"
        assert await listed(quire, "show=trash") == []
        assert await quire.refused("POST", "/api/trash/a/restore", headers=ADA) == (
            404,
            "unknown_document",
        )


async def test_what_was_in_the_trash_for_too_long_is_removed(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        for name in ("old", "new", "kept"):
            await create(quire, name, "apple")
        at_ms = now_ms()
        await quire.state.log.update_document("old", deleted_at_ms=at_ms - 10, updated_at_ms=at_ms)
        await quire.http.delete("/api/documents/new", headers=ADA)
        assert await trash.empty_trash(quire.state.backend, at_ms) == 1
        assert await listed(quire, "show=trash") == ["new"]
        refused = await quire.refused("POST", "/api/trash/old/restore", headers=ADA)
        assert refused == (404, "unknown_document")
        assert (await quire.http.delete("/api/trash/new", headers=ADA)).status_code == 204
        assert await listed(quire, "show=trash") == []
        for name in ("old", "new"):
            body = {"name": name}
            assert await quire.refused("POST", "/api/documents", json=body) == (409, "name_taken")
            assert (await quire.refused("GET", f"/api/documents/{name}"))[0] == 404
        assert await quire.text("kept") == "apple"

    # Everything is written before the end.
    store = open_store(f"sqlite+aiosqlite:///{tmp_path / 'quire.db'}")
    records = await store.audit.page(None, limit=50, kind="document.purged")
    await store.aclose()
    assert [(each.document, each.user_name, each.detail) for each in records] == [
        ("new", "Ada", {"by": "owner"}),
        ("old", "", {"by": "expiry"}),
    ]


async def test_recovery_is_noted(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await create(quire, "a")
        await quire.http.delete("/api/documents/a", headers=ADA)
        await quire.ok("POST", "/api/trash/a/restore", headers=ADA)

        async def kinds() -> list[str]:
            answer = await quire.ok("GET", "/api/documents/a/audit", headers=ADA)
            return [each["kind"] for each in answer["entries"]]

        await until(kinds, ["document.recovered", "document.deleted", "document.created"])
