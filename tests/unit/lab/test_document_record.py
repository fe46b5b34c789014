"""The record of a crash test sees each way in which an edit can be lost, doubled or moved."""

from lab.crash.crash_verdict import Verdict
from lab.crash.document_record import DocumentRecord, LoggedEvent


def logged(version: int, event_id: str, content: bytes = b"c") -> LoggedEvent:
    return LoggedEvent(version, event_id, event_id.partition(".")[0], content)


def judged(record: DocumentRecord, *found: LoggedEvent) -> Verdict:
    return record.judge(record.take_notes(), found)


def test_record_is_clean_when_all_that_was_told_is_found() -> None:
    record = DocumentRecord()
    record.acknowledge("a.1", 1, b"c")
    record.show_event(1, "a.1", b"c")
    record.show_range("b", 1, 1)
    verdict = judged(record, logged(1, "a.1"))
    assert verdict == Verdict(acknowledged=1, shown=1)
    assert verdict.is_clean


def test_record_counts_what_is_told_of_an_older_version() -> None:
    record = DocumentRecord()
    judged(record, logged(1, "a.1"))
    record.acknowledge("a.1", 1, None)
    assert judged(record, logged(2, "a.2")) == Verdict(acknowledged=1)


def test_record_finds_a_lost_ack() -> None:
    record = DocumentRecord()
    record.acknowledge("a.1", 1, None)
    assert judged(record).lost_acknowledged == 1


def test_record_lets_an_ack_without_a_change_have_no_event() -> None:
    record = DocumentRecord()
    record.acknowledge("a.1", 0, None)
    assert judged(record).is_clean


def test_record_finds_what_was_shown_and_is_lost() -> None:
    record = DocumentRecord()
    record.show_event(2, "a.2", b"c")
    record.show_range("b", 1, 3)
    verdict = judged(record, logged(1, "a.1"))
    assert (verdict.shown, verdict.lost_shown) == (3, 2)


def test_record_does_not_count_what_only_its_writer_was_shown() -> None:
    record = DocumentRecord()
    record.show_range("a", 1, 1)
    assert judged(record, logged(1, "a.1")).shown == 0


def test_record_finds_a_double() -> None:
    assert judged(DocumentRecord(), logged(1, "a.1"), logged(2, "a.1")).doubled == 1


def test_record_finds_a_gap() -> None:
    assert judged(DocumentRecord(), logged(2, "a.1")).moved == 1


def test_record_finds_an_edit_at_another_version_than_told() -> None:
    record = DocumentRecord()
    record.acknowledge("a.1", 2, None)
    assert judged(record, logged(1, "a.1"), logged(2, "b.1")).moved == 1


def test_record_finds_an_edit_with_other_content_than_told_or_shown() -> None:
    record = DocumentRecord()
    record.acknowledge("a.1", 1, b"other")
    record.show_event(1, "a.1", b"another")
    assert judged(record, logged(1, "a.1")).moved == 2


def test_record_finds_two_clients_that_were_shown_different_events() -> None:
    record = DocumentRecord()
    record.show_event(1, "a.1", b"c")
    record.show_event(1, "b.1", b"c")
    assert judged(record, logged(1, "a.1")).moved == 1


def test_record_counts_units_once_and_finds_those_that_are_lost() -> None:
    record = DocumentRecord()
    record.acknowledge_clock(7, 3)
    record.acknowledge_clock(7, 2)
    told = record.acknowledged_clocks
    verdict = record.judge_clocks(told, {7: 2}, {7: 1})
    assert verdict == Verdict(acknowledged=3, shown=2, lost_acknowledged=2, lost_shown=1)
    assert record.judge_clocks(told, {7: 2}, {7: 3}) == Verdict()


def test_record_finds_history_that_changed_after_it_was_read() -> None:
    record = DocumentRecord()
    judged(record, logged(1, "a.1"), logged(2, "a.2"))
    assert record.judge_again([logged(1, "a.1"), logged(2, "a.2")]).is_clean
    assert record.judge_again([logged(1, "a.1"), logged(2, "b.2")]).moved == 1
    assert record.judge_again([logged(1, "a.1")]).lost_acknowledged == 1
