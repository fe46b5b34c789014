"""The Python client of `quire.v1`: `async with connect(url) as client: …`; see docs/client.md."""

from sync.client.connection import Client, NotSaved, Timing, connect
from sync.client.document import ConnectionLost, Document, Events, EventsLost
from sync.client.fact import Change, DocumentEvent, Replaced, Withdrawn

__all__ = [
    "Change",
    "Client",
    "ConnectionLost",
    "Document",
    "DocumentEvent",
    "Events",
    "EventsLost",
    "NotSaved",
    "Replaced",
    "Timing",
    "Withdrawn",
    "connect",
]
