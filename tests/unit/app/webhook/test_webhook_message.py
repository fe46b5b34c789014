"""The messages that webhooks are sent."""

import msgspec

from app.webhook.webhook_message import EVENT_TYPES, message_of, news_of
from storage.webhooks.webhook_record import Delivery
from sync.changes import Change


def message(change: Change, *, upto: int | None = None) -> object:
    news = news_of(change, "e1")
    delivery = Delivery(
        key=1,
        webhook_id="w",
        document_key=news.document_key,
        id="msg_1",
        type=news.type,
        detail=news.detail,
        after=news.after,
        upto=news.upto if upto is None else upto,
        first_at_ms=1_000,
        at_ms=1_700_000_000_125,
        due_at_ms=0,
    )
    assert message_of(delivery) == message_of(delivery)
    return msgspec.json.decode(message_of(delivery))


def test_edits_are_told_with_their_versions() -> None:
    assert message(Change(7, "edited", 3, "notes", 4, 6), upto=9) == {
        "type": "document.edited",
        "timestamp": "2023-11-14T22:13:20.125Z",
        "data": {"document": "notes", "epoch": "e1", "from": 4, "to": 9},
    }


def test_detail_of_a_change_is_told() -> None:
    change = Change(7, "named", 3, "notes", 0, 0, '{"version":4,"name":"Final","user":"u1"}')
    assert message(change) == {
        "type": "version.named",
        "timestamp": "2023-11-14T22:13:20.125Z",
        "data": {"document": "notes", "epoch": "e1", "version": 4, "name": "Final", "user": "u1"},
    }


def test_each_kind_of_change_has_a_type() -> None:
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES) == 8
