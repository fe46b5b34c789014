"""The lease of one consumer on the feed of changes, which one process has at a time."""

import secrets
from dataclasses import dataclass, field

from storage.change_feed import SqlChangeFeed
from sync.changes import Claim
from sync.shells.clock import now_ms


@dataclass(slots=True)
class FeedLease:
    """Claims the next changes for one consumer, in the name of this process.

    Args:
        cursor: the name of the consumer's cursor.
        documents: the documents (without a span: the changes) of one claim, at most.
        span: the changes of one claim, at most; a document stands in it once for all of its own.
            None: each change is claimed.
        lease_ms: the milliseconds after which another process may claim the same changes.
    """

    changes: SqlChangeFeed
    cursor: str
    documents: int
    span: int | None
    lease_ms: int
    _holder: str = field(default_factory=lambda: secrets.token_hex(8), init=False)

    async def claim(self) -> Claim | None:
        """Return the next changes; None: there are none, or another process has them.

        Raises `StoreError`.
        """
        return await self.changes.claim(
            self.cursor,
            self._holder,
            limit=self.documents,
            span=self.span,
            now_ms=now_ms(),
            lease_ms=self.lease_ms,
        )

    def may_have_more(self, claim: Claim) -> bool:
        """Return whether more changes may follow those of a claim at once."""
        return len(claim.changes) == self.documents


def edited_keys(claim: Claim) -> list[int]:
    """Return the keys of the documents that were edited, each once, in the order of the feed."""
    return list(dict.fromkeys(each.key for each in claim.changes if each.kind == "edited"))
