import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logs.log_line import JsonLine, TextLine

_ANY = st.text(st.characters(exclude_categories=()), max_size=200)
_LINES = [JsonLine(), TextLine()]
SECRET = "qk_" + "aB3" * 14


def record(event: str, *args: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("app.sockets", logging.WARNING, __file__, 1, event, args, None)
    made.__dict__.update(extra)
    return made


def fields(made: logging.LogRecord) -> dict[str, str]:
    line = JsonLine().format(made)
    assert "\n" not in line
    decoded: dict[str, str] = json.loads(line)
    return decoded


def failure(text: str) -> logging.LogRecord:
    try:
        raise ValueError(text)
    except ValueError:
        made = record("it failed")
        made.exc_info = sys.exc_info()
        return made


def test_a_record_has_time_level_logger_event_and_context() -> None:
    made = record("%r does not load", "notes", document="notes", session="s1")
    made.created = 1_795_000_000.25
    assert fields(made) == {
        "time": "2026-11-18T11:06:40.250Z",
        "level": "warning",
        "logger": "app.sockets",
        "event": "'notes' does not load",
        "document": "notes",
        "session": "s1",
    }


def test_a_text_line_names_the_same() -> None:
    made = record("%r does not load", "notes", document="notes", session="s1")
    made.created = 1_795_000_000.25
    line = TextLine().format(made)
    assert line == (
        "2026-11-18T11:06:40.250Z WARNING  app.sockets: 'notes' does not load"
        "  [document=notes session=s1]"
    )


@pytest.mark.parametrize("line", _LINES)
@given(text=_ANY, name=_ANY)
def test_no_text_of_a_stranger_makes_a_second_record(
    line: logging.Formatter, text: str, name: str
) -> None:
    formatted = line.format(record("%s", text, user=name))
    formatted.encode()
    assert len(formatted.splitlines()) == 1
    assert "\x1b" not in formatted
    assert "\u202e" not in formatted


@given(text=_ANY)
def test_no_exception_of_a_stranger_makes_a_second_record(text: str) -> None:
    first, *rest = TextLine().format(failure(text)).splitlines()
    assert "it failed" in first
    assert all(each.startswith("    ") for each in rest)


@pytest.mark.parametrize("line", _LINES)
def test_secrets_are_redacted_in_event_context_and_exception(line: logging.Formatter) -> None:
    made = failure(f"Bearer {SECRET}")
    made.msg = f"GET /yjs/notes?token={SECRET}"
    made.__dict__["user"] = SECRET
    formatted = line.format(made)
    assert "aB3aB3" not in formatted
    assert formatted.count("[redacted]") == 3


@pytest.mark.parametrize("line", _LINES)
def test_a_name_of_a_megabyte_is_bounded(line: logging.Formatter) -> None:
    big = "n\x1b" * 500_000
    made = failure(big)
    made.msg = big
    made.__dict__["user"] = big
    assert len(line.format(made)) < 100_000


class _Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text of mine")

    __repr__ = __str__


@pytest.mark.parametrize("line", _LINES)
def test_a_record_that_cannot_be_formatted_is_shown_as_far_as_it_can(
    line: logging.Formatter,
) -> None:
    assert "cannot be shown" in line.format(record("%d of\n%s", "x"))
    assert "cannot be shown" in line.format(record("%s", _Hostile()))
