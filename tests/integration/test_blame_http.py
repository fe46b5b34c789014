"""Blame and contributions of a running application.

What is answered is what a model says that keeps the version of every code point: over random
histories with restores, from memory, from what is kept beside the log, and from the log alone.
"""

from collections.abc import AsyncIterator
from operator import methodcaller
from pathlib import Path
from random import Random

import brotli
import msgspec
import pytest

from app.service import blames
from app.service.blame_keeping import BLAME_CURSOR, BlameKeeper
from app.service.blames import Blames
from sync.event_origin import restored_version
from sync.text.delta import from_wire, to_wire
from sync.text.span import by_version
from tests.integration.http_app import Application, application
from tests.integration.http_notes import DOC, edit, of
from tests.property.test_blame import Model, random_delta

pytestmark = pytest.mark.anyio

PATH = f"{DOC}/blame"


@pytest.fixture
async def quire(tmp_path: Path) -> AsyncIterator[Application]:
    async with application(tmp_path) as quire:
        await quire.ok("POST", "/api/documents", json={"name": "notes"}, headers=of("Ada"))
        yield quire


async def told(quire: Application, query: str = "") -> list[tuple[int, int, str]]:
    answer = await quire.ok("GET", PATH + query)
    return [(each["len"], each["version"], each["actor"]["name"]) for each in answer["spans"]]


async def test_spans_tell_who_wrote_what(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "Hello world"})
    await edit(quire, "Ben", {"retain": 5}, {"insert": ", dear"})
    await edit(quire, "Ada", {"delete": 1}, {"insert": "J"})
    assert await told(quire) == [(1, 3, "Ada"), (4, 1, "Ada"), (6, 2, "Ben"), (6, 1, "Ada")]
    assert await told(quire, "?version=1") == [(11, 1, "Ada")]
    assert await told(quire, "?version=0") == []
    assert await told(quire, "?grain=author") == [(5, 3, "Ada"), (6, 2, "Ben"), (6, 1, "Ada")]
    event = (await quire.ok("GET", f"{DOC}/history/2"))["event"]
    span = (await quire.ok("GET", PATH))["spans"][2]
    assert (span["at"], span["actor"]) == (event["at"], event["actor"])


async def test_restored_text_keeps_its_first_author(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "one two"})
    await edit(quire, "Ben", {"retain": 4}, {"insert": "and "})
    before = await told(quire)
    await edit(quire, "Cleo", {"delete": 11}, {"insert": "gone"})
    for _ in range(2):
        await quire.ok("POST", f"{DOC}/restore", json={"version": 2}, headers=of("Dan"))
        assert await told(quire) == before
        await quire.ok("POST", f"{DOC}/restore", json={"version": 0}, headers=of("Dan"))
        assert await told(quire) == []


async def test_pages_and_utf16_count_what_they_say(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "a🎉b"})
    await edit(quire, "Ben", {"retain": 2}, {"insert": "🎉🎉"})
    assert await told(quire) == [(2, 1, "Ada"), (2, 2, "Ben"), (1, 1, "Ada")]
    utf16 = "?position_encoding=utf-16"
    assert [length for length, *_ in await told(quire, utf16)] == [3, 4, 1]
    page = await quire.ok("GET", f"{PATH}{utf16}&limit=1")
    assert page["next"] == 3
    assert await told(quire, f"{utf16}&after=3") == [(4, 2, "Ben"), (1, 1, "Ada")]
    assert await told(quire, f"{utf16}&after=5") == [(2, 2, "Ben"), (1, 1, "Ada")]
    assert await told(quire, f"{utf16}&after=99") == await told(quire, "?after=99") == []
    assert await told(quire, "?after=3") == [(1, 2, "Ben"), (1, 1, "Ada")]
    assert await quire.refused("GET", f"{PATH}{utf16}&after=2") == (422, "out_of_range")
    assert await quire.refused("GET", f"{PATH}?version=9") == (404, "unknown_version")
    for bad in ("limit=0", "limit=50001", "grain=word", "after=-1"):
        assert await quire.refused("GET", f"{PATH}?{bad}") == (422, "invalid_message")


async def test_answer_is_not_sent_twice_and_compressed(quire: Application) -> None:
    for n in range(60):
        await edit(quire, "Ada" if n % 2 else "Ben", {"insert": "ab"})
    plain = await quire.http.get(PATH, headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] == '"60"'
    again = await quire.http.get(PATH, headers={"If-None-Match": '"60"'})
    assert (again.status_code, again.content) == (304, b"")
    async with quire.http.stream("GET", PATH, headers={"Accept-Encoding": "br"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert msgspec.json.decode(brotli.decompress(raw)) == plain.json()


async def test_contributions_add_up_under_all_names(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "Hello 🎉"})
    await edit(quire, "Ben", {"delete": 6})
    await edit(quire, "Ben", {"insert": "Hi "})
    found = await quire.ok("GET", f"{DOC}/contributions")
    sums = [
        (each["actor"]["name"], *(each[name] for name in ("inserted", "deleted", "standing")))
        for each in found["contributions"]
    ]
    assert (found["version"], sums) == (3, [("Ben", 3, 6, 3), ("Ada", 7, 0, 1)])
    assert [each["events"] for each in found["contributions"]] == [2, 1]
    (sitting,) = (await quire.ok("GET", f"{DOC}/history/sittings"))["sittings"]
    colors = {each["id"]: each["color"] for each in sitting["authors"]}
    assert {each["actor"]["id"]: each["color"] for each in found["contributions"]} == colors
    assert found["contributions"][1]["first_at"] == sitting["from"]
    assert (await quire.ok("GET", f"{DOC}/contributions?version=0"))["contributions"] == []


async def random_history(quire: Application, chance: Random, count: int) -> None:
    length = 0
    for _ in range(count):
        if chance.random() < 0.15:
            head = (await quire.ok("GET", DOC))["version"]
            wanted = {"version": chance.randrange(head + 1)}
            await quire.ok("POST", f"{DOC}/restore", json=wanted, headers=of("Rita"))
        else:
            delta = random_delta(chance, length)
            if delta:
                await edit(quire, chance.choice(["Ada", "Ben"]), *to_wire(delta))
        length = len(await quire.text("notes"))


async def model_of(quire: Application) -> Model:
    model = Model()
    events = (await quire.ok("GET", f"{DOC}/history?limit=500&include=ops"))["events"]
    for event in events:
        model.write(from_wire(event["ops"]), restored_version(event["session"]))
    return model


@pytest.mark.parametrize("seed", range(5))
async def test_every_version_is_blamed_as_the_model_says(
    quire: Application, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    monkeypatch.setattr(blames, "_PAGE_EVENTS", chance.choice([1, 3, 10, 20_000]))
    monkeypatch.setattr(blames, "SAVE_AFTER", chance.choice([1, 8, 4_000]))
    monkeypatch.setattr(blames, "_MAX_STEPS_SIZE", chance.choice([1, 100, 10_000]))
    backend, log = quire.state.backend, quire.state.log
    for _ in range(3):
        await random_history(quire, chance, 15)
        model = await model_of(quire)
        record = await log.find("notes")
        assert record is not None
        for _ in range(12):
            version = chance.choice([record.version, chance.randrange(record.version + 1)])
            # The process's own, or one that has just started.
            reader = chance.choice([backend.blames, Blames(log, backend.versions)])
            blame = await reader.blame(record, version)
            found = [v for length, v in by_version(blame.spans) for _ in range(length)]
            assert found == model.versions[version], version
            assert blame.version == version


async def test_text_that_is_taken_back_keeps_its_first_author(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "one "})
    await edit(quire, "Cleo", {"retain": 4}, {"insert": "two"})
    before = (await quire.ok("GET", f"{DOC}/blame"))["spans"]
    await edit(quire, "Ben", {"retain": 2}, {"delete": 4})
    await edit(quire, "Ben", {"insert": "Ben "})
    ben = (await quire.ok("GET", "/api/session", headers=of("Ben")))["user"]["id"]
    await quire.ok("POST", f"{DOC}/take-back", json={"actor": ben}, headers=of("Dan"))
    assert await quire.text("notes") == "one two"
    assert (await quire.ok("GET", f"{DOC}/blame"))["spans"] == before
    found = await quire.ok("GET", f"{DOC}/blame?version=4")
    assert [each["actor"]["name"] for each in found["spans"]] == ["Ben", "Ada", "Cleo"]


@pytest.mark.parametrize("seed", range(6))
async def test_all_that_is_taken_back_has_the_authors_of_then(
    quire: Application, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(seed)
    monkeypatch.setattr(blames, "_PAGE_EVENTS", chance.choice([1, 3, 20_000]))
    log, rows = quire.state.log, quire.state.backend.versions
    await random_history(quire, chance, 12)
    for _ in range(4):
        begin = (await quire.ok("GET", DOC))["version"]
        before = await told(quire)
        for _ in range(chance.randrange(1, 6)):
            length = len(await quire.text("notes"))
            delta = random_delta(chance, length)
            if delta:
                await edit(quire, chance.choice(["Ada", "Ben"]), *to_wire(delta))
        head = (await quire.ok("GET", DOC))["version"]
        taken = {"after": begin, "upto": chance.choice([None, min(begin + 1, head)])}
        await quire.ok("POST", f"{DOC}/take-back", json=taken, headers=of("Dan"))
        if taken["upto"] is not None:
            await quire.ok("POST", f"{DOC}/take-back", json={"after": begin}, headers=of("Dan"))
        assert await told(quire) == before
        record = await log.find("notes")
        assert record is not None
        fresh = await Blames(log, rows).blame(record, record.version)
        spans = [(length, version) for length, version, _ in before]
        assert list(by_version(fresh.spans)) == spans


async def test_keeper_keeps_blames_of_documents_that_grow(
    quire: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.service.blame_keeping.SAVE_AFTER", 5)
    backend, log = quire.state.backend, quire.state.log
    changes = log.changes  # type: ignore[attr-defined]
    await changes.start(BLAME_CURSOR, at_beginning=True)
    keeper = BlameKeeper(log, changes, backend.versions, Blames(log, backend.versions))
    record = await log.find("notes")
    assert record is not None
    for wanted in (0, 5, 5, 5, 5, 10):
        for _ in range(2 if wanted else 4):
            await edit(quire, "Ada", {"insert": "x"})
        if wanted == 5:
            await edit(quire, "Ada", {"delete": 1})
        for _ in range(3):
            await keeper.round()
        kept = await backend.versions.blame(record.key)
        head = (await quire.ok("GET", DOC))["version"]
        assert 0 <= head - (0 if kept is None else kept.version) < 5
    assert kept is not None


async def test_damaged_row_costs_no_more_than_time(quire: Application) -> None:
    await edit(quire, "Ada", {"insert": "one"})
    backend = quire.state.backend
    record = await quire.state.log.find("notes")
    assert record is not None
    await backend.versions.save_blame(record.key, await backend.blames.blame(record, 1))
    for damage in ("x'00'", "substr(data, 1, length(data) - 4)"):
        statement = f"UPDATE blame_checkpoints SET data = {damage}"
        async with backend.versions._database.write() as transaction:
            await transaction.run(methodcaller("exec_driver_sql", statement))
        fresh = await Blames(quire.state.log, backend.versions).blame(record, 1)
        assert fresh.spans == [(3, 1, 0)]
