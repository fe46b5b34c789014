"""Names and ids: the words that cross module boundaries, and the form that each must have."""

import re
from typing import Final, Literal

Mode = Literal["text", "yjs"]
Dialect = Literal["quire", "y-websocket", "hocuspocus"]
"""The protocol that a session speaks. All but `quire` are joined in `yjs` mode."""
Role = Literal["owner", "editor", "commenter", "viewer"]
PositionEncoding = Literal["codepoint", "utf-16"]
POSITION_ENCODINGS: Final[tuple[PositionEncoding, ...]] = ("codepoint", "utf-16")

DOCUMENT_NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,127}\Z"
SERVER_ID_PREFIX: Final = "server:"
"""Begins the ids of events that the server makes on account of a client's.

They follow from the client's own id, so a client that could choose one could have a commit fail,
and with it those of all documents that are committed together.
"""
EVENT_ID_PATTERN: Final = rf"^(?!{SERVER_ID_PREFIX})[A-Za-z0-9:._-]{{1,64}}\Z"
"""Chosen by the client, unique per document."""
MAX_INTEGER: Final = 2**53 - 1
"""The largest version, position or length on the wire: what a JavaScript number holds exactly."""
DEFAULT_TEXT_ROOT: Final = "content"

WRITING_ROLES: Final[frozenset[str]] = frozenset({"owner", "editor"})

MAX_TEXT_ROOT_CHARS: Final = 128

_document_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,127}")
_event_id = re.compile(EVENT_ID_PATTERN)


def is_document_name(text: str) -> bool:
    """Return whether `text` may name a document."""
    return _document_name.fullmatch(text) is not None


def is_text_root(text: str) -> bool:
    """Return whether `text` may name the Yjs root that holds a document's text."""
    return 0 < len(text) <= MAX_TEXT_ROOT_CHARS and text.isprintable()


def is_event_id(text: str) -> bool:
    """Return whether a client may choose `text` as the id of an event."""
    return _event_id.match(text) is not None
