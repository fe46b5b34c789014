"""The messages that webhooks are sent: which changes they tell of, and as which bytes. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.webhook.delivery_plan import EDITED
from storage.webhooks.webhook_record import Delivery, News
from sync.changes import Change, ChangeKind
from sync.wire.event import timestamp

TYPES: Final[Mapping[ChangeKind, str]] = {
    "created": "document.created",
    "edited": EDITED,
    "renamed": "document.renamed",
    "deleted": "document.deleted",
    "restored": "document.restored",
    "purged": "document.purged",
    "named": "version.named",
    "joined": "member.joined",
}
"""The types of events, by the kind of the change that they tell of."""
EVENT_TYPES: Final = tuple(TYPES.values())
TEST_TYPE: Final = "webhook.test"


def news_of(change: Change, epoch: str) -> News:
    """Return what a change says to webhooks.

    Args:
        epoch: that of its document, as it is now.
    """
    said: dict[str, Any] = {"document": change.name, "epoch": epoch}
    if change.detail:
        said |= msgspec.json.decode(change.detail, type=dict[str, Any])
    detail = msgspec.json.encode(said).decode()
    return News(change.key, TYPES[change.kind], detail, change.after, change.upto)


def message_of(delivery: Delivery) -> bytes:
    """Return the body of a delivery: the same bytes at each attempt, as its content is settled."""
    data = msgspec.json.decode(delivery.detail, type=dict[str, Any])
    if delivery.type == EDITED:
        data |= {"from": delivery.after, "to": delivery.upto}
    return encode_message(delivery.type, delivery.at_ms, data)


def encode_message(type_: str, at_ms: int, data: Mapping[str, Any]) -> bytes:
    """Return the body of a message.

    Args:
        at_ms: the time of what it tells of.
    """
    message = {"type": type_, "timestamp": timestamp(at_ms), "data": data}
    return msgspec.json.encode(message)
