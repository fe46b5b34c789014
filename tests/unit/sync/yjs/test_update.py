"""sync.yjs.update: the structure of an update, read without knowledge of the document."""

import pytest

from sync.yjs.content import STRING
from sync.yjs.update import UpdateLimits, parse_update
from sync.yjs.varint import MalformedError
from tests.property.hostile_update import varint
from tests.unit.sync.yjs.update_bytes import A, B, block, delete, item, name, string, update

LONG = 1_000_000

HOSTILE_UPDATES = [
    pytest.param(
        bytes.fromhex("010164ffffffff0fc465036504017800"), "clock", id="clock-overflow-abort"
    ),
    pytest.param(update(block(A, 0, b"\x00" + varint(2**32 - 1))), "clock", id="gc-4-gib"),
    pytest.param(update(block(A, 0, item(1, varint(2**32 - 1)))), "clock", id="deleted-4-gib"),
    pytest.param(update(block(A, 2**32, string("x"))), "clock", id="clock-truncated"),
    pytest.param(update(block(A, 2**31 - 1, string("x"))), "clock", id="clock-plus-length"),
    pytest.param(update(block(2**53, 0, string("x"))), "client id", id="client-2-53"),
    pytest.param(update(block(2**64 - 1, 0, string("x"))), "8 bytes", id="client-2-64"),
    pytest.param(update(block(A, 0, string("x", (B, 2**31)))), "clock", id="origin-clock"),
    pytest.param(update(block(A, 0, string("x", (2**53, 1)))), "client", id="origin-client"),
    pytest.param(
        update(block(A, 0, item(4, name("x"), parent=b"\x01" + name("r" * LONG)))),
        "name of more",
        id="root-name-1-mb",
    ),
    pytest.param(
        update(block(A, 0, item(4, name("x"), key="k" * LONG))), "name of more", id="key-1-mb"
    ),
    pytest.param(varint(2**40), "clients", id="client-count"),
    pytest.param(b"\x01" + varint(2**40), "structs", id="struct-count"),
    pytest.param(
        update(block(A, 0, item(4, varint(2**40) + b"x"))), "too early", id="string-length"
    ),
    pytest.param(b"\x00" + varint(2**40), "clients", id="delete-clients"),
    pytest.param(b"\x00\x01\x0a" + varint(2**40), "ranges", id="delete-ranges"),
    pytest.param(update(deletes=delete(A, (0, 2**31))), "clock", id="delete-2-31"),
    pytest.param(update(deletes=delete(A, (0, 0))), "without length", id="delete-empty"),
    pytest.param(update(deletes=delete(A, (3, 2), (0, 1))), "order", id="delete-unordered"),
    pytest.param(update(deletes=delete(A, (0, 3), (2, 2))), "overlap", id="delete-overlap"),
    pytest.param(b"\x00\x02" + delete(A, (0, 1))[1:] * 2, "twice", id="delete-client-twice"),
    pytest.param(b"\xff" * LONG, "8 bytes", id="endless-varint"),
    pytest.param(b"", "too early", id="nothing"),
    pytest.param(b"\x00", "too early", id="no-delete-set"),
    pytest.param(update(block(A, 0, string("x"))) + b"\0", "follow", id="trailing"),
    pytest.param(b"\x02" + block(A, 0, string("x")) * 2 + b"\0", "twice", id="client-twice"),
    pytest.param(update(block(A, 0)), "without structs", id="no-structs"),
    pytest.param(update(block(A, 0, string(""))), "without length", id="string-empty"),
    pytest.param(update(block(A, 0, b"\x00\x00")), "without length", id="gc-empty"),
    pytest.param(update(block(A, 0, b"\x80\x01")), "kind of struct", id="gc-with-flags"),
    pytest.param(update(block(A, 0, b"\x0a\x01")), "gap", id="skip"),
    pytest.param(update(block(A, 0, item(4, name("x"), parent=b"\x02"))), "parent", id="parent-2"),
    pytest.param(update(block(A, 0, string("a\0b"))), "NUL", id="nul"),
    pytest.param(
        update(block(A, 0, item(4, name(b"a\xed\xa0\x80")))), "UTF-8", id="half-pair-cesu"
    ),
    pytest.param(update(block(A, 0, item(4, name(b"\xff")))), "UTF-8", id="not-utf-8"),
]
"""Updates and what is said of them; many are named for what they once did to yrs."""


def test_update_is_read_into_structs_dependencies_and_deletions() -> None:
    parsed = parse_update(
        update(
            block(B, 4, string("x😀", (A, 1), (A, 2))),
            block(A, 0, string("abc"), item(7, b"\x01")),
            deletes=delete(A, (0, 1), (2, 1)),
        )
    )
    assert [tuple(span) for span in parsed.spans] == [(B, 4, 7), (A, 0, 4)]
    first = parsed.structs[0]
    assert (first.client, first.start, first.end, first.kind) == (B, 4, 7, STRING)
    assert (first.text, first.root, parsed.structs[1].root) == ("x😀", None, "content")
    assert [tuple(each) for each in parsed.dependencies] == [(B, 4, A, 1, 1), (B, 4, A, 2, 1)]
    assert [tuple(each) for each in parsed.deletes] == [(A, 0, 1), (A, 2, 3)]
    assert [tuple(each) for each in parsed.pairs] == [(B, 5)]
    assert [tuple(each) for each in parsed.types] == [(A, 3)]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", update(block(A, 0))])
def test_what_is_no_update_raises(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_update(data)


@pytest.mark.parametrize(("data", "why"), HOSTILE_UPDATES)
def test_hostile_update_raises_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        parse_update(data)


def test_update_cut_off_anywhere_raises() -> None:
    whole = update(
        block(A, 0, string("a😀"), item(8, b"\x02\x77\x01a\x7d\x01"), item(7, b"\x03\x01p")),
        block(B, 0, string("x", (A, 0))),
        deletes=delete(A, (0, 1)),
    )
    parse_update(whole)
    for end in range(len(whole)):
        with pytest.raises(MalformedError):
            parse_update(whole[:end])


def test_limits_of_an_update_hold_to_the_unit() -> None:
    limits = UpdateLimits(max_clients=2, max_structs=3, max_delete_ranges=2, max_name_bytes=7)

    def structs(count: int) -> bytes:
        return update(block(A, 0, *(string("x") for _ in range(count))))

    def deletions(count: int) -> bytes:
        return update(deletes=delete(A, *((2 * n, 1) for n in range(count))))

    def clients(count: int) -> bytes:
        return update(*(block(client, 0, string("x")) for client in range(count)))

    def keyed(length: int) -> bytes:
        return update(block(A, 0, item(4, name("v"), key="k" * length)))

    for made, most, why in (
        (structs, 3, "more than 3 structs"),
        (deletions, 2, "more than 2 ranges"),
        (clients, 2, "more than 2 clients"),
        (keyed, 7, "a name of more than 7 bytes"),
    ):
        parse_update(made(most), limits)
        with pytest.raises(MalformedError, match=why):
            parse_update(made(most + 1), limits)
    size = len(structs(1))
    parse_update(structs(1), UpdateLimits(max_update_bytes=size))
    with pytest.raises(MalformedError, match=f"more than {size - 1} bytes"):
        parse_update(structs(1), UpdateLimits(max_update_bytes=size - 1))
