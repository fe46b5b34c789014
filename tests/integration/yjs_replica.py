"""A Yjs replica, as an editor holds one, that hands out its updates; no test is in here."""

from typing import Any

from pycrdt import Doc, Text


class YjsReplica:
    """A document with one text root. Positions count code points.

    Args:
        client_id: under which it writes; None draws one.
    """

    def __init__(self, client_id: int | None = None, root: str = "content") -> None:
        self._doc: Doc[Any] = Doc() if client_id is None else Doc(client_id=client_id)
        self._text: Text = self._doc.get(root, type=Text)
        self._made: list[bytes] = []
        # Kept for as long as the replica: its callback hears nothing once it is collected.
        self._subscription = self._doc.observe(lambda event: self._made.append(event.update))

    @property
    def text(self) -> str:
        return str(self._text)

    @property
    def client_id(self) -> int:
        return int(self._doc.client_id)

    @property
    def state(self) -> bytes:
        """An update that holds everything."""
        return self._doc.get_update()

    @property
    def state_vector(self) -> bytes:
        """What it has of each client."""
        return self._doc.get_state()

    def apply(self, update: bytes) -> None:
        """Take over what others wrote."""
        self._doc.apply_update(update)

    def edit(self, *patches: tuple[int, int, str]) -> bytes:
        """Make one change of (position, characters to delete, text to insert); returns its update.

        The patches are applied one after the other. The update is empty if nothing changed.
        """
        self._made.clear()
        content = self.text
        with self._doc.transaction():
            for position, deleted, inserted in patches:
                start = len(content[:position].encode())
                if deleted:
                    size = len(content[position : position + deleted].encode())
                    del self._text[start : start + size]
                if inserted:
                    self._text.insert(start, inserted)
                content = content[:position] + inserted + content[position + deleted :]
        return self._made.pop() if self._made else b""

    def insert(self, position: int, text: str) -> bytes:
        return self.edit((position, 0, text))

    def since(self, state_vector: bytes) -> bytes:
        """An update of everything that a peer with this state vector lacks."""
        return self._doc.get_update(state_vector)
