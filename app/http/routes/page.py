"""The browser editor: the page that every address of it gets, and the files it is built of."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.http.editor_page import diagram_frame, editor_page
from app.http.problem import HttpCode, ProblemError
from app.http.static_asset import assets_in
from sync.names import is_document_name
from web import DIST

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_start_page(request: Request) -> Response:
    """The start page of the editor."""
    return editor_page(request, folder=DIST)


@router.get("/sign-in")
@router.get("/account")
@router.get("/people")
@router.get("/admin")
async def show_account_page(request: Request) -> Response:
    """A page about who one is, and who else is: it asks the API, and shows what it may."""
    return editor_page(request, folder=DIST)


@router.get("/l")
@router.get("/join")
async def show_link_page(request: Request) -> Response:
    """The page of a share link or an invitation, whose secret stays in the browser: it stands in
    the fragment of the address.
    """
    return editor_page(request, folder=DIST)


@router.get("/d/{document}")
async def show_document_page(request: Request, document: str) -> Response:
    """The editor with a document. What cannot be a document gets the same page with a 404."""
    return editor_page(request, 200 if is_document_name(document) else 404, folder=DIST)


@router.get("/diagram")
async def show_diagram_frame() -> Response:
    """The frame in which the editor draws diagrams."""
    return diagram_frame(folder=DIST)


@router.get("/assets/{name}")
async def read_asset(request: Request, name: str) -> Response:
    """A file of the built editor; its name holds its hash, so it may be kept for ever."""
    accept_encoding = request.headers.get("accept-encoding", "")
    answer = await assets_in(DIST / "assets").answer(name, accept_encoding)
    if answer is None:
        raise ProblemError(HttpCode.NOT_FOUND, "There is no such file.")
    return answer
