"""The context of log records: which request, user, document and session they belong to.

It belongs to the task that started it. A task that another one starts has inherited its variables,
and yet may work for everybody: a room is loaded for whoever comes first. So it is not named there.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from weakref import ref

FIELDS: Final = ("request", "user", "document", "session")
"""The names of all that a context can hold, in the order in which records have it."""


@dataclass(frozen=True, slots=True)
class _Context:
    owner: "ref[asyncio.Task[Any]] | None"
    """Weak: a task holds its context, and with a cycle it would outlive its end."""
    fields: dict[str, str]

    def is_of(self, task: "asyncio.Task[Any] | None") -> bool:
        """Return whether the context is that of a task; None: of code outside of any."""
        return task is (None if self.owner is None else self.owner())


_current: ContextVar[_Context | None] = ContextVar("log_context", default=None)


def start_context(**fields: str) -> None:
    """Begin a context for the running task; nothing of an earlier one stays."""
    task = _running_task()
    _current.set(_Context(None if task is None else ref(task), fields))


def add_context(**fields: str) -> None:
    """Add to the context of the running task, if it has one."""
    context = _current.get()
    if context is not None and context.is_of(_running_task()):
        context.fields.update(fields)


def current_context() -> dict[str, str]:
    """Return the context of the running task; empty if there is none."""
    context = _current.get()
    if context is None or not context.is_of(_running_task()):
        return {}
    return context.fields


def _running_task() -> "asyncio.Task[Any] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:
        # No event loop runs in this thread.
        return None
