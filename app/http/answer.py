"""Answers in JSON; events in them are encoded exactly as on sockets."""

from typing import Any

import msgspec
from starlette.responses import Response

from app.http.schema import Document, Written
from app.http.shelf_schema import ListedDocument
from app.service import text_write
from storage.shelf.shelf_record import Listed
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
        template=record.is_template,
        read_only=record.read_only_at_ms is not None,
        deleted_at=None if record.deleted_at_ms is None else timestamp(record.deleted_at_ms),
    )


def listed_answer(listed: Listed, role: Role) -> ListedDocument:
    """Return a document in a list of whoever asks as the API shows it."""
    opened_at_ms = listed.marks.opened_at_ms
    return ListedDocument(
        **document_answer(listed.document, role).model_dump(),
        pinned=listed.marks.pinned_at_ms is not None,
        tags=list(listed.marks.tags),
        opened_at=None if opened_at_ms is None else timestamp(opened_at_ms),
    )


def written_answer(written: text_write.Written) -> Written:
    """Return a durable change as the API shows it."""
    return Written(
        id=written.id,
        version=written.version,
        ops=written.ops,
        normalized=written.normalized,
    )
