"""The models of requests and answers about taking back."""

from pydantic import BaseModel, ConfigDict, Field

from app.http.schema import EventId, Moment, Spans, Text, Version, milliseconds
from app.service.taking_back import Part, Wish


class PartOfText(BaseModel):
    """A part of the text of a version."""

    version: Version | None = Field(None, description="Left out: the head.")
    from_: Version = Field(alias="from", description="The place where it begins.", examples=[4])
    to: Version = Field(description="The place where it ends.", examples=[14])


class TakeBackWish(BaseModel):
    """The events that are to be taken back; whatever is left out bounds nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"actor": "open-3f2a9c11d0a7e6b54c", "after": 1, "upto": 3},
                {"from": "2026-11-20T14:00:00Z", "to": "2026-11-20T14:20:00Z"},
                {"after": 1, "part": {"version": 3, "from": 4, "to": 14}},
            ]
        }
    )

    id: EventId | None = None
    actor: Text | None = Field(None, max_length=200, description="The id of whoever did it.")
    after: Version | None = Field(None, description="The events after that version.")
    upto: Version | None = Field(None, description="The events up to that version, with it.")
    from_: Moment | None = Field(None, alias="from", description="Those since that time.")
    to: Moment | None = Field(None, description="Those up to that time, with it.")
    part: PartOfText | None = Field(
        None, description="What they did there alone, and not to the rest of the text."
    )

    @property
    def wish(self) -> Wish:
        """The request as the use case takes it."""
        part = self.part
        return Wish(
            self.actor,
            self.after,
            self.upto,
            milliseconds(self.from_),
            milliseconds(self.to),
            None if part is None else Part(part.version, part.from_, part.to),
        )


class TakenBackAnswer(BaseModel):
    """The edit that took events back, or would."""

    id: str = Field(description="Of a dry run it is empty.", examples=["undo-1"])
    version: int = Field(description="Of the new event; of a dry run the head.", examples=[813])
    ops: Spans
    after: int = Field(description="The range of versions that was meant.", examples=[1])
    upto: int = Field(examples=[3])
    events: int = Field(description="Those that were taken back.", examples=[2])
