"""A figure of a load scenario is met, missed, or has no target."""

from lab.load.load_line import LoadLine, at_least, at_most


def test_figure_is_met_at_its_target_and_missed_beyond() -> None:
    assert at_most("idle", "kB", 10, 10).verdict == "met"
    assert at_most("idle", "kB", 10.1, 10).verdict == "MISSED"
    assert at_least("idle", "1/s", 10, 10).verdict == "met"
    assert not at_least("idle", "1/s", 9.9, 10).is_met


def test_figure_without_a_target_is_never_missed() -> None:
    line = LoadLine("idle", "cores", 3)
    assert line.is_met
    assert line.verdict == ""
