"""The models of requests and answers about retention."""

from pydantic import BaseModel, ConfigDict, Field

from app.http.schema import Version
from app.retention_settings import MAX_RETENTION_DAYS
from storage.retention.retention_rule import RetentionKind


class RetentionWish(BaseModel):
    """The rule that a document is to have."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "thin", "days": 30}, {"kind": "drop", "before_version": 812}]
        }
    )

    kind: RetentionKind = Field(
        description="`keep`: everything. `thin`: of old events one for each session of writing. "
        "`drop`: of old events nothing but the text that they leave."
    )
    days: int | None = Field(
        None, ge=1, le=MAX_RETENTION_DAYS, description="How old events are before that."
    )
    before_version: Version | None = Field(
        None, description="For `drop`: everything before this version, whatever its age."
    )


class RetentionAnswer(BaseModel):
    """The part of the history of a document that is kept."""

    kind: RetentionKind
    days: int | None = Field(examples=[30])
    before_version: int | None
    own: bool = Field(description="False: it is the rule of all documents without their own.")
    whole_after: int = Field(description="Every version after this is there.", examples=[640])
    gone: int = Field(description="The versions before that which are gone.", examples=[612])
