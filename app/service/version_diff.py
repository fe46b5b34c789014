"""Comparing two versions of a document's text."""

import asyncio

from app.service.backend import Backend
from app.service.version_reader import read_text
from sync.error import ErrorCode, QuireError
from sync.names import PositionEncoding
from sync.port import DocumentRecord
from sync.text.delta import Delta
from sync.text.position import delta_to_utf16
from sync.text.textdiff import DiffTooLarge, diff, unified_diff


async def compare_versions(
    backend: Backend, document: DocumentRecord, old: int, new: int, encoding: PositionEncoding
) -> Delta:
    """Return the delta that makes the text at `new` of the text at `old`.

    Raises:
        ServiceError: `unknown_version`.
        StoreError: the log does not answer.
    """
    old_text = await read_text(backend, document, old)
    new_text = await read_text(backend, document, new)
    delta = await asyncio.to_thread(diff, old_text, new_text)
    return delta_to_utf16(delta, old_text) if encoding == "utf-16" else delta


async def compare_lines(backend: Backend, document: DocumentRecord, old: int, new: int) -> str:
    """Return the difference of two versions as `diff -u` would print it.

    Raises:
        ServiceError: `unknown_version`.
        QuireError: `too_large`.
        StoreError: the log does not answer.
    """
    old_text = await read_text(backend, document, old)
    new_text = await read_text(backend, document, new)
    names = f"{document.name}@{old}", f"{document.name}@{new}"
    try:
        most = backend.rooms.limits.max_diff_chars
        return await asyncio.to_thread(unified_diff, old_text, new_text, *names, max_chars=most)
    except DiffTooLarge:
        raise QuireError(
            ErrorCode.TOO_LARGE, "The unified diff is too large; ask for format=json."
        ) from None
