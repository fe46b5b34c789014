from datetime import UTC, datetime, timedelta

import pytest

from app.cli.audit_command import read_since

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-29", datetime(2026, 11, 29, tzinfo=UTC)),
        ("2026-11-29T08:00", datetime(2026, 11, 29, 8, tzinfo=UTC)),
        ("2026-11-29T08:00+02:00", datetime(2026, 11, 29, 6, tzinfo=UTC)),
        ("2026-11-29T08:00:00Z", datetime(2026, 11, 29, 8, tzinfo=UTC)),
        ("30m", NOW - timedelta(minutes=30)),
        ("24h", NOW - timedelta(hours=24)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
    ],
)
def test_a_time_or_an_age_is_read(text: str, moment: datetime) -> None:
    assert read_since(text, NOW) == at(moment)


@pytest.mark.parametrize("text", ["", "soon", "24", "h", "-1h", "999999w", "2026-13-01", "1y"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a time nor an age"):
        read_since(text, NOW)
