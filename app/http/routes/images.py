"""`/api/documents/{document}/files`: the images of a document."""

import tempfile
from typing import Annotated, BinaryIO, Final, cast

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.responses import StreamingResponse

from app.audit.audit_kind import IMAGE_UPLOADED
from app.http.access import AddressOf, ReadableOf, StateOf, WritableOf, problems
from app.http.noting import NotingOf
from app.http.schema import StoredImage
from app.image.image_kind import ImageKind
from app.service.grant import grant_access
from sync.permission import Action
from sync.port import StoreError

router = APIRouter(prefix="/api/documents/{document}/files", tags=["images"])

_SPOOLED_BYTES: Final = 64 << 10
"""Of an upload that is under way, as much is in memory; the rest lies in a file without a name."""
_FILE: Final = r"^([0-9a-f]{64})\.(png|jpg|gif|webp|avif)$"
# An image is shown as one, whoever asks and wherever it is opened. A browser asks before it shows
# one that it keeps: somebody else may have signed in there, and may not read the document.
_HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}

FileName = Annotated[
    str,
    Path(
        alias="file",
        description="The SHA-256 of the image, a dot, and its kind.",
        pattern=_FILE,
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.png"],
    ),
]


@router.post(
    "",
    status_code=201,
    responses={**problems(403, 404, 413, 415, 429, 507), 200: {"model": StoredImage}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def upload_image(
    request: Request,
    grant: WritableOf,
    state: StateOf,
    address: AddressOf,
    note: NotingOf,
    response: Response,
) -> StoredImage:
    """Keep an image: PNG, JPEG, GIF, WebP or AVIF, by its bytes. Its metadata is left out."""
    state.uploads.count(grant.principal, address)
    # It has no name, so nothing is left of it whatever happens.
    with tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES) as body:
        async for chunk in request.stream():
            _spool(body, chunk)
        body.seek(0)
        # The role may have ended while the image was on its way.
        name = grant.document.name
        grant = await grant_access(state.backend, grant.principal, name, Action.WRITE)
        record, is_new = await state.images.add(grant, cast(BinaryIO, body))
    file = f"{record.digest}.{record.kind}"
    url = f"{state.settings.base_path}/api/documents/{grant.document.name}/files/{file}"
    if is_new:
        note(IMAGE_UPLOADED, grant.document, image=record.digest, bytes=record.size_bytes)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = url
    return StoredImage(
        url=url,
        type=ImageKind(record.kind).media_type,
        bytes=record.size_bytes,
        width=record.width,
        height=record.height,
    )


def _spool(body: "tempfile.SpooledTemporaryFile[bytes]", chunk: bytes) -> None:
    try:
        body.write(chunk)
    except OSError as error:
        raise StoreError(f"an upload cannot be kept while it comes: {error}") from error


@router.get(
    "/{file}",
    response_class=Response,
    responses={
        **problems(404),
        200: {
            "description": "The image.",
            "content": {
                kind.media_type: {"schema": {"type": "string", "format": "binary"}}
                for kind in ImageKind
            },
        },
        304: {"description": "It is what If-None-Match names."},
    },
)
async def read_image(
    file: FileName,
    grant: ReadableOf,
    state: StateOf,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Read an image. Whoever may read the document may read it, and nobody else."""
    digest, _, kind = file.partition(".")
    headers = {
        **_HEADERS,
        "ETag": f'"{digest}"',
        "Content-Disposition": f'inline; filename="{digest[:12]}.{kind}"',
    }
    if if_none_match is not None and digest in if_none_match:
        await state.images.find(grant, digest, kind)
        return Response(status_code=304, headers=headers)
    record, chunks = await state.images.read(grant, digest, kind)
    headers["Content-Length"] = str(record.size_bytes)
    return StreamingResponse(chunks, headers=headers, media_type=ImageKind(kind).media_type)
