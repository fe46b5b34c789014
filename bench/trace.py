"""Recorded editing sessions, as Yjs updates."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pycrdt import Doc, Text

ROOT = Path(__file__).parent.parent


def trace_path(name: str) -> Path:
    """Return the path of a recorded session, in `$QUIRE_TRACES` or `shared/traces` by the checkout.

    Raises:
        FileNotFoundError: it is in neither.
    """
    folders = [Path(os.environ["QUIRE_TRACES"])] if "QUIRE_TRACES" in os.environ else []
    folders += [ROOT.parent / "shared" / "traces", ROOT / "tests" / "traces"]
    for folder in folders:
        path = folder / f"{name}.json.gz"
        if path.exists():
            return path
    raise FileNotFoundError(f"no trace {name}: set QUIRE_TRACES to the folder that has it")


def load_trace(name: str) -> dict[str, Any]:
    """One recorded session."""
    with gzip.open(trace_path(name), "rt", encoding="utf-8") as file:
        trace: dict[str, Any] = json.load(file)
    return trace


def sequential_updates(trace: dict[str, Any], root: str = "content") -> Iterator[bytes]:
    """One Yjs v1 update for each transaction of a sequential trace, from one author."""
    doc: Doc[Any] = Doc()
    text: Text = doc.get(root, type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    content = ""
    for transaction in trace["txns"]:
        with doc.transaction():
            for position, deleted, inserted in transaction["patches"]:
                start = len(content[:position].encode())
                if deleted:
                    size = len(content[position : position + deleted].encode())
                    del text[start : start + size]
                if inserted:
                    text.insert(start, inserted)
                content = content[:position] + inserted + content[position + deleted :]
        if updates:
            yield updates.pop()
    doc.unobserve(subscription)
