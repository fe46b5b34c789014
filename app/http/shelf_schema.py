"""The models of requests and answers about lists of documents, the trash, and search."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.http.schema import Document, DocumentName, Text, Title
from app.service.shelf import MAX_TAG_CHARS

Tag = Annotated[Text, Field(min_length=1, max_length=4 * MAX_TAG_CHARS, examples=["work"])]


class ListedDocument(Document):
    """A document, and how whoever asks keeps it. Nobody else sees the latter."""

    pinned: bool
    tags: list[str] = Field(examples=[["work"]])
    opened_at: str | None = Field(
        description="When whoever asks last opened it; null: never, or too long ago.",
        examples=["2026-11-20T09:45:10.000Z"],
    )


class DocumentList(BaseModel):
    """A page of documents."""

    documents: list[ListedDocument]
    next: str | None = Field(
        description="Ask for the next page with `before=` this; null: there is none.",
        examples=["1795167010000-12"],
    )


class Duplicate(BaseModel):
    """The new document that a duplicate is; every field is optional."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Notes (copy)"}]})

    name: DocumentName | None = None
    title: Title | None = Field(None, description="If left out, that of the other.")


class Tags(BaseModel):
    """The tags of a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["work", "2026"]}]})

    tags: list[Tag] = Field(max_length=100)


class CountedTag(BaseModel):
    """A tag of whoever asks."""

    tag: str = Field(examples=["work"])
    count: int = Field(description="Documents that have it.", examples=[3])


class TagList(BaseModel):
    """The tags of whoever asks, in order."""

    tags: list[CountedTag]


class Hit(BaseModel):
    """A place in a text."""

    pos: int = Field(examples=[4])
    len: int = Field(examples=[5])


class FoundExcerpt(BaseModel):
    """A part of a text around what was found."""

    pos: int = Field(description="Where it begins in the text.", examples=[120])
    text: str
    hits: list[Hit] = Field(description="In this excerpt.")


class Finding(BaseModel):
    """A document that was found, and where."""

    document: Document
    title_hits: list[Hit] = Field(description="In the title; without one, in the name.")
    excerpts: list[FoundExcerpt] = Field(
        description="Of the text as it was a moment ago; none if only title or name match."
    )


class SearchAnswer(BaseModel):
    """A page of what was found, best first."""

    results: list[Finding]
    next: str | None = Field(
        description="Ask for the next page with `cursor=` this; null: there is none.",
        examples=["1-1795167010000-12"],
    )
