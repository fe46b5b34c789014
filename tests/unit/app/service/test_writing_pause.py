"""The moment when background work begins a round."""

from app.service.writing_pause import BUSY_APPENDS, MAX_WAIT_S, is_round_due


def test_round_waits_while_many_write_and_not_for_ever() -> None:
    assert is_round_due(0, waited_s=0.5)
    assert is_round_due(BUSY_APPENDS, waited_s=0.5)
    assert not is_round_due(BUSY_APPENDS + 1, waited_s=MAX_WAIT_S - 0.1)
    assert is_round_due(BUSY_APPENDS + 1, waited_s=MAX_WAIT_S)
