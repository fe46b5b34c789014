"""The log of one document as a server gives it over HTTP, read on from the last time."""

import base64
from typing import Any

import httpx
import msgspec
from pycrdt import Doc, Text

from lab.client_message import content_of
from lab.crash.document_record import LoggedEvent
from sync.text.delta import apply, from_wire
from sync.yjs.statevector import decode_state_vector

_PAGE = 500
_PATIENCE_S = 60.0


class _Actor(msgspec.Struct):
    name: str


class _Event(msgspec.Struct):
    version: int
    id: str
    actor: _Actor
    ops: list[dict[str, Any]]
    update: str = ""


class _Page(msgspec.Struct):
    events: list[_Event]
    next: int | None = None


class QuireLog:
    """Reads on from the last version that it has, and replays ops and updates side by side."""

    def __init__(self, doc: str) -> None:
        self.doc = doc
        self.text = ""
        """The text by the ops of all events read."""
        self.replica: Doc[Any] = Doc()
        """The document by their updates."""
        self._root: Text = self.replica.get("content", type=Text)
        self._version = 0

    async def read_on(self, url: str) -> list[LoggedEvent]:
        """Return the events after those that were read before."""
        found = await read_events(url, self.doc, self._version)
        for event, ops, update in found:
            self.text = apply(self.text, from_wire(ops))
            self.replica.apply_update(update)
            self._version = event.version
        return [event for event, _, _ in found]

    @property
    def agrees(self) -> bool:
        """True if ops and updates give the same text."""
        return str(self._root) == self.text

    def clocks(self) -> dict[int, int]:
        """Return how many units of each CRDT client the log has."""
        return dict(decode_state_vector(self.replica.get_state()))

    def lacks(self, shown: "Doc[Any]") -> bool:
        """Return whether a replica has anything, deletions included, that the log has not."""
        before = self.replica.get_update()
        copy: Doc[Any] = Doc()
        copy.apply_update(before)
        before = copy.get_update()
        copy.apply_update(shown.get_update(self.replica.get_state()))
        return copy.get_update() != before


async def read_events(
    url: str, doc: str, after: int, *, replays: bool = True
) -> list[tuple[LoggedEvent, list[dict[str, Any]], bytes]]:
    """Return the events after a version, each with its ops and its update.

    Args:
        replays: whether updates are wanted; without, they are empty.
    """
    found: list[tuple[LoggedEvent, list[dict[str, Any]], bytes]] = []
    following: int | None = after
    include = "ops,update" if replays else "ops"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=_PATIENCE_S) as http:
        while following is not None:
            query: dict[str, str | int] = {"after": following, "limit": _PAGE, "include": include}
            answer = await http.get(f"/api/documents/{doc}/history", params=query)
            answer.raise_for_status()
            page = msgspec.json.decode(answer.content, type=_Page)
            for each in page.events:
                event = LoggedEvent(each.version, each.id, each.actor.name, content_of(each.ops))
                found.append((event, each.ops, base64.b64decode(each.update)))
            following = page.next
    return found


async def read_text(url: str, doc: str, version: int) -> str:
    """Return the text at a version."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=_PATIENCE_S) as http:
        answer = await http.get(f"/api/documents/{doc}/text", params={"version": version})
        answer.raise_for_status()
        return answer.text
