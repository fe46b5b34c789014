"""The models of requests and answers about sharing a document."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.http.identity_schema import Person
from app.http.schema import Moment, Text, milliseconds
from sync.names import Role

MAX_SECRET_CHARS = 200
LinkSecret = Annotated[Text, Field(min_length=1, max_length=MAX_SECRET_CHARS)]


class RoleChange(BaseModel):
    """The role that a subject is to have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "editor"}]})

    role: Role


class SharedWith(BaseModel):
    """A user with a role of its own."""

    user: Person
    role: Role


class Access(BaseModel):
    """The roles that subjects have in a document; null is none."""

    owner: Person
    everyone: Role | None = Field(description="Whoever asks, proven or not.")
    signed_in: Role | None = Field(description="Whoever is signed in; in open mode everybody.")
    users: list[SharedWith]


class NewLink(BaseModel):
    """A share link that is to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "viewer", "expires_at": "2036-01-31T12:00:00Z"}]}
    )

    role: Role = Field(description="`editor`, `commenter` or `viewer`.")
    expires_at: Moment | None = Field(None, description="Left out: it does not expire.")

    @property
    def expires_at_ms(self) -> int | None:
        """The end: UTC, milliseconds since the epoch; None: never."""
        return milliseconds(self.expires_at)


class Link(BaseModel):
    """A share link, without its secret."""

    id: str = Field(examples=["7f0c3a5e9b1d2468"])
    role: Role
    created_at: str = Field(examples=["2026-11-20T09:30:00.125Z"])
    expires_at: str | None
    expired: bool


class CreatedLink(Link):
    """A new share link, with the address that is shown this once."""

    url: str = Field(examples=["https://quire.example.org/l#ql_…"])


class LinkList(BaseModel):
    """The share links of a document."""

    links: list[Link]


class Redemption(BaseModel):
    """The secret of a share link."""

    secret: LinkSecret


class RedeemedLink(BaseModel):
    """The document that a share link leads to, and the role that it gives."""

    document: str
    role: Role
