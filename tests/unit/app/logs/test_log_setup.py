import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from app.logs.log_setup import OWN_LOGGERS, configure_logging

_NAMES = ("", *OWN_LOGGERS, "uvicorn.access", "uvicorn.error")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the loggers of the test run as they were."""
    loggers = [logging.getLogger(name) for name in _NAMES]
    before = [(each, each.level, list(each.handlers), each.propagate) for each in loggers]
    yield
    logging.captureWarnings(capture=False)
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_logger_writes_to_the_one_stream() -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("app.sockets").info("a socket")
    logging.getLogger("sqlalchemy.pool").error("no connection")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("that is old", DeprecationWarning, stacklevel=1)
    logged = lines(stream)
    assert [each["logger"] for each in logged] == [
        "uvicorn.error",
        "app.sockets",
        "sqlalchemy.pool",
        "py.warnings",
    ]


@pytest.mark.parametrize("level", ["debug", "trace"])
def test_frames_and_requests_that_libraries_show_are_never_logged(level: str) -> None:
    stream = io.StringIO()
    configure_logging("json", level, stream)
    logging.getLogger("app").debug("ours")
    for name in ("websockets.server", "httpx", "httpcore.http11", "asyncio"):
        logging.getLogger(name).debug("< TEXT 'the text of a document'")
        logging.getLogger(name).info("GET https://example.org/?code=x")
    assert [each["event"] for each in lines(stream)] == ["ours"]


def test_a_stream_that_is_no_terminal_is_written_json() -> None:
    stream = io.StringIO()
    configure_logging("auto", "info", stream)
    logging.getLogger("app").warning("hello")
    assert lines(stream)[0]["event"] == "hello"


def test_a_terminal_is_written_text(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    configure_logging("auto", "info", stream)
    logging.getLogger("app").warning("hello")
    assert stream.getvalue().endswith("WARNING  app: hello\n")


def test_a_stream_that_takes_nothing_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure_logging("json", "info", stream)
    stream.close()
    logging.getLogger("app").warning("lost\nFORGED")
    assert capsys.readouterr().err == ""
