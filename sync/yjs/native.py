"""The native CRDT library. Only this module imports pycrdt.

`replica`, `reversal` and `origins` use it.

A panic in the library is a `BaseException`, so every call goes through `guarded`. An object that
panicked is never used again.
"""

from collections.abc import Callable
from typing import TypeVar

from pycrdt import (
    Array,
    Assoc,
    Doc,
    Map,
    StickyIndex,
    Text,
    UndoManager,
    XmlElement,
    XmlFragment,
    XmlText,
    merge_updates,
)

__all__ = [
    "Array",
    "Assoc",
    "Doc",
    "Map",
    "ReplicaBrokenError",
    "StickyIndex",
    "Text",
    "UndoManager",
    "XmlElement",
    "XmlFragment",
    "XmlText",
    "guarded",
    "merge_updates",
]

_Result = TypeVar("_Result")


class ReplicaBrokenError(Exception):
    """The native library failed: throw this replica away and load the document from the log."""


def guarded(call: Callable[[], _Result]) -> _Result:
    """Call into the native library and return the result.

    Raises:
        ReplicaBrokenError: the library failed or panicked.
    """
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a native panic is no Exception
        raise ReplicaBrokenError("the CRDT library failed") from error
