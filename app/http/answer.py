"""Answers in JSON; events in them are encoded exactly as on sockets."""

from typing import Any

import msgspec
from starlette.responses import Response

from app.http.schema import Document, Written
from app.service import text_write
from sync.names import Role
from sync.port import DocumentRecord
from sync.wire.event import timestamp

_encoder = msgspec.json.Encoder()


def json_response(body: Any) -> Response:
    """Encode structs of `sync.wire.message`, dicts and lists as an answer."""
    return Response(_encoder.encode(body), media_type="application/json")


def document_answer(record: DocumentRecord, role: Role) -> Document:
    """Return a document, and the role of whoever asks, as the API shows it."""
    return Document(
        name=record.name,
        title=record.shown_title,
        title_derived=not record.title and bool(record.derived_title),
        version=record.version,
        epoch=record.epoch,
        text_root=record.text_root,
        created_at=timestamp(record.created_at_ms),
        updated_at=timestamp(record.updated_at_ms),
        role=role,
    )


def written_answer(written: text_write.Written) -> Written:
    """Return a durable change as the API shows it."""
    return Written(
        id=written.id,
        version=written.version,
        ops=written.ops,
        normalized=written.normalized,
    )
