"""Answers about the past of a document, as HTTP gives them. Unknown fields are ignored."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class HttpProblem(msgspec.Struct, frozen=True):
    """The problem document of a request that was refused."""

    code: str = ""
    detail: str = ""
    kept_before: int | None = None
    kept_after: int | None = None


class VersionText(msgspec.Struct, frozen=True):
    """The text at a version."""

    version: int
    text: str


class Person(msgspec.Struct, frozen=True):
    """A user, by the name that it had."""

    id: str
    name: str


class NamedVersion(msgspec.Struct, frozen=True):
    """A version that has a name."""

    version: int
    name: str
    note: str
    automatic: bool
    """True: the server named it, after a session of writing."""
    created_by: Person
    created_at: datetime
    at: datetime
    """The time of the version."""


class NamedVersions(msgspec.Struct, frozen=True):
    """A page of them."""

    versions: list[NamedVersion]
    next: str | None


class BlamedSpan(msgspec.Struct, frozen=True):
    """Code points next to each other that one person wrote, at one version."""

    length: int = msgspec.field(name="len")
    version: int
    actor: Person
    at: datetime


class Blame(msgspec.Struct, frozen=True):
    """The authors of a text, from its beginning to its end."""

    version: int
    spans: list[BlamedSpan]
    next: int | None
    """None: there are no further spans."""


class Contribution(msgspec.Struct, frozen=True):
    """The share of one person in a text."""

    actor: Person
    inserted: int
    deleted: int
    standing: int
    """The characters of it that stand in the text."""
    events: int
    first_at: datetime
    last_at: datetime


class Contributions(msgspec.Struct, frozen=True):
    """The contributions to the text of one version."""

    contributions: list[Contribution]


class Written(msgspec.Struct, frozen=True):
    """A change that is durable."""

    id: str
    version: int
    """That of the change; the head if there was nothing to change."""
    ops: list[dict[str, Any]]
    """The change of the text, counted in code points."""


class TakenBack(Written, frozen=True):
    """Events that were taken back, or would be."""

    after: int
    upto: int
    """The range of versions that was meant."""
    events: int
    """The number of those that were taken back."""


class Retention(msgspec.Struct, frozen=True):
    """The part of a history that is kept."""

    kind: Literal["keep", "thin", "drop"]
    days: int | None
    before_version: int | None
    own: bool
    """False: it is the rule of all documents without one of their own."""
    whole_after: int
    """Every version after this one is kept."""
    gone: int
    """The number of versions before that which are gone."""
