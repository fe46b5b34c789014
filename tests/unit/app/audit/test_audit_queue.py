from app.audit.audit_kind import DROPPED
from app.audit.audit_queue import AuditQueue
from storage.audit_rows import AuditRecord


def act(number: int, kind: str = "grant.changed") -> AuditRecord:
    return AuditRecord(number, kind, "ada", "Ada", "192.0.2.1", f"d{number}")


def test_an_empty_queue_has_no_batch() -> None:
    queue = AuditQueue()
    assert queue.take(0.0) == []
    assert queue.is_idle


def test_records_are_taken_in_order_in_batches() -> None:
    queue = AuditQueue(max_batch=2)
    for number in range(3):
        queue.note(act(number), 0.0)
    taken = []
    while batch := queue.take(0.0):
        taken.append([each.at_ms for each in batch])
        queue.wrote()
    assert taken == [[0, 1], [2]]


def test_a_batch_that_failed_is_taken_again() -> None:
    queue = AuditQueue()
    queue.note(act(1), 0.0)
    first = queue.take(0.0)
    queue.failed()
    queue.note(act(2), 0.0)
    assert queue.take(0.0) == [*first, act(2)]


def test_what_is_dropped_is_told_with_the_next_batch_and_only_once() -> None:
    queue = AuditQueue(max_records=2)
    for number in range(5):
        queue.note(act(number), 0.0)
    *records, report = queue.take(0.0)
    assert [each.at_ms for each in records] == [0, 1]
    assert (report.kind, report.at_ms) == (DROPPED, 4)
    assert report.detail == {
        "count": 3,
        "kinds": {"grant.changed": 3},
        "since": "1970-01-01T00:00:00.002Z",
    }
    # One more, while the report is under way.
    queue.note(act(5), 0.0)
    queue.wrote()
    (again,) = queue.take(0.0)
    assert again.detail["count"] == 1
    queue.wrote()
    assert queue.is_idle
    assert queue.dropped == 4


def test_a_flood_leaves_room_for_what_not_anybody_can_cause() -> None:
    queue = AuditQueue(max_records=10)
    for number in range(100):
        address = f"192.0.2.{number}"
        queue.note(AuditRecord(number, "access.refused", "", "", address), 0.0)
    assert len(queue) == 5
    for number in range(5):
        queue.note(act(number), 0.0)
    assert len(queue) == 10
    assert [each.kind for each in queue.take(0.0)][5:10] == ["grant.changed"] * 5


def test_what_cannot_be_written_is_dropped_with_what_it_counted() -> None:
    queue = AuditQueue()
    for _ in range(8):
        queue.note(AuditRecord(1, "access.refused", "", "", "192.0.2.1"), 0.0)
    queue.note(act(2), 0.0)
    queue.close()
    queue.take(0.0)
    queue.give_up()
    (report,) = queue.take(0.0)
    assert report.detail["kinds"] == {"access.refused": 8, "grant.changed": 1}


def test_the_end_tells_of_what_open_windows_counted() -> None:
    queue = AuditQueue()
    for _ in range(8):
        queue.note(AuditRecord(1, "access.refused", "", "", "192.0.2.1"), 0.0)
    queue.close()
    assert [each.detail.get("count", 1) for each in queue.take(0.0)] == [1, 7]
