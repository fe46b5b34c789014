"""The rules of retention: how much of its history a document keeps."""

from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

RetentionKind: TypeAlias = Literal["keep", "thin", "drop"]
KINDS: Final[tuple[RetentionKind, ...]] = get_args(RetentionKind)


class RetentionRule(Struct, frozen=True):
    """A rule of one document, or of all that have none of their own."""

    kind: RetentionKind
    """`keep`: everything. `thin`: of old events, one for each session of writing. `drop`: of old
    events none but the text that they leave."""
    days: int | None = None
    """Events older than that are old; None: none is, by its age."""
    before_version: int | None = None
    """For `drop`: the events up to this version are old, too."""


KEEP: Final = RetentionRule("keep")
