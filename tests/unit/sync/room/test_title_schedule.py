from sync.room.title_schedule import MAX_DELAY_S, TitleSchedule


def test_document_that_was_never_looked_at_is_due_at_once() -> None:
    schedule = TitleSchedule()
    assert schedule.look("a", 1, 5, 0.0)
    assert not schedule.is_current("a", 1, 5)


def test_document_that_is_written_is_due_once_it_rests_for_a_look() -> None:
    schedule = TitleSchedule()
    schedule.derived("a", 1, 5)
    assert schedule.is_current("a", 1, 5)
    assert not schedule.look("a", 1, 5, 1.0)
    assert not schedule.look("a", 1, 6, 2.0)
    assert not schedule.look("a", 1, 7, 3.0)
    assert schedule.look("a", 1, 7, 4.0)
    assert schedule.look("a", 1, 7, 5.0), "it stays due until it is derived"
    schedule.derived("a", 1, 7)
    assert not schedule.look("a", 1, 7, 6.0)


def test_document_that_never_rests_is_due_after_the_longest_delay_and_again() -> None:
    schedule = TitleSchedule()
    schedule.derived("a", 1, 100)
    due = []
    for second in range(101, 141):
        if schedule.look("a", 1, second, float(second)):
            due.append(second)
            schedule.derived("a", 1, second)
    first = 101 + int(MAX_DELAY_S)
    assert due == list(range(first, 141, int(MAX_DELAY_S) + 1))


def test_another_document_of_the_name_is_new() -> None:
    schedule = TitleSchedule()
    schedule.derived("a", 1, 5)
    assert schedule.look("a", 2, 5, 1.0)
    assert not schedule.is_current("a", 2, 5)


def test_closed_document_is_forgotten() -> None:
    schedule = TitleSchedule()
    schedule.derived("a", 1, 5)
    schedule.derived("b", 2, 5)
    schedule.retain({"b"})
    assert schedule.look("a", 1, 5, 1.0)
    assert not schedule.look("b", 2, 5, 1.0)
