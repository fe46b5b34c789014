"""Overviews of several processes become one."""

from app.admin.overview import (
    MAX_SHOWN,
    Connection,
    OpenDocument,
    ProcessOverview,
    busiest_of,
    decode_process,
    encode_overview,
    largest_of,
    merge_overviews,
    slowest_of,
    with_marks,
)


def connection(name: str, waiting: int, *, is_lagging: bool = False) -> Connection:
    return Connection(name, "quire", "Ana", ["notes"], waiting, is_lagging)


def process(name: str, documents: list[OpenDocument], **refusals: int) -> ProcessOverview:
    return ProcessOverview(
        name=name, connections={"quire": 1}, documents=len(documents), events=1, deliveries=2,
        waiting_bytes=3, lagging=0, cut=0, memory_bytes=4, redis=None, refusals=refusals,
        slowest=[connection(name, len(documents))], largest=largest_of(documents),
        busiest=busiest_of(documents),
    )  # fmt: skip


def test_members_of_one_document_in_two_processes_are_added_up() -> None:
    one = process("b", [OpenDocument("notes", 7, 2, 70), OpenDocument("plans", 1, 3, 9)], x=1)
    two = process("a", [OpenDocument("notes", 8, 2, 71)], x=2, y=1)
    merged = merge_overviews([one, two])
    assert [each.name for each in merged.processes] == ["a", "b"]
    assert merged.busiest[0] == OpenDocument("notes", 8, 4, 71)
    assert [each.name for each in merged.largest] == ["notes", "plans"]
    assert merged.refusals == {"x": 3, "y": 1}
    assert [each.id for each in merged.slowest] == ["b", "a"]


def test_lagging_readers_come_first_and_lists_are_bounded() -> None:
    many = [connection(f"c{number:02}", number) for number in range(50)]
    found = slowest_of([*many, connection("lags", 1, is_lagging=True)])
    assert [each.id for each in found[:2]] == ["lags", "c49"]
    assert len(found) == MAX_SHOWN


def test_documents_that_are_read_only_are_marked_and_listed() -> None:
    one = merge_overviews([process("a", [OpenDocument("notes", 7, 2, 70)])])
    marked = with_marks(one, ["closed", "notes", *map(str, range(MAX_SHOWN))])
    assert [each.is_read_only for each in (*marked.busiest, *marked.largest)] == [True, True]
    assert marked.read_only[:2] == ["closed", "notes"]
    assert len(marked.read_only) == MAX_SHOWN
    assert with_marks(one, []) == one


def test_overview_survives_being_encoded() -> None:
    one = process("a", [OpenDocument("notes", 7, 2, 70)], x=1)
    assert decode_process(encode_overview(one)) == one
    assert decode_process(b"{}") is None
    assert decode_process(b"") is None
