"""The facts that a client's document takes, its effects, and the events that its user sees."""

from dataclasses import dataclass

from sync.error import Refusal
from sync.text.delta import Delta, Ops
from sync.wire.message import Actor, ClientMessage, ServerMessage

# --- facts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """A socket is open and authenticated."""

    max_message_bytes: int
    max_document_chars: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket is closed, and everything in transit on it is lost."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message about this document."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Edited:
    """The user changed the text shown. `ticket` stands for the edit in `Resolve` and `Reject`."""

    ticket: int
    ops: Ops


@dataclass(frozen=True, slots=True)
class Selected:
    """The user moved the cursor to `span` in the text shown; None: it is not shown any more."""

    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Left:
    """The user leaves the document."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The time that a `Wake` asked for has come, or any other."""


ClientFact = Connected | Lost | Received | Edited | Selected | Left | Tick

# --- effects ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    message: ClientMessage


@dataclass(frozen=True, slots=True)
class Resolve:
    """These edits are committed, as part of that version."""

    tickets: tuple[int, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Reject:
    """These edits will never be committed; the text shown is without them now."""

    tickets: tuple[int, ...]
    why: Refusal


@dataclass(frozen=True, slots=True)
class Change:
    """A version was committed, by oneself or by somebody else."""

    version: int
    id: str
    ops: Delta
    """Against the text at `version - 1`."""
    shown: Delta
    """Against the text that was shown; nothing, for an own edit, which is in it already."""
    own: bool
    actor: Actor | None = None
    """None if it is an own edit whose event came as an acknowledgement."""
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """The server could not replay what was missed, and gave the whole text."""

    version: int
    text: str
    shown: Delta
    """The change of the text shown."""
    lost_text: str | None = None
    """The text that was shown, if the log is another one now (it was restored from a backup, say):
    what is in it and was not saved elsewhere is gone."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An own edit was refused and is taken out of the text shown."""

    shown: Delta
    why: Refusal


DocumentEvent = Change | Replaced | Withdrawn


@dataclass(frozen=True, slots=True)
class Announce:
    """Pass an event to the iterators over the document."""

    event: DocumentEvent


@dataclass(frozen=True, slots=True)
class Wake:
    """Send `Tick` after that time, or a little later."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Welcome:
    """The document is there: the text and the version may be read."""


@dataclass(frozen=True, slots=True)
class End:
    """The document is closed, for a reason or (None) because it was left."""

    why: Refusal | None


ClientEffect = Send | Resolve | Reject | Announce | Wake | Welcome | End
