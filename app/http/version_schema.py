"""The models of requests and answers about named versions."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.http.schema import Actor, Text, Version
from app.service.version_names import MAX_NOTE_CHARS, MAX_RAW_NAME_CHARS

VersionName = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MAX_RAW_NAME_CHARS,
        description="1 to 120 visible characters, without / and \\.",
        examples=["First draft"],
    ),
]
Note = Annotated[Text, Field(max_length=2 * MAX_NOTE_CHARS)]


class NewName(BaseModel):
    """The name that a version is to have."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": 3, "name": "First draft", "note": "For Ben"}]}
    )

    version: Version | None = Field(None, description="If left out, the head.")
    name: VersionName
    note: Note = ""


class NameChange(BaseModel):
    """A change of a named version; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Second draft"}]})

    name: VersionName | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _require_a_change(self) -> Self:
        if self.name is None and self.note is None:
            raise ValueError("nothing to change: name or note is missing")
        return self


class NamedVersionAnswer(BaseModel):
    """A named version."""

    version: int = Field(examples=[3])
    name: str = Field(description="Unique in its document.", examples=["First draft"])
    note: str
    automatic: bool = Field(description="True: made by the server, after a session of writing.")
    created_by: Actor = Field(description="Of an automatic one both fields are empty.")
    created_at: str = Field(examples=["2026-11-20T09:35:00.000Z"])
    at: str = Field(description="The time of the version.", examples=["2026-11-20T09:31:12.004Z"])


class VersionNames(BaseModel):
    """A page of named versions, the newest version first."""

    versions: list[NamedVersionAnswer]
    next: str | None = Field(
        description="Ask for the next page with `before=` this; null: there is none."
    )
