"""A log record as one line: JSON for machines, or text for whoever sits in front of it.

Time, level, logger and event come first, then the context, then the exception. Every text in it is
redacted, then bounded, then made safe; a record that cannot be formatted says so, and never raises.
"""

import logging
import traceback
from datetime import UTC, datetime
from typing import Final

import msgspec

from app.logs.log_context import FIELDS, current_context
from app.logs.redaction import redacted_text
from app.logs.safe_text import safe_text

MAX_EVENT_CHARS: Final = 4_000
MAX_FIELD_CHARS: Final = 200
MAX_EXCEPTION_CHARS: Final = 16_000
_MAX_FRAMES: Final = 20
"""The innermost frames of each exception that are shown."""


def record_fields(record: logging.LogRecord) -> dict[str, str]:
    """Return what a record says, safe to be shown, in order."""
    fields = {
        "time": _time(record),
        "level": record.levelname.lower(),
        "logger": safe_text(record.name, MAX_FIELD_CHARS),
        "event": redacted_text(_message(record), MAX_EVENT_CHARS),
    }
    context = current_context()
    for name in FIELDS:
        value = getattr(record, name, None) or context.get(name)
        if value:
            fields[name] = redacted_text(str(value), MAX_FIELD_CHARS, is_name=True)
    exception = _exception(record)
    if exception:
        fields["exception"] = redacted_text(exception, MAX_EXCEPTION_CHARS, keep_lines=True)
    return fields


class JsonLine(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        return msgspec.json.encode(record_fields(record)).decode()


class TextLine(logging.Formatter):
    """A record as one line of text; an exception follows, indented, so that none looks like one."""

    def format(self, record: logging.LogRecord) -> str:
        fields = record_fields(record)
        time, level = fields["time"], fields["level"].upper()
        line = f"{time} {level:<8} {fields['logger']}: {fields['event']}"
        known = [f"{name}={fields[name]}" for name in FIELDS if name in fields]
        if known:
            line = f"{line}  [{' '.join(known)}]"
        lines = fields.get("exception", "").splitlines()
        return "\n".join([line, *(f"    {each}" for each in lines)])


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - whatever an argument does when it is made a text
        return f"{record.msg} (its arguments cannot be shown)"


def _exception(record: logging.LogRecord) -> str:
    try:
        if record.exc_info and record.exc_info[0] is not None:
            lines = traceback.format_exception(*record.exc_info, limit=-_MAX_FRAMES)
            text = "".join(lines).rstrip()
        else:
            text = record.exc_text or ""
    except Exception:  # noqa: BLE001 - as above
        return "(the exception cannot be shown)"
    if record.stack_info:
        text = f"{text}\n{record.stack_info}".strip()
    return text
