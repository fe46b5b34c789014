"""The records of webhooks and of what is to be delivered to them."""

from msgspec import Struct


class Webhook(Struct, frozen=True):
    """An address that is told of changes. Times are UTC, milliseconds since the epoch."""

    id: str
    url: str
    secret: bytes
    """The key that signs what is sent there."""
    events: tuple[str, ...]
    """The types of events that it is sent; none: all."""
    created_by: str
    created_at_ms: int
    paused_at_ms: int | None = None
    """None: it is not paused."""
    paused_because: str = ""
    failures: int = 0
    """The attempts that have failed since the last one that did not."""
    failing_since_ms: int | None = None
    """The time of the first of those failures."""
    not_before_ms: int = 0
    """Nothing is sent before, as it has failed again and again."""
    last_error: str = ""
    delivered: int = 0
    delivered_at_ms: int | None = None
    """The time of the last delivery that succeeded."""
    lost: int = 0
    """Events that were not queued, because too many were."""
    old_secret: bytes | None = None
    """The key before `secret`; it signs, too, until `old_until_ms`."""
    old_until_ms: int | None = None


class Delivery(Struct, frozen=True):
    """One event on its way to one webhook."""

    key: int
    """The order of the deliveries of one document; 0: it is not stored yet."""
    webhook_id: str
    document_key: int
    id: str
    """Sent with every attempt, so that the receiver can drop doubles."""
    type: str
    detail: str
    """JSON: what is said of it, beside document and versions."""
    after: int
    upto: int
    """The events `after < version <= upto` are meant; both 0 unless the type is of edits."""
    first_at_ms: int
    """The time of the first change that it is about."""
    at_ms: int
    """The time of the last one."""
    due_at_ms: int
    attempts: int = 0
    """With the first attempt, its content is settled."""
    tries: int = 0
    """The attempts since it was queued, or since somebody had it sent again."""
    is_dead: bool = False
    """It is not tried any more, and nothing waits for it."""
    last_error: str = ""


class News(Struct, frozen=True):
    """The news of one change of the feed, for webhooks."""

    document_key: int
    type: str
    detail: str
    after: int = 0
    upto: int = 0


class QueueSizes(Struct, frozen=True):
    """The numbers of what waits for all webhooks together."""

    webhooks: int = 0
    paused: int = 0
    queued: int = 0
    dead: int = 0
    oldest_at_ms: int | None = None
    """The time of the oldest change that waits for one that is not paused; None: none does."""


class QueueOutlook(Struct, frozen=True):
    """The work that there is for webhooks."""

    webhooks: int
    due: tuple[str, ...]
    """The ids of webhooks that may be sent something now."""
