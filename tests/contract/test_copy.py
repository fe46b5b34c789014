"""Copying an installation: from each database into each, whole or not at all."""

from pathlib import Path

import pytest
from anyio import to_thread

from app.cli.main import main
from storage import copy
from storage.access.access_record import LinkRecord
from storage.audit_rows import AuditRecord
from storage.copy import copy_installation
from storage.identity.identity_record import (
    InvitationRecord,
    SessionRecord,
    TicketRecord,
    TokenRecord,
    UserRecord,
)
from storage.image_rows import ImageBounds, ImageRecord
from storage.migrate import upgrade
from storage.versions.named_version import NamedVersion
from storage.webhooks.webhook_record import Webhook
from sync.permission import Claim
from sync.port import AuthorBinding, Checkpoint, EventLog, StoreError
from tests.contract.compacting_log import LATER_MS, PLAIN_RULE
from tests.contract.conftest import new_document, run_sql
from tests.contract.sample import append_next, event, open_log, open_whole

pytestmark = pytest.mark.anyio

NAMES = ("notes", "empty", "gone", "large")


@pytest.fixture
async def source_url(database_url: str) -> str:
    """Of an installation in use: one of everything that there can be."""
    await fill_installation(database_url)
    return database_url


async def fill_installation(database_url: str) -> None:
    """Add one of everything that there can be."""
    log = open_log(database_url)
    keys = {name: (await log.create(new_document(name, title=f"{name} 📝")))[0].key
            for name in NAMES}  # fmt: skip
    written = [
        event(1, ("Ünïcode 😀 \0 \U0010ffff\n",)),
        event(2, (), update=b""),
        event(3, (1, -2, "x" * 1_000)),
    ]
    large = [event(n, update=bytes(range(256)) * 100) for n in range(1, 120)]
    async with log.append() as transaction:
        await transaction.lock_heads(list(keys.values()))
        await transaction.insert(
            [
                *((keys["notes"], each) for each in written),
                (keys["gone"], event(1)),
                *((keys["large"], each) for each in large),
            ],
            authors=[AuthorBinding(keys["notes"], 2**53 - 1, "ada")],
            checkpoints=[
                (keys["notes"], Checkpoint(n, "😀 \0" * n, b"state", b"pairs")) for n in (1, 2, 3)
            ],
            text_roots=[(keys["notes"], "körper")],
            updated_at_ms=7,
        )
    await log.update_document("gone", deleted_at_ms=8, updated_at_ms=8)
    await log.aclose()
    await compact_half(database_url, keys["large"])
    await fill_policy(database_url, keys["notes"])


async def compact_half(url: str, key: int) -> None:
    """Move 100 events into two segments, and remove the rows of 60 of them."""
    store = open_whole(url)
    for _ in range(2):
        assert await store.compaction.step(key, PLAIN_RULE, LATER_MS) == 50
    left = 60
    while left:
        # Fewer at once, where they are large.
        removed = await store.compaction.remove_rows(key, left)
        assert 0 < removed <= left
        left -= removed
    await store.aclose()


async def fill_policy(url: str, key: int) -> None:
    """Add one of everything that tells who may do what, and who somebody is."""
    store = open_whole(url)
    identity = store.identity
    await identity.put_user(UserRecord("ada", "account", "Ada", "#1", login="ada"))
    await store.access.set_grant(key, "user:ada", "viewer", 1)
    await store.access.create_link(LinkRecord("l1", key, b"l1", "editor", "ada", 1))
    await store.access.redeem(b"l1", "ada", 2)
    await identity.start_session(SessionRecord(b"s1", "s1", "ada", 1, 1_000, 1, "::1", "Firefox"))
    await identity.put_ticket(TicketRecord(b"t1", "{}", None, None, 1_000))
    await identity.create_token(TokenRecord("a1", b"a1", "ci", (Claim("n*", "viewer"),), "ada", 1))
    await identity.create_invitation(InvitationRecord(b"i1", "i1", "join", True, None, "", 1, 9))
    await identity.signing_key("guest")
    await store.log.relay_key()
    await store.shelf.set_pin("ada", key, 1)
    await store.shelf.set_tags("ada", key, ["work"])
    image = ImageRecord(key, "a1" * 32, "png", 100, 4, 3, "ada", 1, 0)
    await store.versions.add(NamedVersion(key, "Draft", 2, "n", False, "ada", "Ada", 5, 4))
    await store.images.add(image, blob=f"{image.digest}-1", bounds=ImageBounds(1_000, 1_000))
    await store.webhooks.add(Webhook("w1", "https://h.example/", b"k", ("x",), "ada", 1), most=1)
    await store.audit.append([AuditRecord(1, "joined", "ada", "Ada", "::1", "notes", key)])
    await store.aclose()


async def policy(url: str, key: int) -> list[object]:
    """All that `fill_policy` has added."""
    store = open_whole(url)
    identity = store.identity
    found = [
        await store.access.grants(key),
        await store.access.links(key),
        await store.access.standing(key, "ada"),
        await identity.user_by_login("ada"),
        await identity.session(b"s1", 1),
        await identity.tokens(),
        await identity.invitations(),
        await identity.signing_key("guest"),
        await store.shelf.marks("ada", [key]),
        await store.images.find(key, "a1" * 32),
        await store.versions.find(key, "Draft"),
        await store.webhooks.all(),
        await store.audit.page(None, limit=9),
    ]
    await store.aclose()
    return found


async def content(log: EventLog) -> list[object]:
    """All that the log says of the documents."""
    found: list[object] = []
    for name in NAMES:
        opened = await log.open(name)
        assert opened is not None
        key = opened.document.key
        found += [opened, await log.read(key, 0, 1_000, 1_000)]
        found += [await log.checkpoint_at_or_before(key, version) for version in range(4)]
    return found


async def read_all(url: str) -> list[object]:
    log = open_log(url)
    found = await content(log)
    await log.aclose()
    return found


async def test_copy_reads_back_equal_and_is_written_on(
    source_url: str, target_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "_BATCH_BYTES", 100_000)
    reports: list[tuple[str, int]] = []
    copied = await copy_installation(source_url, target_url, lambda *args: reports.append(args))
    rows = {"documents": 4, "events": 63, "checkpoints": 3, "authors": 1, "writers": 3}
    rows |= {"segments": 2, "segment_ids": 100, "automatic_marks": 0, "webhook_deliveries": 0}
    rows |= {"merged_events": 0, "retentions": 0}
    ones = (
        "images",
        "named_versions",
        "user_documents",
        "user_tags",
        "grants",
        "links",
        "link_uses",
        "users",
        "web_sessions",
        "api_tokens",
        "invitations",
        "webhooks",
    )
    assert copied == rows | dict.fromkeys((*ones, "audit", "secrets"), 1)
    written = {table: count for table, count in copied.items() if count}
    assert dict(reports) == written, "the last report of each table"
    assert len(reports) > len(copied), "in several batches"

    source, target = open_log(source_url), open_log(target_url)
    assert await content(target) == await content(source)
    assert await target.relay_key() != await source.relay_key()
    notes = await target.find("notes")
    assert notes is not None
    assert await policy(target_url, notes.key) == await policy(source_url, notes.key)
    whole = open_whole(target_url)
    assert await whole.access.head() == 0
    assert await whole.identity.use_ticket(b"t1", 1) is None
    await whole.audit.append([AuditRecord(2, "joined", "ada", "Ada", "::1")])
    assert [each.at_ms for each in await whole.audit.page(None, limit=9)] == [2, 1]
    await whole.aclose()
    assert await append_next(target, notes.key, "later") == 4
    new, created = await target.create(new_document("new"))
    assert created
    assert new.key > notes.key
    await source.aclose()
    await target.aclose()
    with pytest.raises(StoreError, match="the target is not empty: it has 5 documents"):
        await copy_installation(source_url, target_url, lambda *_: None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target_url", ["postgresql"], indirect=True)
async def test_source_that_is_not_whole_is_not_copied(source_url: str, target_url: str) -> None:
    await run_sql(source_url, "DELETE FROM events WHERE version = 2")
    await upgrade(target_url)
    with pytest.raises(StoreError, match="document notes is at version 3, but has 2 events"):
        await copy_installation(source_url, target_url, lambda *_: None)
    target = open_log(target_url)
    assert await target.list_documents(query=None, before=None, limit=9) == []
    await target.aclose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target_url", ["postgresql"], indirect=True)
async def test_source_without_a_segment_is_not_copied(source_url: str, target_url: str) -> None:
    await run_sql(source_url, "DELETE FROM segments WHERE last_version = 50")
    with pytest.raises(StoreError, match="document large is at version 119, but has 69 events"):
        await copy_installation(source_url, target_url, lambda *_: None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target_url", ["postgresql"], indirect=True)
async def test_command_copies_once_and_says_so(
    source_url: str, target_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(source: str) -> tuple[int, list[str]]:
        code = await to_thread.run_sync(main, ["db", "copy", "--from", source, "--to", target_url])
        return code, capsys.readouterr().err.splitlines()

    missing = tmp_path / "missing.db"
    refusal = f"quire: the source: there is no file {missing}"
    assert await run(f"sqlite:///{missing}") == (1, [refusal])
    assert not missing.exists()
    code, (*_, said, images) = await run(source_url)
    assert code == 0
    assert images.startswith("The bytes of images were not copied: they are at ")
    assert said.startswith("Copied, and counted again: ")
    assert said.endswith(".")
    counted = said.removeprefix("Copied, and counted again: ").removesuffix(".").split(", ")
    assert {"4 documents", "1 users", "1 authors", "3 checkpoints", "3 writers", "63 events",
            "1 audit"} <= set(counted)  # fmt: skip
    assert len(counted) == 21
    assert await read_all(target_url) == await read_all(source_url)
    full = "quire: the target is not empty: it has 4 documents"
    assert await run(source_url) == (1, [full])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target_url", ["postgresql"], indirect=True)
async def test_target_with_users_is_refused(source_url: str, target_url: str) -> None:
    await upgrade(target_url)
    store = open_whole(target_url)
    await store.identity.put_user(UserRecord("eve", "account", "Eve", "#1"))
    await store.aclose()
    with pytest.raises(StoreError, match="the target is not empty: it has 1 users"):
        await copy_installation(source_url, target_url, lambda *_: None)
