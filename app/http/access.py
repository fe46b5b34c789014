"""What routes start from: the running application, who asks, and the document they ask for."""

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request

from app.http.problem import PROBLEM_MEDIA_TYPE
from app.http.schema import Problem
from app.state import State
from sync.error import ErrorCode, QuireError
from sync.names import WRITING_ROLES, PositionEncoding, is_document_name
from sync.port import DocumentRecord
from sync.user import User

_PROBLEM_SCHEMA: Final = Problem.model_json_schema()
_MEANINGS: Final = {
    403: "The role of whoever asks does not allow it, or a foreign web page asks.",
    404: "There is no such document or version.",
    409: "The version is ahead of the head or too far behind, the id or name is taken, "
    "or the text root is decided.",
    413: "The body or the document would be too large.",
    422: "The request cannot be parsed, or something in it is out of range.",
    428: "The version that the request is based on is missing.",
    429: "Too many at once; see Retry-After.",
    503: "The store does not answer, or the server is stopping; see Retry-After.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for the OpenAPI description."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({*statuses, 422, 503})
    }


async def _state_of(request: Request) -> State:
    state: State = request.app.state.quire
    return state


StateOf = Annotated[State, Depends(_state_of)]


async def _user_of(request: Request, state: StateOf) -> User:
    return state.gatekeeper.user_for_request(request)


UserOf = Annotated[User, Depends(_user_of)]

DocumentPath = Annotated[
    str, Path(alias="document", description="The document's name.", examples=["notes"])
]


async def _document_of(name: DocumentPath, state: StateOf, _: UserOf) -> DocumentRecord:
    """The document a path names; every role may read.

    Raises:
        QuireError: `unknown_document`: there is none, it is deleted, or none can have that name.
    """
    record = await state.log.find(name) if is_document_name(name) else None
    if record is None or record.deleted_at_ms is not None:
        raise QuireError(ErrorCode.UNKNOWN_DOCUMENT, "There is no such document.")
    return record


DocumentOf = Annotated[DocumentRecord, Depends(_document_of)]


async def _writable_document_of(record: DocumentOf, state: StateOf, user: UserOf) -> DocumentRecord:
    role = state.gatekeeper.role(user, record.owner_id)
    if role not in WRITING_ROLES:
        raise QuireError(ErrorCode.FORBIDDEN, f"A {role} may not change this document.")
    return record


WritableDocumentOf = Annotated[DocumentRecord, Depends(_writable_document_of)]

EncodingOf = Annotated[
    PositionEncoding,
    Query(alias="position_encoding", description="What positions and counts in `ops` count."),
]
