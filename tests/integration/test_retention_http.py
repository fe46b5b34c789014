"""Retention over HTTP and sockets: what is gone says so, what is kept is as it was (P2, P4)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.service.retention_keeper import RetentionKeeper
from app.service.retention_rules import Retention
from storage.migrate import upgrade
from storage.retention.retention_rule import RetentionKind, RetentionRule
from storage.versions.named_version import NamedVersion
from sync.limit import Limits
from tests.contract.conftest import new_document
from tests.contract.sample import append, open_whole
from tests.contract.thinned_history import History
from tests.integration.asgi_socket import AsgiSocket
from tests.integration.http_app import Application, application
from tests.integration.http_notes import DOC, of
from tests.integration.test_audit import entries
from tests.integration.yjs_replica import YjsReplica

pytestmark = [pytest.mark.anyio, pytest.mark.p2, pytest.mark.p4]


@dataclass
class Thinned:
    """An installation with a document of which some versions are gone."""

    quire: Application
    history: History
    kept: list[int]
    gone: int
    epoch: str

    @property
    def head(self) -> int:
        return len(self.history.events)


@pytest.fixture(params=["thin", "drop"])
async def thinned(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Thinned]:
    history = History(Random(11))
    history.write(90)
    url = f"sqlite+aiosqlite:///{tmp_path / 'quire.db'}"
    await upgrade(url)
    store = open_whole(url)
    made = new_document("notes", grants=(("everyone", "editor"),))
    key = (await store.log.create(made))[0].key
    await append(store.log, key, *history.events)
    await store.versions.add(NamedVersion(key, "Draft", 40, "", False, "ada", "Ada", 5, 1))
    keeper = RetentionKeeper.of(store, Retention(store.retention), Limits(), rest=0)
    assert await keeper.keep(key, RetentionRule(request.param, days=1))
    bounds = await store.retention.merged(key)
    await store.aclose()
    gone = {version for first, last in bounds for version in range(first, last)}
    kept = [version for version in range(len(history.events) + 1) if version not in gone]
    async with application(tmp_path) as quire:
        yield Thinned(quire, history, kept, max(gone), made.epoch)


@pytest.mark.parametrize("kind", ["thin", "drop"])
async def test_read_only_document_keeps_its_history(tmp_path: Path, kind: RetentionKind) -> None:
    history = History(Random(11))
    history.write(90)
    url = f"sqlite+aiosqlite:///{tmp_path / 'quire.db'}"
    await upgrade(url)
    store = open_whole(url)
    key = (await store.log.create(new_document("notes")))[0].key
    await append(store.log, key, *history.events)
    keeper = RetentionKeeper.of(store, Retention(store.retention), Limits(), rest=0)
    rule = RetentionRule(kind, days=1)
    await store.access.set_read_only(key, 1, is_read_only=True)
    assert await keeper.keep(key, rule) == 0
    assert not await store.retention.merged(key)
    await store.access.set_read_only(key, 2, is_read_only=False)
    assert await keeper.keep(key, rule)
    await store.aclose()


async def test_version_that_is_gone_says_so_everywhere(thinned: Thinned) -> None:
    quire, gone = thinned.quire, thinned.gone
    before = max(version for version in thinned.kept if version < gone)
    after = min(version for version in thinned.kept if version > gone)
    answer = await quire.http.get(f"{DOC}/text", params={"version": gone})
    assert answer.status_code == 410
    problem = answer.json()
    assert problem["code"] == "history_thinned"
    told = (problem["version"], problem["kept_before"], problem["kept_after"])
    assert told == (gone, before, after)
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/history/{gone}", {}),
        ("GET", f"/blame?version={gone}", {}),
        ("GET", f"/contributions?version={gone}", {}),
        ("GET", f"/diff?from={gone}&to={thinned.head}", {}),
        ("GET", f"/diff?from=0&to={gone}&format=unified", {}),
        ("GET", f"/playback?after={gone}", {}),
        ("GET", f"/events?since={gone}", {}),
        ("GET", f"/history?after={gone}", {}),
        ("POST", "/restore", {"json": {"version": gone}}),
        ("POST", "/versions", {"json": {"version": gone, "name": "late"}}),
        ("POST", "/take-back", {"json": {"after": gone}}),
        ("POST", "/take-back", {"json": {"upto": gone}}),
        ("PUT", "/retention", {"json": {"kind": "drop", "before_version": gone}}),
    ]
    for method, path, options in asked[:7] + asked[8:-1]:
        refused = await quire.refused(method, DOC + path, **options)
        assert refused == (410, "history_thinned"), (method, path)
    edit = {"base": gone, "ops": [{"insert": "x"}]}
    assert await quire.refused("POST", f"{DOC}/edits", json=edit) == (409, "base_unknown")


async def test_version_that_is_kept_is_as_it_was(thinned: Thinned) -> None:
    quire, texts = thinned.quire, thinned.history.texts
    for version in thinned.kept:
        assert await quire.text("notes", version) == texts[version]
    listed = await quire.ok("GET", f"{DOC}/history?limit=500&include=ops")
    assert [event["version"] for event in listed["events"]] == thinned.kept[1:]
    utf16 = await quire.ok("GET", f"{DOC}/history?limit=500&position_encoding=utf-16&order=desc")
    assert len(utf16["events"]) == len(listed["events"])
    firsts = [event.get("first", event["version"]) for event in listed["events"]]
    assert firsts == [version + 1 for version in thinned.kept[:-1]]
    played = await quire.ok("GET", f"{DOC}/playback?after=0")
    assert played["to"] == thinned.head
    missing = {version for first, last in played["merged"] for version in range(first, last)}
    assert missing == set(range(thinned.head + 1)) - set(thinned.kept)
    later = await quire.ok("GET", f"{DOC}/playback?after={thinned.kept[-2]}")
    assert all(first > thinned.kept[-2] for first, _ in later["merged"])
    blamed = await quire.ok("GET", f"{DOC}/blame")
    assert sum(span["len"] for span in blamed["spans"]) == len(texts[-1])
    people = await quire.ok("GET", f"{DOC}/contributions")
    assert sum(each["events"] for each in people["contributions"]) == thinned.head
    sittings = await quire.ok("GET", f"{DOC}/history/sittings")
    counts = [author["events"] for each in sittings["sittings"] for author in each["authors"]]
    assert sum(counts) == thinned.head
    kept = await quire.ok("GET", f"{DOC}/retention")
    assert (kept["whole_after"], kept["gone"]) == (
        thinned.head,
        thinned.head + 1 - len(thinned.kept),
    )
    old = thinned.kept[1]
    restored = await quire.ok("POST", f"{DOC}/restore", json={"version": old})
    assert restored["version"] == thinned.head + 1
    assert await quire.text("notes") == texts[old]
    times = {"from": "2020-01-01T00:00:00Z"}
    taken = await quire.ok("POST", f"{DOC}/take-back", json=times)
    assert taken["after"] == 0
    assert await quire.text("notes") == ""


async def test_file_of_it_comes_back_as_it_is(thinned: Thinned) -> None:
    quire, texts = thinned.quire, thinned.history.texts
    answer = await quire.http.get(f"{DOC}/export")
    assert answer.status_code == 200
    path = "/api/documents/import?name=copy"
    made = await quire.ok("POST", path, content=answer.content)
    assert made["version"] == thinned.head
    for version in range(thinned.head + 1):
        if version in thinned.kept:
            assert await quire.text("copy", version) == texts[version]
        else:
            where = f"/api/documents/copy/text?version={version}"
            assert await quire.refused("GET", where) == (410, "history_thinned")
    ours = await quire.ok("GET", f"{DOC}/blame")
    theirs = await quire.ok("GET", "/api/documents/copy/blame")
    assert [span["len"] for span in ours["spans"]] == [span["len"] for span in theirs["spans"]]
    lines = await quire.http.get(f"{DOC}/export?format=jsonl")
    assert len(lines.text.splitlines()) == len(thinned.kept) - 1
    at = answer.content.index(b"M", 12)
    damaged = answer.content[: at + 40] + b"?" + answer.content[at + 41 :]
    assert (await quire.refused("POST", path, content=damaged))[1] == "unusable_file"


@pytest.mark.parametrize("mode", ["text", "yjs"])
async def test_client_from_a_gone_version_gets_everything(thinned: Thinned, mode: str) -> None:
    async with AsgiSocket(thinned.quire.app, "/ws") as socket:
        await socket.say("auth", name="Ada")
        joined = await _joined(socket, mode, thinned.gone, thinned.epoch)
        assert joined["recovered"] is False
        assert joined["version"] == thinned.head
        replica = YjsReplica()
        if mode == "yjs":
            replica.apply(joined["state"])
        shown = joined["text"] if mode == "text" else replica.text
        assert shown == thinned.history.texts[-1]


async def test_yjs_client_from_a_kept_version_gets_what_it_missed(thinned: Thinned) -> None:
    since = thinned.kept[1]
    async with AsgiSocket(thinned.quire.app, "/ws") as socket:
        await socket.say("auth", name="Ada")
        await socket.say("join", doc="notes", mode="yjs", since=since, epoch=thinned.epoch)
        assert (await socket.hear("joined"))["recovered"]
        at = since
        while at < thinned.head:
            updates = await socket.hear("updates", "error")
            assert updates["from"] == at + 1
            at = updates["to"]
            assert at in thinned.kept


async def _joined(socket: AsgiSocket, mode: str, since: int, epoch: str) -> dict[str, Any]:
    """Join, and once more where it turns out that the history has a gap there."""
    wish = {"doc": "notes", "mode": mode, "since": since, "epoch": epoch}
    await socket.say("join", **wish)
    joined = await socket.hear("joined")
    if not joined["recovered"]:
        return joined
    await socket.hear("error")
    await socket.say("join", **wish)
    return await socket.hear("joined")


async def test_owner_says_what_is_kept(tmp_path: Path) -> None:
    async with application(tmp_path, history_retention="thin") as quire:
        ada, ben = of("Ada"), of("Ben")
        await quire.ok("POST", "/api/documents", json={"name": "notes", "text": "a"}, headers=ada)
        path = f"{DOC}/retention"
        kept = {"kind": "thin", "days": 90, "before_version": None, "own": False}
        assert await quire.ok("GET", path, headers=ben) == kept | {"whole_after": 0, "gone": 0}
        wish = {"kind": "drop", "days": 7, "before_version": 1}
        assert await quire.refused("PUT", path, json=wish, headers=ben) == (403, "forbidden")
        own = await quire.ok("PUT", path, json=wish, headers=ada)
        assert own == wish | {"own": True, "whole_after": 0, "gone": 0}
        assert await quire.ok("GET", path, headers=ben) == own
        for body, told in [
            ({"kind": "keep", "days": 3}, (422, "invalid_message")),
            ({"kind": "thin"}, (422, "invalid_message")),
            ({"kind": "thin", "days": 3, "before_version": 1}, (422, "invalid_message")),
            ({"kind": "drop"}, (422, "invalid_message")),
            ({"kind": "thin", "days": 0}, (422, "invalid_message")),
            ({"kind": "drop", "before_version": 2}, (404, "unknown_version")),
        ]:
            assert await quire.refused("PUT", path, json=body, headers=ada) == told
        removed = await quire.http.delete(path, headers=ada)
        assert removed.status_code == 204
        assert (await quire.ok("GET", path, headers=ben))["own"] is False
        found = await entries(quire, 2, f"{DOC}/audit?kind=retention.changed", ada)
        assert [entry["detail"]["kept"] for entry in found] == ["drop", "default"]
