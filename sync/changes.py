"""The feed of changes over all documents, for webhooks, search and audit, each at its own pace.

    appended ─▶ claimed (its position assigned) ─▶ processed ─▶ the cursor advances

A change names the commit of events or metadata; the log has their content. A consumer has a named
cursor. It claims the changes after the cursor, acts on them, and advances it:

- Positions are 1, 2, 3 … without a gap, and every committed change gets one. Changes of one
  document come in the order of their commits; of two transactions, one that began after the other
  had committed comes later.
- A cursor that starts at the beginning first gets the documents there are, as changes under
  negative positions: ascending, but not every number. The feed follows without a gap.
- A cursor advances only from the position that was claimed, and only by the holder of the claim.
  Writes to the database in the transaction of the advance happen exactly once. Other effects happen
  at least once: after a crash between effect and advance the same changes come again, under the
  same positions, by which the receiver recognises them.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

ChangeKind: TypeAlias = Literal[
    "created", "edited", "renamed", "deleted", "restored", "purged", "named", "joined"
]
"""`deleted`: moved to the trash, from where it is `restored`, or `purged`: its events are gone.
`named`: a version got a name; `joined`: a user got a role, by a grant or a share link."""


class Change(Struct, frozen=True):
    """One committed change to one document."""

    position: int
    kind: ChangeKind
    key: int
    """The key of the document in the store."""
    name: str
    after: int
    upto: int
    """The events `after < version <= upto` were appended together; none unless `edited`."""
    detail: str = ""
    """JSON of what was `named`, or who `joined`; else empty."""


class Claim(Struct, frozen=True):
    """Changes that one consumer may process now."""

    cursor: str
    holder: str
    after: int
    """Position of the cursor."""
    changes: Sequence[Change]
    """Not empty, in order: their positions are `after + 1`, `after + 2` …, if not negative, unless
    a span was claimed."""


class CursorState(Struct, frozen=True):
    """The progress of one consumer."""

    name: str
    position: int
    """Negative while it reads the documents there were when it started."""
    lag: int
    """Committed changes of the feed after it; documents that it has yet to read do not count."""
    advanced_at_ms: int | None
    """UTC; None if it never has."""


class ChangeFeed(Protocol):
    """Every method may raise `StoreError`."""

    async def start(self, cursor: str, *, at_beginning: bool = False) -> int:
        """Return the position of a cursor; a new one is put behind the last committed change.

        Args:
            at_beginning: a new one gets every document first, deleted or not, by when they were
                created: `created`, `edited` from 0 to the version it then has in the feed, and
                `deleted` if it is. Together with the feed, that is each event once.
        """
        ...

    async def claim(
        self,
        cursor: str,
        holder: str,
        *,
        limit: int,
        now_ms: int,
        lease_ms: int,
        span: int | None = None,
    ) -> Claim | None:
        """Claim the changes after a cursor; None if there are none, or another holds it.

        Args:
            holder: a random name of who claims, of 1 or more characters.
            limit: changes at most, from 1.
            now_ms: UTC; the clocks of all who claim are to differ by much less than `lease_ms`.
            lease_ms: how long nobody else can claim, unless the cursor advances.
            span: of so many changes after the cursor, only the last one of each document is
                claimed: for a consumer that looks at documents as they are now.

        Raises:
            StoreError: there is no such cursor.
        """
        ...

    async def advance(self, claim: Claim, upto: int) -> bool:
        """Move the cursor behind `upto`, one of the claimed changes, and give the claim up.

        Returns only after commit: False, and nothing changed, if the claim was lost meanwhile.
        """
        ...

    async def cursors(self) -> dict[str, int]:
        """Return the position of every cursor."""
        ...

    async def cursor_states(self) -> list[CursorState]:
        """Return how far every cursor is, by name."""
        ...

    async def forget(self, cursor: str) -> bool:
        """Remove a cursor; changes are kept for those that remain. False if there was none."""
        ...
