"""The models of HTTP requests and answers: they check the former and describe both."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from sync.names import MAX_INTEGER, Role, is_document_name, is_event_id, is_text_root
from sync.text.delta import valid_text

MAX_TITLE_CHARS = 200
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:.*", re.ASCII).fullmatch


def _require_text(text: str) -> str:
    if not valid_text(text):
        raise ValueError("must not hold NUL or half a surrogate pair")
    return text


def _require_document_name(name: str) -> str:
    if not is_document_name(name):
        raise ValueError(
            "a name is 1 to 128 of A-Z a-z 0-9 : . _ - and starts with one of A-Z a-z 0-9"
        )
    return name


def _require_event_id(event_id: str) -> str:
    if not is_event_id(event_id):
        raise ValueError("an id is 1 to 64 of A-Z a-z 0-9 : . _ - and does not start with server:")
    return event_id


def _require_text_root(root: str) -> str:
    if not is_text_root(root):
        raise ValueError("a text root is named by 1 to 128 printable characters")
    return root


def _require_iso(moment: object) -> object:
    # Numbers would be taken for seconds, or milliseconds, since 1970.
    if not isinstance(moment, str) or not _ISO(moment):
        raise ValueError("a time is written as 2026-11-20T14:00:00Z, with its offset")
    return moment


def milliseconds(moment: datetime | None) -> int | None:
    """Return a time as milliseconds since 1970."""
    return None if moment is None else round(moment.timestamp() * 1_000)


Text = Annotated[str, AfterValidator(_require_text)]
Moment = Annotated[AwareDatetime, BeforeValidator(_require_iso)]
DocumentName = Annotated[str, AfterValidator(_require_document_name)]
EventId = Annotated[str, AfterValidator(_require_event_id)]
Version = Annotated[int, Field(strict=True, ge=0, le=MAX_INTEGER)]
TextRoot = Annotated[str, AfterValidator(_require_text_root)]
Title = Annotated[Text, Field(max_length=MAX_TITLE_CHARS)]

_COUNT = {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER}
_SPANS: dict[str, Any] = {
    "type": "array",
    "items": {
        "oneOf": [
            {"type": "object", "required": ["retain"], "properties": {"retain": _COUNT}},
            {
                "type": "object",
                "required": ["insert"],
                "properties": {"insert": {"type": "string", "minLength": 1}},
            },
            {"type": "object", "required": ["delete"], "properties": {"delete": _COUNT}},
        ]
    },
    "examples": [[{"retain": 5}, {"insert": ", world"}]],
}
Spans = Annotated[list[Any], WithJsonSchema(_SPANS)]
"""A delta as it travels; `sync.text.delta.from_wire` reads it and says what is wrong with it."""


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:quire:problem:base_unknown"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    code: str = Field(examples=["base_unknown"])
    detail: str = Field(examples=["There is no usable base 813 at 812."])


class NewDocument(BaseModel):
    """The initial content and metadata of a document; every field is optional."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "notes", "title": "Notes", "text": "Hello"}]}
    )

    name: DocumentName | None = None
    title: Title | None = None
    text: Text | None = None
    text_root: TextRoot | None = Field(
        None, description="The Yjs root that is to hold the text; `content` if left out."
    )


class DocumentChange(BaseModel):
    """A change of a document's metadata; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Meeting notes"}]})

    title: Title | None = Field(None, description="Empty: the title is the text's own again.")
    text_root: TextRoot | None = Field(
        None, description="Only while no event can have changed the text."
    )

    @model_validator(mode="after")
    def _require_a_change(self) -> Self:
        if self.title is None and self.text_root is None:
            raise ValueError("nothing to change: title or text_root is missing")
        return self


class Edit(BaseModel):
    """A change to the text as it was at version `base`; null is the head."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "ed-1", "base": 1, "ops": [{"retain": 5}, {"insert": ", world"}]}]
        }
    )

    id: EventId | None = None
    base: Version | None
    ops: Spans


class Restore(BaseModel):
    """The version that is to be restored: its number, or a name of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, "id": "undo-1"}]})

    version: Version | None = None
    name: Text | None = Field(None, description="A named version, instead of its number.")
    id: EventId | None = None

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if (self.version is None) == (self.name is None):
            raise ValueError("either version or name is to be given")
        return self


class Document(BaseModel):
    """A document's metadata."""

    name: str = Field(examples=["notes"])
    title: str = Field(
        description="As somebody has set it, or else as the text says; empty: neither.",
        examples=["Notes"],
    )
    title_derived: bool = Field(
        description="Whether the title is the text's own: its front matter's, or its first "
        "heading. It may be a second behind the text."
    )
    version: int = Field(description="The head: the newest version.", examples=[812])
    epoch: str = Field(
        description="Changes if the log is ever rewound; versions mean something within one epoch.",
        examples=["9f86d081884c7d65"],
    )
    text_root: str = Field(
        description="The Yjs root that holds the text; empty: the first text written decides.",
        examples=["content"],
    )
    created_at: str = Field(examples=["2026-11-20T09:30:00.125Z"])
    updated_at: str = Field(examples=["2026-11-20T09:45:10.000Z"])
    role: Role = Field(description="The role of whoever asks.")
    template: bool = Field(
        default=False,
        exclude_if=lambda value: not value,
        description="True, and only there, if it is offered as a template.",
    )
    read_only: bool = Field(
        default=False,
        exclude_if=lambda value: not value,
        description="True, and only there, while an operator has made it read-only for everybody.",
    )
    deleted_at: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Only there if it is in the trash.",
    )
    normalized: bool = Field(
        default=False,
        exclude_if=lambda value: not value,
        description="After creation: true, and only there, if line ends or a byte order mark of "
        "the text were changed.",
    )


class StoredImage(BaseModel):
    """An image of a document, as it is kept: without metadata."""

    url: str = Field(
        description="The path to refer to it by, as in `![](url)`.",
        examples=["/api/documents/notes/files/e3b0c442….png"],
    )
    type: str = Field(description="The media type, by its bytes.", examples=["image/png"])
    bytes: int = Field(examples=[48_211])
    width: int = Field(examples=[1280])
    height: int = Field(examples=[720])


class Written(BaseModel):
    """A durable change, as this version; `ops` as it was merged, empty if nothing changed."""

    id: str = Field(examples=["ed-1"])
    version: int = Field(examples=[2])
    ops: Spans
    normalized: bool = Field(
        default=False,
        exclude_if=lambda value: not value,
        description="True, and only there, if line ends or a byte order mark in what was sent "
        "were changed: the stored text has `\\n` alone.",
    )


class Actor(BaseModel):
    """The author of an event."""

    id: str = Field(examples=["open-3f2a9c11d0a7e6b54c"])
    name: str = Field(examples=["Ada"])


class Event(BaseModel):
    """One version. Which of the optional fields are there depends on `type`, and on `include`."""

    version: int = Field(examples=[2])
    id: str = Field(examples=["ed-1"])
    type: Literal["text_insert", "text_delete", "text_edit", "update"]
    actor: Actor
    session: str = Field(examples=["http-5d41402abc4b"])
    at: str = Field(examples=["2026-11-20T09:30:00.125Z"])
    pos: int | None = Field(None, examples=[5])
    len: int | None = None
    text: str | None = Field(None, examples=[", world"])
    ops: Spans | None = None
    update: str | None = Field(None, description="Yjs v1 update, base64.")
    first: int | None = Field(
        None, description="Where it stands for several that were merged: the first version of them."
    )


class History(BaseModel):
    """A page of events."""

    events: list[Event]
    next: int | None = Field(
        description="Ask for the next page with `after=` this (or `before=`, newest first); "
        "null: there is none."
    )


class SittingAuthor(BaseModel):
    """The part of one user in a sitting, through one door."""

    id: str
    name: str
    color: str = Field(examples=["#1670c9"])
    origin: Literal["live", "request", "restore", "take-back", "repair"] = Field(
        description="`live`: over a socket; `request`: over HTTP, as programs write; `restore`; "
        "`take-back`; `repair`: made by the server."
    )
    events: int
    last: int = Field(description="The version of the last of them.")


class Sitting(BaseModel):
    """Consecutive versions, by anybody, without a long pause.

    A restore is a sitting of its own, and so is a take-back.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    first: int = Field(examples=[120])
    last: int = Field(examples=[276])
    from_: str = Field(alias="from", examples=["2026-11-20T09:30:00.125Z"])
    to: str = Field(examples=["2026-11-20T09:41:07.250Z"])
    restored: int | None = Field(description="The version that it brought back.")
    authors: list[SittingAuthor] = Field(description="Those with the most events first.")


class Sittings(BaseModel):
    """A page of sittings, newest first."""

    sittings: list[Sitting]
    next: int | None = Field(
        description="Ask for the next page with `before=` this; null: there is none."
    )


class PlaybackWriter(BaseModel):
    """A user, through one door."""

    actor: Actor
    color: str = Field(examples=["#1670c9"])
    origin: Literal["live", "request", "restore", "take-back", "repair"]


class Playback(BaseModel):
    """Events in columns, oldest first. Positions and lengths count code points."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: int = Field(alias="from", description="The `after` of the request.", examples=[0])
    to: int = Field(description="The version of the last event.", examples=[3])
    head: int = Field(examples=[3])
    writers: list[PlaybackWriter]
    writer: list[tuple[int, int]] = Field(
        description="Runs of events by one of `writers`: its index, and their number."
    )
    at: list[int] = Field(
        description="The time of the first event, in milliseconds since 1970; of each further one "
        "the difference to the one before."
    )
    merged: list[tuple[int, int]] = Field(
        description="Events that stand for several by now: of each the first and the last version. "
        "The texts of those before the last are gone.",
        examples=[[[1, 640]]],
    )
    ops: list[list[int] | list[list[int]]] = Field(
        description="Of each event a span `[retain, deleted, inserted]`, or a list of none or "
        "several. `retain` counts from the end of the span before."
    )
    text: str = Field(description="All that the events insert, in order.")


class VersionOfText(BaseModel):
    """One version: its event, and the text after it. Version 0 has no event."""

    event: Event | None
    text: str


class Diff(BaseModel):
    """The edit that turns the text at `from` into the text at `to`."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: int = Field(alias="from", examples=[1])
    to: int = Field(examples=[2])
    ops: Spans


class Health(BaseModel):
    """The state of the server."""

    status: str = Field(examples=["ok"])
    troubles: list[str] = Field(
        default_factory=list, description="Why it is `degraded`; else left out."
    )
