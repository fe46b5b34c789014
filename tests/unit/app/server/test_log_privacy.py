"""`app.server.log_privacy`: lines keep their addresses and lose the queries."""

import logging

import pytest

from app.server.log_privacy import QueryFilter


def line(message: str, *args: object) -> str:
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, message, args, None)
    assert QueryFilter().filter(record)
    return record.getMessage()


@pytest.mark.parametrize("query", ["?token=s3cret", "?a=b&token=s3cret", "?s3cret?s3cret", "?"])
def test_query_is_cut_off_an_address(query: str) -> None:
    found = line('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", f"/yjs/notes{query}")
    assert found == '127.0.0.1:1 - "WebSocket /yjs/notes?…" [accepted]'


def test_line_without_a_query_stays() -> None:
    assert line("plain") == "plain"
    assert line('%s - "%s %s" %d', "1.2.3.4", "GET", "/d/notes", 200) == (
        '1.2.3.4 - "GET /d/notes" 200'
    )


def test_scope_is_shown_without_its_secrets() -> None:
    scope = {"path": "/ws", "query_string": b"token=s3cret", "headers": [(b"cookie", b"s3cret")]}
    found = line("ASGI [%d] Started scope=%s", 1, scope)
    assert "s3cret" not in found
    assert "/ws" in found
