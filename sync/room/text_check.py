"""The check of a Yjs client's text against the log's, by hash."""

from collections.abc import Iterator
from hashlib import sha256

from sync.effect import Deliver, Effect
from sync.fact import CheckText
from sync.room.view import View
from sync.wire.message import Checked, Diverged


class TextCheck:
    """The search for divergence: a Yjs client at the head must show the text of the log."""

    __slots__ = ("_hash", "_version", "_view")

    def __init__(self, view: View) -> None:
        self._view = view
        self._version = -1
        self._hash = ""
        """The SHA-256 of the text at `_version`, in hex."""

    def forget(self) -> None:
        """Forget the hash, since its version now has another text."""
        self._version = -1

    def answer(self, fact: CheckText) -> Iterator[Effect]:
        """Answer a check of the head's text; a check of another version gets no answer."""
        view = self._view
        found: str | None = None
        if fact.version == view.version:
            if self._version != view.version:
                self._hash = sha256(view.text.encode()).hexdigest()
                self._version = view.version
            found = self._hash
        if found is None or found == fact.hash:
            yield Deliver((fact.session,), Checked(view.name, fact.version, found))
        else:
            message = Diverged(view.name, view.version, view.document.state())
            yield Deliver((fact.session,), message)
