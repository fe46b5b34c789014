"""The Python client of `quire.v1`: `async with connect(url) as client: …`; see docs/client.md."""

from sync.client.client_fact import Change, DocumentEvent, Replaced, Withdrawn
from sync.client.connection import Client, NotSaved, connect
from sync.client.remote_document import ConnectionLost, Document, Events, EventsLost
from sync.client.transport import Timing

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
