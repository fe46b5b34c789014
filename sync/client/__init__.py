"""The Python client: `connect` for the live document over `quire.v1`, `open_history` for its past.

See docs/client.md.
"""

from sync.client.client_fact import Change, DocumentEvent, Replaced, Withdrawn
from sync.client.connection import Client, NotSaved, connect
from sync.client.document_history import DocumentHistory, RequestRefused, open_history
from sync.client.remote_document import ConnectionLost, Document, Events, EventsLost
from sync.client.transport import Timing

__all__ = [
    "Change",
    "Client",
    "ConnectionLost",
    "Document",
    "DocumentEvent",
    "DocumentHistory",
    "Events",
    "EventsLost",
    "NotSaved",
    "Replaced",
    "RequestRefused",
    "Timing",
    "Withdrawn",
    "connect",
    "open_history",
]
