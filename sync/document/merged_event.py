"""Events that were merged into one: the history keeps the last version of them, and no other."""

from sync.port import EventRecord
from sync.text.authored import TextWriter
from sync.text.merging import Share


class MergedEvent(EventRecord, frozen=True):
    """One event in the place of consecutive ones; or of one alone, which it then equals.

    Its `ops` and its `update` are the changes of all of them, against the text before the first.
    Id, digest and author are those of the last one; `shares` has all authors.
    """

    first: int
    """The version of the first of them."""
    shares: tuple[Share, ...]
    """At least one; the last one is of the last event."""


def shares_of(event: EventRecord) -> tuple[Share, ...]:
    """Return the shares of an event, merged or not."""
    if isinstance(event, MergedEvent):
        return event.shares
    return (alone(event),)


def alone(event: EventRecord) -> Share:
    """Return the share of an event of one writer."""
    writer = TextWriter(event.actor_id, event.actor_name, event.session)
    return Share(writer, 1, event.at_ms, event.at_ms, event.version, event.ops)
