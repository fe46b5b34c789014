"""The meter of a process."""

from sync.shells.meter import AppendTimes, Histogram, Meter


def test_histogram_counts_a_value_in_the_class_of_its_bound() -> None:
    histogram = Histogram((1.0, 10.0))
    for value in (0.0, 1.0, 1.5, 10.0, 11.0, 1e9):
        histogram.observe(value)
    assert histogram.counts == [2, 2, 2]
    assert histogram.sum == 0.0 + 1.0 + 1.5 + 10.0 + 11.0 + 1e9


def test_transaction_is_timed_from_its_oldest_submission() -> None:
    meter = Meter()
    meter.append(3, 2, AppendTimes(1.0, 2.0, 2.125, 2.25, 2.5))
    assert meter.events == 3
    assert (meter.commit_s.sum, meter.delivery_s.sum) == (0.25, 0.25)
    assert (meter.submission_to_commit_s.sum, meter.submission_to_delivery_s.sum) == (1.25, 1.5)
    assert (meter.batch_documents.sum, meter.batch_events.sum) == (2, 3)


def test_client_that_is_ahead_has_missed_nothing() -> None:
    meter = Meter()
    meter.come_back(-4)
    meter.come_back(12)
    assert (meter.returns, meter.missed.sum) == (2, 12)
