"""The rules of retention: how much of its history each document keeps, and what is gone by now."""

import asyncio
from dataclasses import dataclass, field

from storage.retention.retention_rule import KEEP, RetentionRule
from storage.retention.sql_retention import SqlRetention
from sync.port import DocumentRecord


@dataclass(frozen=True, slots=True)
class Kept:
    """The history of a document as it is kept."""

    rule: RetentionRule
    is_own: bool
    """False: it is the rule of all documents that have none of their own."""
    whole_after: int
    """Every version after this one is kept."""
    gone: int
    """The number of versions before that which are gone."""


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules of retention of one store.

    Args:
        default: of documents without a rule of their own.
    """

    rows: SqlRetention
    default: RetentionRule = KEEP
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a rule has changed: there may be something to do."""

    async def require_kept(self, document: DocumentRecord, *versions: int) -> None:
        """Raise `HistoryThinnedError` if one of some versions is gone."""
        for version in versions:
            # Only what is in segments can be merged: of most documents nothing is.
            if version <= document.compacted_version:
                await self.rows.require_kept(document.key, version)

    async def rule(self, key: int) -> RetentionRule:
        """Return the rule of a document: its own, or that of all."""
        return await self.rows.rule(key) or self.default

    async def kept(self, document: DocumentRecord) -> Kept:
        """Return how much of a document is kept.

        Raises:
            StoreError: the store does not answer.
        """
        own = await self.rows.rule(document.key)
        merged = await self.rows.merged(document.key)
        return Kept(
            own or self.default,
            own is not None,
            merged[-1][1] if merged else 0,
            sum(last - first for first, last in merged),
        )
