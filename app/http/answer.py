"""Answers in JSON that hold events, spelled exactly as sockets spell them."""

from typing import Any

import msgspec
from starlette.responses import Response

from app.http.schema import Document
from sync.port import DocumentRecord
from sync.wire.event import timestamp

_encoder = msgspec.json.Encoder()


def json_response(body: Any) -> Response:
    """An answer from structs of `sync.wire.message`, dicts and lists."""
    return Response(_encoder.encode(body), media_type="application/json")


def document_answer(record: DocumentRecord) -> Document:
    """A document as the API shows it."""
    return Document(
        name=record.name,
        title=record.shown_title,
        title_derived=not record.title and bool(record.derived_title),
        version=record.version,
        epoch=record.epoch,
        text_root=record.text_root,
        created_at=timestamp(record.created_at_ms),
        updated_at=timestamp(record.updated_at_ms),
    )
