"""The models of what operators do with documents that they need no role in."""

from pydantic import BaseModel, Field


class AdministeredChange(BaseModel):
    """The state that a document is to have."""

    read_only: bool = Field(strict=True)


class AdministeredDocument(BaseModel):
    """A document, as far as its operators decide about it."""

    name: str = Field(examples=["notes"])
    read_only: bool
