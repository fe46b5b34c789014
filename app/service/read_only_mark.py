"""The mark by which an operator makes a document read-only for everybody.

It is a column of the document, and lowers every role there to that of a viewer, as
`sync.permission` says. So open sockets of all processes are told as of any other change of a role.
"""

from app.service.backend import Backend
from sync.error import ErrorCode, QuireError
from sync.names import is_document_name
from sync.port import DocumentRecord
from sync.shells.clock import now_ms


async def mark_read_only(backend: Backend, name: str, *, is_read_only: bool) -> DocumentRecord:
    """Make a document read-only, or give the roles back; returns it after the commit.

    One in the trash may be marked, too: it then stays there.

    Raises:
        QuireError: `unknown_document`: there is none, or it was removed for good.
        StoreError: the store does not answer.
    """
    found = await backend.log.find(name) if is_document_name(name) else None
    if found is None or not await backend.access.set_read_only(
        found.key, now_ms(), is_read_only=is_read_only
    ):
        raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    backend.watch.look_now()
    return found
