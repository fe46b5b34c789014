"""Processes that merge a log and kill themselves at a chosen step; no test is in here.

`python -m tests.contract.retention_process` works as `tests.contract.compaction_process` does.
"""

from app.service.retention_keeper import RetentionKeeper
from app.service.retention_rules import Retention
from storage.retention.retention_rule import RetentionRule
from storage.store import open_store
from sync.limit import Limits
from tests.contract.compaction_process import serve


async def retain(url: str, key: int, seed: int) -> None:
    """Thin a document, or drop its history."""
    store = open_store(url, pool_size=2)
    rules = Retention(store.retention)
    keeper = RetentionKeeper.of(store, rules, Limits(), rest=0)
    await keeper.keep(key, RetentionRule("drop" if seed % 3 == 0 else "thin", days=1))
    await store.aclose()


if __name__ == "__main__":
    serve(retain)
