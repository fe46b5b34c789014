"""Taking back over HTTP: ranges of versions and times, the preview, and what others see."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sync.text.delta import apply, from_wire
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.http_app import Application, application
from tests.integration.http_notes import DOC, edit, of
from tests.integration.yjs_replica import YjsReplica

pytestmark = pytest.mark.anyio

PATH = f"{DOC}/take-back"


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes"}, headers=of("Ada"))
        yield quire


async def id_of(quire: Application, name: str) -> str:
    answer = await quire.ok("GET", "/api/session", headers=of(name))
    user_id: str = answer["user"]["id"]
    return user_id


async def write(quire: Application) -> str:
    """Ben's doings among those of others; returns Ben's id."""
    await edit(quire, "Ada", {"insert": "The cat sat."})
    await edit(quire, "Ben", {"retain": 4}, {"insert": "black "}, {"retain": 4}, {"delete": 3})
    await edit(quire, "Cleo", {"retain": 6}, {"insert": "UE"}, {"delete": 3})
    return await id_of(quire, "Ben")


async def test_what_one_person_did_is_taken_back(quire: Application) -> None:
    ben = await write(quire)
    before = await quire.text("notes")
    taken = await quire.ok("POST", PATH, json={"actor": ben, "id": "undo"}, headers=of("Ada"))
    assert (taken["version"], taken["after"], taken["upto"], taken["events"]) == (4, 0, 3, 1)
    assert await quire.text("notes") == apply(before, from_wire(taken["ops"]))
    assert "black" not in await quire.text("notes")
    assert "UE" in await quire.text("notes")
    again = await quire.ok("POST", PATH, json={"actor": ben}, headers=of("Ada"))
    assert (again["version"], again["ops"]) == (4, [])
    retried = await quire.ok("POST", PATH, json={"actor": ben, "id": "undo"}, headers=of("Ada"))
    assert (retried["version"], retried["ops"]) == (4, taken["ops"])
    other = {"json": {"actor": ben, "upto": 2, "id": "undo"}, "headers": of("Ada")}
    assert await quire.refused("POST", PATH, **other) == (409, "duplicate_id")


async def test_preview_says_what_is_done_then_and_changes_nothing(quire: Application) -> None:
    ben = await write(quire)
    asked = {"json": {"actor": ben}, "headers": of("Ada")}
    shown = await quire.ok("POST", f"{PATH}?dry_run=true", **asked)
    assert (shown["id"], shown["version"], shown["events"]) == ("", 3, 1)
    assert (await quire.ok("GET", DOC))["version"] == 3
    done = await quire.ok("POST", PATH, **asked)
    assert done["ops"] == shown["ops"]


async def test_positions_are_counted_as_asked(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "🎉🎉"})
    await edit(quire, "Ben", {"retain": 2}, {"insert": "x"})
    body = {"json": {"after": 1}, "headers": of("Ada")}
    for query in ("?dry_run=1&position_encoding=utf-16", "?position_encoding=utf-16"):
        taken = await quire.ok("POST", PATH + query, **body)
        assert taken["ops"] == [{"retain": 4}, {"delete": 1}]


async def test_part_of_the_text_is_taken_back(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "🎉 Good words. Good end."})
    bad = {"delete": 4}, {"insert": "BAD"}
    await edit(quire, "Ben", {"retain": 2}, *bad, {"retain": 8}, *bad)
    assert await quire.text("notes") == "🎉 BAD words. BAD end."
    asked = {"after": 1, "part": {"from": 14, "to": 17}}
    of_ada = {"headers": of("Ada")}
    query = "?position_encoding=utf-16"
    shown = await quire.ok("POST", f"{PATH}{query}&dry_run=1", json=asked, **of_ada)
    assert (shown["version"], shown["events"]) == (2, 1)
    taken = await quire.ok("POST", PATH + query, json={**asked, "id": "part"}, **of_ada)
    assert taken["ops"] == shown["ops"]
    assert (taken["version"], taken["events"]) == (3, 1)
    assert await quire.text("notes") == "🎉 BAD words. Good end."
    retried = await quire.ok("POST", PATH + query, json={**asked, "id": "part"}, **of_ada)
    assert (retried["version"], retried["ops"]) == (3, taken["ops"])
    other = {"after": 1, "part": {"version": 2, "from": 14, "to": 18}, "id": "part"}
    assert await quire.refused("POST", PATH + query, json=other, **of_ada) == (409, "duplicate_id")
    # What came back is that of its first author; and a second time is nothing.
    spans = (await quire.ok("GET", f"{DOC}/blame"))["spans"]
    assert [(span["len"], span["version"]) for span in spans][-1] == (17, 1)
    again = {"after": 1, "upto": 2, "part": {"version": 2, "from": 13, "to": 16}}
    assert (await quire.ok("POST", PATH, json=again, **of_ada))["ops"] == []
    for part in ({"from": 1, "to": 99}, {"from": 5, "to": 3}, {"version": 1, "from": 0, "to": 1}):
        body = {"after": 2, "part": part}
        refused = await quire.refused("POST", PATH, json=body, **of_ada)
        assert refused[1] == "out_of_range", part
    half = {"part": {"from": 1, "to": 3}}
    assert (await quire.refused("POST", PATH + query, json=half, **of_ada))[1] == "out_of_range"


async def test_times_bound_what_is_taken_back(quire: Application) -> None:
    for word in ("one", " two", " three"):
        length = len(await quire.text("notes"))
        await edit(quire, "Ada", *([{"retain": length}] if length else []), {"insert": word})
    events = (await quire.ok("GET", f"{DOC}/history"))["events"]
    span = {"from": events[1]["at"], "to": events[1]["at"]}
    taken = await quire.ok("POST", f"{PATH}?dry_run=true", json=span)
    # Events of one millisecond go together.
    same = [each["version"] for each in events if each["at"] == events[1]["at"]]
    assert (taken["after"], taken["upto"]) == (same[0] - 1, same[-1])
    later = {"from": "2100-01-01T00:00:00Z"}
    nothing = await quire.ok("POST", PATH, json=later)
    assert (nothing["ops"], nothing["events"], nothing["version"]) == ([], 0, 3)
    everything = await quire.ok("POST", PATH, json={"to": "2100-01-01T00:00:00Z"})
    assert (everything["events"], await quire.text("notes")) == (3, "")


async def test_last_events_taken_back_are_a_restore(quire: Application) -> None:
    await write(quire)
    await quire.ok("POST", PATH, json={"after": 1})
    assert await quire.text("notes") == await quire.text("notes", 1)
    await quire.ok("POST", PATH, json={"after": 3})
    assert await quire.text("notes") == await quire.text("notes", 3)


async def test_history_labels_it(quire: Application) -> None:
    ben = await write(quire)
    await quire.ok("POST", PATH, json={"actor": ben}, headers=of("Ada"))
    sittings = (await quire.ok("GET", f"{DOC}/history/sittings"))["sittings"]
    assert [(each["first"], each["last"]) for each in sittings] == [(4, 4), (1, 3)]
    assert [each["origin"] for each in sittings[0]["authors"]] == ["take-back"]
    assert (await quire.ok("GET", f"{DOC}/playback"))["writers"][-1]["origin"] == "take-back"


async def test_yjs_client_sees_the_same_text(quire: Application) -> None:
    ben = await write(quire)
    async with AsgiSocket(quire.app, "/ws", {}) as socket:
        replica = YjsReplica()
        await socket.say("auth", name="Yael")
        await socket.hear("auth_ok")
        await socket.say("join", doc="notes", mode="yjs")
        replica.apply((await socket.hear("joined"))["state"])
        await quire.ok("POST", PATH, json={"actor": ben}, headers=of("Ada"))
        replica.apply((await socket.hear("updates"))["update"])
        assert replica.text == await quire.text("notes")


async def test_wishes_that_make_no_sense_are_refused(quire: Application) -> None:
    await write(quire)
    for bad in ({"after": 9}, {"upto": 9}):
        assert await quire.refused("POST", PATH, json=bad) == (404, "unknown_version")
    malformed: list[dict[str, Any]] = [
        {"after": -1},
        {"from": "soon"},
        {"from": "2026-11-20T14:00:00"},
        {"to": 0},
        {"to": "0"},
        {"actor": 7},
        {"id": "server:1"},
    ]
    for each in malformed:
        assert await quire.refused("POST", PATH, json=each) == (422, "invalid_message")
    empty = await quire.ok("POST", PATH, json={"after": 3, "upto": 1})
    assert (empty["ops"], empty["events"]) == ([], 0)
    unknown = await quire.ok("POST", PATH, json={"actor": "nobody"})
    assert (unknown["ops"], unknown["events"]) == ([], 0)


async def test_too_long_a_way_back_is_told(
    quire: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(quire)
    monkeypatch.setattr("app.service.strand_reader.MAX_STRAND_EVENTS", 2)
    assert await quire.refused("POST", PATH, json={}) == (409, "not_restorable")
    assert (await quire.ok("POST", PATH, json={"after": 1}))["events"] == 2
