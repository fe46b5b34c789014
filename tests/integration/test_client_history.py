"""The Python client's view of the past, against a real server: versions, authors, taking back."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.client import ConnectionLost, DocumentHistory, RequestRefused, open_history
from sync.text.delta import apply, from_wire
from tests.free_port import free_port
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S
from tests.thinned_file import KEPT, TEXTS, thinned_file

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("past")) as running:
        yield running


@asynccontextmanager
async def past_of(
    server: ServerProcess, document: str, name: str = "Ada"
) -> AsyncIterator[DocumentHistory]:
    async with open_history(server.url, document, name=name, timeout_s=PATIENCE_S) as past:
        yield past


def write(server: ServerProcess, name: str, *texts: tuple[str, str]) -> None:
    """Make a document of texts, each by somebody."""
    url = f"{server.url}/api/documents"
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as http:
        (author, first), *later = texts
        made = {"name": name, "text": first}
        http.post(url, json=made, headers={"X-Quire-Name": author}).raise_for_status()
        everyone = f"{url}/{name}/access/everyone"
        http.put(everyone, json={"role": "editor"}, headers={"X-Quire-Name": author})
        for author, text in later:
            headers = {"X-Quire-Name": author, "If-Match": "*"}
            http.put(f"{url}/{name}/text", content=text, headers=headers).raise_for_status()


def bring_in(server: ServerProcess, file: bytes) -> None:
    url = f"{server.url}/api/documents/import"
    headers = {"X-Quire-Name": "Ada"}
    httpx.post(url, content=file, headers=headers, timeout=PATIENCE_S).raise_for_status()


async def refusal(answer: object) -> tuple[int, str]:
    with pytest.raises(RequestRefused) as refused:
        await answer  # type: ignore[misc]
    assert str(refused.value)
    return refused.value.status, refused.value.code


async def test_versions_are_named_listed_changed_and_restored(server: ServerProcess) -> None:
    write(server, "named", ("Ada", "one"), ("Ben", "one two"), ("Ada", "one two three"))
    async with past_of(server, "named") as past:
        first = await past.give_name("Draft / 1".replace("/", "-"), 1, note="by Ada")
        assert (first.version, first.note, first.automatic) == (1, "by Ada", False)
        assert first.created_by.name == "Ada"
        assert (await past.give_name("Now")).version == 3
        listed = await past.named_versions("named")
        assert [(each.version, each.name) for each in listed] == [(3, "Now"), (1, "Draft - 1")]
        changed = await past.change_name("Draft - 1", new_name="Anfang ß?#", note="")
        assert (changed.name, changed.note) == ("Anfang ß?#", "")
        await past.remove_name("Now")
        assert [each.name for each in await past.named_versions("named")] == ["Anfang ß?#"]

        restored = await past.restore("Anfang ß?#")
        assert (restored.version, from_wire(restored.ops)) == (4, (3, -10))
        assert (await past.text()).text == "one"
        assert await past.restore(2) is not None
        now = await past.text()
        assert (now.version, now.text) == (5, "one two")
        assert (await past.text(3)).text == "one two three"
        assert await refusal(past.give_name("Anfang ß?#")) == (409, "name_taken")
        assert await refusal(past.remove_name("Now")) == (404, "unknown_name")
        assert await refusal(past.text(9)) == (404, "unknown_version")
    async with past_of(server, "absent") as past:
        assert await refusal(past.text()) == (404, "unknown_document")


async def test_authors_are_told_and_their_changes_taken_back(server: ServerProcess) -> None:
    write(server, "taken", ("Ada", "Hello "), ("Ben", "Hello BAD "), ("Ada", "Hello BAD world"))
    async with past_of(server, "taken") as past:
        blame = await past.blame()
        assert [(span.length, span.actor.name, span.version) for span in blame.spans] == [
            (6, "Ada", 1),
            (4, "Ben", 2),
            (5, "Ada", 3),
        ]
        assert all(span.at.tzinfo is not None for span in blame.spans)
        assert [span.version for span in (await past.blame(1)).spans] == [1]
        people = {each.actor.name: each for each in await past.contributions()}
        assert (people["Ada"].standing, people["Ben"].standing) == (11, 4)

        ben = people["Ben"].actor.id
        tried = await past.take_back(actor=ben, is_dry=True)
        assert (tried.version, tried.events) == (3, 1)
        assert apply("Hello BAD world", from_wire(tried.ops)) == "Hello world"
        done = await past.take_back(actor=ben, after=1, upto=3)
        assert (done.version, done.after, done.upto, done.events) == (4, 1, 3, 1)
        assert (await past.text()).text == "Hello world"
        back = await past.take_back(after=3, upto=4, part=(6, 6), at=4, is_dry=True)
        assert apply("Hello world", from_wire(back.ops)) == "Hello BAD world"
        now = datetime.now(UTC)
        later = await past.take_back(since=now + timedelta(days=1))
        assert (later.version, later.events) == (4, 0)
        with pytest.raises(ValueError, match="version"):
            await past.take_back(part=(6, 6))
        with pytest.raises(ValueError, match="zone"):
            await past.take_back(since=datetime(2026, 1, 1))  # noqa: DTZ001


async def test_version_that_is_gone_is_told_with_the_nearest_ones(server: ServerProcess) -> None:
    bring_in(server, thinned_file("thinned"))
    async with past_of(server, "thinned") as past:
        for version in KEPT[1:]:
            assert (await past.text(version)).text == TEXTS[version - 1]
        with pytest.raises(RequestRefused) as refused:
            await past.restore(5)
        gone = refused.value
        assert (gone.status, gone.code, gone.kept_before, gone.kept_after) == (
            410,
            "history_thinned",
            3,
            6,
        )
        kept = await past.retention()
        assert (kept.kind, kept.own, kept.whole_after, kept.gone) == ("keep", False, 6, 4)
        kept = await past.set_retention("thin", days=30)
        assert (kept.kind, kept.days, kept.own) == ("thin", 30, True)
        await past.clear_retention()
        assert (await past.retention()).own is False
    async with past_of(server, "thinned", "Ben") as past:
        assert await refusal(past.set_retention("keep")) in (
            (403, "forbidden"),
            (404, "unknown_document"),
        )


async def test_token_is_fetched_again_once_it_has_ended(server: ServerProcess) -> None:
    write(server, "token", ("Ada", "text"))
    asked: list[str] = []

    async def fetch() -> str:
        asked.append("")
        return "no-such-token"

    async with open_history(server.url, "token", token=fetch, timeout_s=PATIENCE_S) as past:
        assert (await refusal(past.text()))[0] == 401
        assert len(asked) == 2


async def test_no_answer_is_a_lost_connection_and_odd_addresses_are_refused() -> None:
    async with open_history(f"http://127.0.0.1:{free_port()}", "notes") as past:
        for answer in (past.text(), past.restore(1)):
            with pytest.raises(ConnectionLost):
                await answer
    for url, document in (("ws://127.0.0.1", "notes"), ("http://127.0.0.1", "no name")):
        with pytest.raises(ValueError):  # noqa: PT011
            async with open_history(url, document):
                pass
