"""The dependencies of routes: the running application, the user, and a grant for the document."""

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request

from app.app_state import State
from app.http.credentials import credentials_of
from app.http.problem import PROBLEM_MEDIA_TYPE
from app.http.schema import Problem
from app.identity.principal import Principal
from app.logs.log_context import add_context
from app.service.backend import Backend
from app.service.grant import Grant, grant_access
from sync.names import PositionEncoding
from sync.permission import Action
from sync.port import DocumentRecord

_PROBLEM_SCHEMA: Final = Problem.model_json_schema()
_MEANINGS: Final = {
    401: "Nobody has said who asks, or what was shown is not valid.",
    403: "The role of whoever asks does not allow it, or a foreign web page asks.",
    404: "There is no such document or version.",
    409: "The version is ahead of the head or too far behind, the id or name is taken, "
    "or the text root is decided.",
    410: "The version is no longer kept; see kept_before and kept_after.",
    413: "The body or the document would be too large.",
    415: "It is no image of a kind that is kept, or it is damaged.",
    422: "The request cannot be parsed, or something in it is out of range.",
    428: "The version that the request is based on is missing.",
    429: "Too many at once; see Retry-After.",
    503: "The store does not answer, or the server is stopping; see Retry-After.",
    507: "The server keeps no more images.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of a route, for the OpenAPI description."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_SCHEMA}}
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({*statuses, 401, 422, 503})
    }


async def _state_of(request: Request) -> State:
    state: State = request.app.state.quire
    return state


StateOf = Annotated[State, Depends(_state_of)]


async def _principal_of(request: Request, state: StateOf) -> Principal:
    shown = credentials_of(request, "http", state.people.cookies)
    principal = await state.backend.identifier.identify(shown)
    request.state.principal = principal
    add_context(user=principal.user.id)
    return principal


async def _address_of(request: Request) -> str:
    return "" if request.client is None else request.client.host


AddressOf = Annotated[str, Depends(_address_of)]
"""The address that a request comes from; empty: it is not known."""

PrincipalOf = Annotated[Principal, Depends(_principal_of)]
"""The principal that asks; outside open mode it may be a visitor, of whom nothing is known."""

DocumentPath = Annotated[
    str, Path(alias="document", description="The document's name.", examples=["notes"])
]


async def _backend_of(state: StateOf) -> Backend:
    return state.backend


BackendOf = Annotated[Backend, Depends(_backend_of)]


async def _readable(name: DocumentPath, backend: BackendOf, principal: PrincipalOf) -> Grant:
    add_context(document=name)
    return await grant_access(backend, principal, name, Action.READ)


async def _writable(grant: Annotated[Grant, Depends(_readable)]) -> Grant:
    grant.require(Action.WRITE)
    return grant


async def _renamable(grant: Annotated[Grant, Depends(_readable)]) -> Grant:
    grant.require(Action.RENAME)
    return grant


async def _manageable(grant: Annotated[Grant, Depends(_readable)]) -> Grant:
    grant.require(Action.MANAGE)
    return grant


async def _document(grant: Annotated[Grant, Depends(_readable)]) -> DocumentRecord:
    return grant.document


DocumentOf = Annotated[DocumentRecord, Depends(_document)]
"""The document a path names, which the user may read."""
ReadableOf = Annotated[Grant, Depends(_readable)]
"""A grant for the document a path names, which the user may read."""
WritableOf = Annotated[Grant, Depends(_writable)]
"""A grant for the document a path names, whose content the user may change."""
RenamableOf = Annotated[Grant, Depends(_renamable)]
"""A grant for the document a path names, whose metadata the user may change."""
ManageableOf = Annotated[Grant, Depends(_manageable)]
"""A grant for the document a path names, which the user may share and delete."""

EncodingOf = Annotated[
    PositionEncoding,
    Query(alias="position_encoding", description="What positions and counts in `ops` count."),
]
