"""History, single versions, diffs and restore over HTTP."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from app.http import schema
from tests.integration.http_app import Application, application

pytestmark = pytest.mark.anyio

BASE = "/api/documents/notes"


async def written(quire: Application) -> None:
    """Versions 1 to 4, by two authors: an insert, an edit, a delete, an insert."""
    ada, bob = {"X-Quire-Name": "Ada"}, {"X-Quire-Name": "Bob"}
    new = {"name": "notes", "text": "a😀b"}
    await quire.ok("POST", "/api/documents", json=new, headers=ada)
    steps: list[tuple[dict[str, str], list[dict[str, Any]]]] = [
        (bob, [{"insert": "1"}, {"retain": 2}, {"insert": "2"}]),
        (ada, [{"retain": 1}, {"delete": 1}]),
        (bob, [{"retain": 3}, {"insert": "!"}]),
    ]
    for headers, ops in steps:
        await quire.ok("POST", f"{BASE}/edits", json={"base": None, "ops": ops}, headers=headers)


async def test_events_are_spelled_as_the_design_says(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        history = await quire.ok("GET", f"{BASE}/history")
        assert history.keys() == {"events", "next"}
        assert history["next"] is None
        events = history["events"]
        common = {"version", "id", "type", "actor", "session", "at"}
        assert [event.keys() - common for event in events] == [
            {"pos", "text"},
            {"ops"},
            {"pos", "len"},
            {"pos", "text"},
        ]
        assert [event["type"] for event in events] == [
            "text_insert",
            "text_edit",
            "text_delete",
            "text_insert",
        ]
        assert [event["actor"]["name"] for event in events] == ["Ada", "Bob", "Ada", "Bob"]
        for event in events:
            schema.Event.model_validate(event, strict=True)


async def test_history_is_paged_by_version_in_both_orders(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)

        async def pages(order: str, bound: str) -> list[list[int]]:
            found: list[list[int]] = []
            query: dict[str, Any] = {"limit": 3, "order": order}
            while True:
                page = await quire.ok("GET", f"{BASE}/history", params=query)
                found.append([event["version"] for event in page["events"]])
                if page["next"] is None:
                    return found
                query[bound] = page["next"]

        assert await pages("asc", "after") == [[1, 2, 3], [4]]
        assert await pages("desc", "before") == [[4, 3, 2], [1]]
        between = await quire.ok("GET", f"{BASE}/history?after=1&before=4&limit=2")
        assert [event["version"] for event in between["events"]] == [2, 3]
        assert between["next"] is None


async def test_history_is_filtered_by_actor(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        history = await quire.ok("GET", f"{BASE}/history")
        bob = history["events"][1]["actor"]["id"]
        found = await quire.ok("GET", f"{BASE}/history", params={"actor": bob, "order": "desc"})
        assert [event["version"] for event in found["events"]] == [4, 2]
        first = await quire.ok("GET", f"{BASE}/history", params={"actor": bob, "limit": 1})
        assert first["next"] == 2
        none = await quire.ok("GET", f"{BASE}/history", params={"actor": "nobody"})
        assert none == {"events": [], "next": None}


async def test_ops_and_update_are_included_when_asked(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        history = await quire.ok("GET", f"{BASE}/history?include=ops,update&limit=500")
        assert history["events"][2]["ops"] == [{"retain": 1}, {"delete": 1}]
        assert all(base64.b64decode(event["update"], validate=True) for event in history["events"])
        refused = await quire.refused("GET", f"{BASE}/history?include=secrets")
        assert refused == (422, "invalid_message")


@pytest.mark.parametrize("query", ["", "&order=desc", "&limit=2&after=1"])
async def test_positions_of_events_count_utf16_units_when_asked(tmp_path: Path, query: str) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        path = f"{BASE}/history?position_encoding=utf-16&include=ops{query}"
        found = {event["version"]: event for event in (await quire.ok("GET", path))["events"]}
        expected = {
            1: [{"insert": "a😀b"}],
            2: [{"insert": "1"}, {"retain": 3}, {"insert": "2"}],
            3: [{"retain": 1}, {"delete": 1}],
            4: [{"retain": 4}, {"insert": "!"}],
        }
        assert {version: event["ops"] for version, event in found.items()}.items() <= (
            expected.items()
        )
        assert len(found) >= 2


async def test_utf16_history_of_one_actor_skips_the_others(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        bob = (await quire.ok("GET", f"{BASE}/history/4"))["event"]["actor"]["id"]
        query = {"position_encoding": "utf-16", "actor": bob}
        found = await quire.ok("GET", f"{BASE}/history", params=query)
        assert [event.get("pos") for event in found["events"]] == [None, 4]


async def test_one_version_is_its_event_and_text(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        third = await quire.ok("GET", f"{BASE}/history/3")
        assert third.keys() == {"event", "text"}
        assert (third["event"]["version"], third["text"]) == (3, "1😀2b")
        wide = await quire.ok("GET", f"{BASE}/history/4?position_encoding=utf-16")
        assert (wide["event"]["pos"], wide["text"]) == (4, "1😀2!b")
        assert await quire.ok("GET", f"{BASE}/history/0") == {"event": None, "text": ""}
        assert await quire.refused("GET", f"{BASE}/history/5") == (404, "unknown_version")
        assert await quire.refused("GET", f"{BASE}/history/x") == (422, "invalid_message")


async def test_diff_is_a_delta_or_unified(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="😀 one\ntwo\n")
        await quire.edit("notes", 1, {"retain": 6}, {"insert": "new\n"})
        delta = await quire.ok("GET", f"{BASE}/diff?from=1&to=2")
        assert delta == {"from": 1, "to": 2, "ops": [{"retain": 6}, {"insert": "new\n"}]}
        wide = await quire.ok("GET", f"{BASE}/diff?from=1&position_encoding=utf-16")
        assert wide["ops"][0] == {"retain": 7}
        backwards = await quire.ok("GET", f"{BASE}/diff?from=2&to=1")
        assert backwards["ops"] == [{"retain": 6}, {"delete": 4}]
        unified = await quire.http.get(f"{BASE}/diff?from=1&to=2&format=unified")
        assert unified.headers["content-type"] == "text/x-diff; charset=utf-8"
        assert unified.text.splitlines()[:2] == ["--- notes@1", "+++ notes@2"]
        assert "+new" in unified.text
        assert await quire.refused("GET", f"{BASE}/diff") == (422, "invalid_message")
        assert await quire.refused("GET", f"{BASE}/diff?from=3") == (404, "unknown_version")
        assert await quire.refused("GET", f"{BASE}/diff?from=1&to=3") == (404, "unknown_version")


async def test_restore_brings_the_old_text_back_as_a_new_version_once(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await written(quire)
        body = {"version": 1, "id": "r-1"}
        first = await quire.ok("POST", f"{BASE}/restore", json=body)
        assert first.keys() == {"id", "version", "ops"}
        assert (first["id"], first["version"]) == ("r-1", 5)
        assert await quire.text("notes") == "a😀b"
        await quire.edit("notes", None, {"insert": "later "})
        assert await quire.ok("POST", f"{BASE}/restore", json=body) == first
        assert await quire.text("notes") == "later a😀b"
        other = {"version": 2, "id": "r-1"}
        assert await quire.refused("POST", f"{BASE}/restore", json=other) == (409, "duplicate_id")
        beyond = await quire.refused("POST", f"{BASE}/restore", json={"version": 99})
        assert beyond == (404, "unknown_version")
        empty = await quire.ok("POST", f"{BASE}/restore", json={"version": 0})
        assert empty["version"] == 7
        assert await quire.text("notes") == ""
        same = await quire.ok("POST", f"{BASE}/restore", json={"version": 7})
        assert (same["version"], same["ops"]) == (7, [])


async def test_page_of_large_events_is_cut_and_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.service.version_reader.MAX_PAGE_BYTES", 3_000)
    async with application(tmp_path) as quire:
        await quire.create()
        for _ in range(4):
            await quire.edit("notes", None, {"insert": "x" * 1_000})
        first = await quire.ok("GET", f"{BASE}/history")
        assert [event["version"] for event in first["events"]] == [1]
        assert first["next"] == 1
        versions = []
        after = 0
        while True:
            page = await quire.ok("GET", f"{BASE}/history?after={after}")
            versions += [event["version"] for event in page["events"]]
            if page["next"] is None:
                break
            after = page["next"]
        assert versions == [1, 2, 3, 4]


async def test_history_and_sittings_are_bounded_by_times(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="one")
        for n in range(2, 8):
            await asyncio.sleep(0.003)
            await quire.edit("notes", None, {"insert": str(n)})
        path = "/api/documents/notes/history"
        events = (await quire.ok("GET", path))["events"]
        times = [each["at"] for each in events]
        assert len(set(times)) == 7, "a version each millisecond, at most"

        async def versions(**query: Any) -> list[int]:
            found = (await quire.ok("GET", path, params=query))["events"]
            return [each["version"] for each in found]

        assert await versions(**{"from": times[2], "to": times[4]}) == [3, 4, 5]
        assert await versions(**{"from": times[2]}, after=4, before=7) == [5, 6]
        assert await versions(to=times[2], order="desc") == [3, 2, 1]
        assert await versions(to="2001-01-01T00:00:00Z") == []
        assert await versions(**{"from": "2100-01-01T00:00:00+02:00"}) == []
        bounds = {"from": times[1], "to": times[3]}
        (sitting,) = (await quire.ok("GET", f"{path}/sittings", params=bounds))["sittings"]
        assert (sitting["first"], sitting["last"]) == (2, 4)
        for bad in ("soon", "2026-11-20T14:00:00", "0.5"):
            asked = {"params": {"from": bad}}
            assert await quire.refused("GET", path, **asked) == (422, "invalid_message")
