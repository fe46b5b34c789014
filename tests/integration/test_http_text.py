"""Text and edits over HTTP: read, replace, edit; merged, once, durable."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.http_app import application

pytestmark = pytest.mark.anyio

TEXT = "/api/documents/notes/text"
EDITS = "/api/documents/notes/edits"


async def test_text_of_any_version_has_its_etag(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="one")
        await quire.edit("notes", 1, {"retain": 3}, {"insert": " two"})
        head = await quire.http.get(TEXT)
        assert (head.text, head.headers["etag"]) == ("one two", '"2"')
        assert head.headers["content-type"] == "text/markdown; charset=utf-8"
        assert [await quire.text("notes", version) for version in range(3)] == [
            "",
            "one",
            "one two",
        ]
        assert await quire.refused("GET", f"{TEXT}?version=3") == (404, "unknown_version")


async def test_unchanged_text_is_304(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="one")
        known = await quire.http.get(TEXT, headers={"If-None-Match": '"1"'})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == '"1"'
        await quire.edit("notes", None, {"insert": "x"})
        assert (await quire.http.get(TEXT, headers={"If-None-Match": '"1"'})).status_code == 200


async def test_put_is_the_smallest_edit_merged_with_what_happened_since(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="the quick fox jumps")
        await quire.edit("notes", 1, {"insert": "Look: "})
        answer = await quire.ok(
            "PUT", TEXT, content="the quick red fox jumps", headers={"If-Match": '"1"'}
        )
        assert answer["version"] == 3
        assert answer["ops"] == [{"retain": 16}, {"insert": "red "}]
        assert await quire.text("notes") == "Look: the quick red fox jumps"


async def test_put_needs_to_say_what_it_is_based_on(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        assert await quire.refused("PUT", TEXT, content="y") == (428, "precondition_required")
        ahead = {"If-Match": '"2"'}
        assert await quire.refused("PUT", TEXT, content="y", headers=ahead) == (409, "base_unknown")
        assert await quire.text("notes") == "x"
        await quire.ok("PUT", TEXT, content="y", headers={"If-Match": "*"})
        assert await quire.text("notes") == "y"


async def test_put_again_without_an_id_is_done_once(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        ada, ben = ({"If-Match": '"1"', "X-Quire-Name": name} for name in ("Ada", "Ben"))
        first = await quire.ok("PUT", TEXT, content="xy", headers=ada)
        await quire.edit("notes", None, {"insert": "z"})
        assert await quire.ok("PUT", TEXT, content="xy", headers=ada) == first
        assert await quire.text("notes") == "zxy"
        # Somebody else's, another text, and the same on another version are edits of their own.
        assert (await quire.ok("PUT", TEXT, content="xy", headers=ben))["version"] == 4
        assert (await quire.ok("PUT", TEXT, content="xyq", headers=ada))["version"] == 5
        newer = {**ada, "If-Match": '"3"'}
        assert (await quire.ok("PUT", TEXT, content="xy", headers=newer))["version"] == 6


async def test_put_again_with_its_id_is_the_version_it_has(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        path, headers = f"{TEXT}?id=put-1", {"If-Match": '"1"'}
        first = await quire.ok("PUT", path, content="xy", headers=headers)
        await quire.edit("notes", None, {"insert": "z"})
        assert await quire.ok("PUT", path, content="xy", headers=headers) == first
        other = await quire.refused("PUT", path, content="other", headers=headers)
        assert other == (409, "duplicate_id")
        assert await quire.text("notes") == "zxy"


async def test_put_of_the_same_text_is_no_version(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="x")
        same = await quire.ok("PUT", TEXT, content="x", headers={"If-Match": '"1"'})
        assert (same["version"], same["ops"]) == (1, [])


async def test_puts_at_once_on_one_base_are_all_kept(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        words = [f"w{index}" for index in range(12)]
        await quire.create(text="\n".join(["head", *words]) + "\n")
        async with asyncio.TaskGroup() as tasks:
            for index in range(12):
                changed = [*words]
                changed[index] = f"changed{index}"
                text = "\n".join(["head", *changed]) + "\n"
                tasks.create_task(quire.ok("PUT", TEXT, content=text, headers={"If-Match": '"1"'}))
                tasks.create_task(quire.edit("notes", 1, {"insert": "+"}))
        document = await quire.ok("GET", "/api/documents/notes")
        assert document["version"] == 25
        expected = "+" * 12 + "head\n" + "".join(f"changed{index}\n" for index in range(12))
        assert await quire.text("notes") == expected


async def test_edit_is_rebased_and_answered_with_what_it_became(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="ab")
        await quire.edit("notes", 1, {"insert": "12"})
        answer = await quire.edit("notes", 1, {"retain": 1}, {"delete": 1}, {"insert": "c"})
        assert answer.keys() == {"id", "version", "ops"}
        assert answer["ops"] == [{"retain": 3}, {"insert": "c"}, {"delete": 1}]
        assert await quire.text("notes") == "12ac"


async def test_edit_again_with_its_id_is_the_version_it_has(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="ab")
        body = {"id": "e-1", "base": 1, "ops": [{"insert": "x"}]}
        first = await quire.ok("POST", EDITS, json=body)
        assert await quire.ok("POST", EDITS, json=body) == first
        other = {**body, "ops": [{"insert": "y"}]}
        assert await quire.refused("POST", EDITS, json=other) == (409, "duplicate_id")
        somebody = {"X-Quire-Name": "Somebody else"}
        refused = await quire.refused("POST", EDITS, json=body, headers=somebody)
        assert refused == (409, "duplicate_id")
        assert await quire.text("notes") == "xab"


async def test_edit_survives_a_restart_and_is_still_known(tmp_path: Path) -> None:
    body = {"id": "e-1", "base": 1, "ops": [{"insert": "x"}]}
    async with application(tmp_path) as quire:
        await quire.create(text="ab")
        first = await quire.ok("POST", EDITS, json=body)
    async with application(tmp_path) as quire:
        assert await quire.text("notes") == "xab"
        assert await quire.ok("POST", EDITS, json=body) == first


async def test_positions_count_utf16_units_when_asked(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        await quire.create(text="a😀b")
        path = f"{EDITS}?position_encoding=utf-16"
        body = {"id": "u", "base": 1, "ops": [{"retain": 3}, {"insert": "é😀"}]}
        first = await quire.ok("POST", path, json=body)
        assert first["ops"] == body["ops"]
        assert await quire.ok("POST", path, json=body) == first
        inside = {"base": 1, "ops": [{"retain": 2}, {"insert": "x"}]}
        assert await quire.refused("POST", path, json=inside) == (422, "out_of_range")
        old = {"base": 1, "ops": [{"retain": 3}, {"delete": 1}]}
        assert (await quire.ok("POST", path, json=old))["ops"] == [{"retain": 6}, {"delete": 1}]
        put = await quire.ok(
            "PUT",
            f"{TEXT}?position_encoding=utf-16",
            content="a😀é😀!",
            headers={"If-Match": '"3"'},
        )
        assert put["ops"] == [{"retain": 6}, {"insert": "!"}]


REFUSED_EDITS: list[tuple[object, tuple[int, str]]] = [
    ({"base": 9, "ops": [{"insert": "x"}]}, (409, "base_unknown")),
    ({"base": 1, "ops": [{"retain": 3}, {"insert": "x"}]}, (422, "out_of_range")),
    ({"base": 1, "ops": [{"delete": 2**53 - 1}]}, (422, "out_of_range")),
    ({"base": 1, "ops": [{"delete": 2**53}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"retain": 0}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"insert": ""}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"insert": "\0"}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"insert": "x", "retain": 1}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"retain": True}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [{"retain": 1.0}]}, (422, "invalid_message")),
    ({"base": 1, "ops": [[]]}, (422, "invalid_message")),
    ({"base": 1, "ops": "x"}, (422, "invalid_message")),
    ({"base": 1, "ops": None}, (422, "invalid_message")),
    ({"base": 1}, (422, "invalid_message")),
    ({"ops": []}, (422, "invalid_message")),
    ({"base": -1, "ops": []}, (422, "invalid_message")),
    ({"base": "1", "ops": []}, (422, "invalid_message")),
    ({"base": True, "ops": []}, (422, "invalid_message")),
    ({"base": 1.0, "ops": []}, (422, "invalid_message")),
    ({"base": 10**400, "ops": []}, (422, "invalid_message")),
    ({"base": 1, "ops": [], "id": ""}, (422, "invalid_message")),
    ({"base": 1, "ops": [], "id": "a b"}, (422, "invalid_message")),
    ({"base": 1, "ops": [], "id": "x" * 65}, (422, "invalid_message")),
    ({"base": 1, "ops": [], "id": 7}, (422, "invalid_message")),
    ([], (422, "invalid_message")),
    ("x", (422, "invalid_message")),
    (None, (422, "invalid_message")),
    ({"base": 1, "ops": [{"insert": "x" * 60}]}, (413, "document_full")),
]


async def test_edit_that_cannot_be_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with application(tmp_path, max_document_chars=50) as quire:
        await quire.create(text="ab")
        for body, expected in REFUSED_EDITS:
            assert await quire.refused("POST", EDITS, json=body) == expected, body
        assert (await quire.ok("GET", "/api/documents/notes"))["version"] == 1


async def test_edit_of_a_document_that_is_not_there_does_not_create_it(tmp_path: Path) -> None:
    async with application(tmp_path) as quire:
        body = {"base": 0, "ops": [{"insert": "x"}]}
        gone = (404, "unknown_document")
        assert await quire.refused("POST", "/api/documents/none/edits", json=body) == gone
        assert await quire.refused("GET", "/api/documents/none") == gone
