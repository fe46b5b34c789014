"""The models of requests and answers about who asks: sessions, accounts, invitations, users."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.http.schema import Text
from app.identity.accounts.invitation import DEFAULT_DAYS, MAX_DAYS
from app.identity.accounts.login import LOGIN_PATTERN, clean_login
from app.identity.accounts.passwords import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS
from app.identity.display_name import PALETTE, clean_name
from sync.error import QuireError


def _require_name(name: str) -> str:
    try:
        return clean_name(name)
    except QuireError as refused:
        raise ValueError(refused.message) from None


def _require_color(color: str) -> str:
    if color not in PALETTE:
        raise ValueError(f"a colour is one of {', '.join(PALETTE)}")
    return color


def _require_login(login: str) -> str:
    cleaned = clean_login(login)
    if cleaned is None:
        raise ValueError("a login is 1 to 64 of A-Z a-z 0-9 . _ @ + -")
    return cleaned


MAX_SECRET_CHARS = 200

DisplayName = Annotated[
    Text, Field(min_length=1, max_length=1_024, examples=["Ada"]), AfterValidator(_require_name)
]
Color = Annotated[Text, Field(max_length=7, examples=[PALETTE[0]]), AfterValidator(_require_color)]
NewLogin = Annotated[
    Text,
    Field(max_length=66, examples=["ada"], description=f"`{LOGIN_PATTERN}`, kept in lower case."),
    AfterValidator(_require_login),
]
Password = Annotated[Text, Field(min_length=1, max_length=MAX_PASSWORD_CHARS)]
NewPassword = Annotated[Text, Field(min_length=MIN_PASSWORD_CHARS, max_length=MAX_PASSWORD_CHARS)]
Secret = Annotated[Text, Field(min_length=1, max_length=MAX_SECRET_CHARS)]


class Person(BaseModel):
    """A user, as others see it."""

    id: str = Field(examples=["u-3f2a9c11d0a7e6b54c3f2a9c11d0a7e6"])
    name: str = Field(examples=["Ada"])
    color: str = Field(examples=["#1670c9"])


class SessionState(BaseModel):
    """Whoever asks, as the server knows it, and the ways to sign in."""

    mode: Literal["open", "accounts", "oidc", "jwt"]
    user: Person | None = Field(description="Null: nothing is known about who asks.")
    kind: Literal["named", "guest", "account", "oidc", "jwt", "token", "visitor"]
    signed_in: bool
    operator: bool
    expires_at: str | None = Field(examples=["2026-12-20T09:30:00.125Z"])
    sign_in: list[Literal["password", "oidc"]]
    oidc_label: str = Field(
        description="The provider's name, for the button to sign in; empty: it has none."
    )
    may_create: bool = Field(description="Whether it may create documents.")


class GuestName(BaseModel):
    """The name of a guest; without one a new guest is given one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada"}]})

    name: DisplayName | None = None


class SelfChange(BaseModel):
    """A change of how others see a user: its name, its colour or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ada"}]})

    name: DisplayName | None = None
    color: Color | None = Field(None, description="One of the palette.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.color is None:
            raise ValueError("nothing to change: name or color is missing")
        return self


class SignIn(BaseModel):
    """A login and its password."""

    login: Annotated[Text, Field(min_length=1, max_length=256, examples=["ada"])]
    password: Password


class PasswordChange(BaseModel):
    """The password as it is, and as it is to be."""

    current: Password
    new: NewPassword


class SessionEntry(BaseModel):
    """One of the sessions of whoever asks."""

    id: str = Field(examples=["5d41402abc4b2a76"])
    current: bool = Field(description="Whether it is the one that asks.")
    address: str = Field(examples=["192.0.2.7"])
    agent: str = Field(description="The browser, as it names itself.")
    created_at: str
    seen_at: str = Field(description="When it was last used; exact to an hour.")
    expires_at: str


class SessionList(BaseModel):
    """The sessions of whoever asks, the one last used first."""

    sessions: list[SessionEntry]


class NewInvitation(BaseModel):
    """An invitation that is to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_in_days": 7}]})

    operator: bool = Field(False, description="Whether who accepts it becomes an operator.")
    expires_in_days: int = Field(DEFAULT_DAYS, strict=True, ge=1, le=MAX_DAYS)


class InvitationEntry(BaseModel):
    """An invitation that is not used."""

    id: str = Field(examples=["5d41402abc4b2a76"])
    kind: Literal["join", "reset"] = Field(description="To become a user, or a new password.")
    operator: bool
    user_id: str | None = Field(description="Whose password is reset.")
    created_by: str = Field(description="A user's id, or `operator`: the command line.")
    created_at: str
    expires_at: str


class InvitationList(BaseModel):
    """The invitations that can still be used, oldest first."""

    invitations: list[InvitationEntry]


class IssuedInvitation(BaseModel):
    """A new invitation with its link, which is shown this once."""

    id: str = Field(examples=["5d41402abc4b2a76"])
    url: str = Field(examples=["https://quire.example.org/join#Zt0…"])
    expires_at: str


class Acceptance(BaseModel):
    """The acceptance of an invitation; to reset a password, `login` and `name` are left out."""

    secret: Secret = Field(description="The fragment of the link, without its `#`.")
    login: NewLogin | None = None
    name: DisplayName | None = None
    password: NewPassword


class InvitationSecret(BaseModel):
    """The secret of an invitation's link."""

    secret: Secret


class InvitationState(BaseModel):
    """An invitation, as whoever holds its link sees it."""

    kind: Literal["join", "reset"]
    operator: bool
    login: str | None = Field(description="Whose password is reset.")
    expires_at: str


class UserEntry(Person):
    """A user; `login` and what follows it are shown to operators only."""

    login: str | None = Field(default=None, exclude_if=lambda value: value is None)
    kind: str | None = Field(default=None, exclude_if=lambda value: value is None)
    operator: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    disabled: bool | None = Field(default=None, exclude_if=lambda value: value is None)
    created_at: str | None = Field(default=None, exclude_if=lambda value: value is None)


class UserList(BaseModel):
    """Users by name."""

    users: list[UserEntry]
    next: str | None = Field(
        description="Operators: ask for the next page with `after=` this; null: there is none."
    )


class UserChange(BaseModel):
    """A change of a user; a field that is left out stays as it is."""

    disabled: bool | None = Field(None, strict=True)
    operator: bool | None = Field(None, strict=True)
