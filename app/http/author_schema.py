"""The models of answers about who wrote a text."""

from pydantic import BaseModel, Field

from app.http.schema import Actor


class BlamedPart(BaseModel):
    """A part of the text, and who wrote it."""

    len: int = Field(examples=[5])
    version: int = Field(examples=[1])
    actor: Actor
    at: str = Field(examples=["2026-11-20T09:30:00.131Z"])


class BlameAnswer(BaseModel):
    """The authors of a text, in the order of the text."""

    version: int = Field(examples=[812])
    spans: list[BlamedPart]
    next: int | None = Field(
        description="Ask for the next page with `after=` this; null: there is none."
    )


class ContributionOf(BaseModel):
    """The part of one person. Characters are code points."""

    actor: Actor
    color: str = Field(examples=["#1670c9"])
    inserted: int
    deleted: int
    standing: int = Field(description="Those of its characters that stand in the text.")
    events: int
    first_at: str = Field(examples=["2026-11-20T09:30:00.131Z"])
    last_at: str = Field(examples=["2026-11-20T09:45:10.000Z"])


class Contributions(BaseModel):
    """The parts of all persons, up to a version."""

    version: int = Field(examples=[812])
    contributions: list[ContributionOf]
