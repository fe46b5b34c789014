"""The messages that wait for the application of one WebSocket."""

import asyncio

import pytest
from uvicorn._types import ASGIReceiveEvent

from app.server.inbox import Inbox


def message(text: str) -> ASGIReceiveEvent:
    return {"type": "websocket.receive", "text": text, "bytes": None}


def test_messages_come_out_in_the_order_in_which_they_came() -> None:
    inbox = Inbox()
    assert inbox.empty()
    for text in "abc":
        inbox.put_nowait(message(text))
    assert [inbox.get_nowait() for _ in range(3)] == [message(text) for text in "abc"]
    assert inbox.empty()


def test_arrival_is_done_once_there_is_a_message() -> None:
    async def wait() -> None:
        inbox = Inbox()
        arrival = inbox.arrival()
        assert not arrival.done()
        inbox.put_nowait(message("a"))
        inbox.put_nowait(message("b"))
        assert arrival.done()
        assert inbox.get_nowait() == message("a")

    asyncio.run(wait())


def test_cancelled_arrival_loses_no_message() -> None:
    async def wait() -> None:
        inbox = Inbox()
        inbox.arrival().cancel()
        inbox.put_nowait(message("a"))
        assert inbox.get_nowait() == message("a")

    asyncio.run(wait())


def test_arrival_is_asked_for_only_while_there_is_none() -> None:
    inbox = Inbox()
    inbox.put_nowait(message("a"))
    with pytest.raises(AssertionError):
        inbox.arrival()
