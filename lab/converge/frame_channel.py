"""Frames between the clients and the rooms of a simulated world, in the dialect of each client.

A client of the simulation hands over facts, a room hands out messages. Here each becomes a frame as
its dialect encodes it, and is read again by the decoder of the other end, before it is passed on.
"""

from collections import deque
from typing import Final

from msgspec.structs import replace

from sync.fact import AskState, Fact, Join, Leave, MoveCursor, SetAwareness
from sync.names import Dialect
from sync.submission import (
    TextSubmission,
    UpdateSubmission,
    text_digest,
    update_digest,
)
from sync.text.delta import DeltaError, from_wire, to_wire
from sync.user import User
from sync.wire import hocuspocus, ysync
from sync.wire.message import (
    AwarenessIn,
    ClientMessage,
    CursorMove,
    Encoding,
    JoinMessage,
    LeaveMessage,
    Outgoing,
    Rejected,
    Several,
    SyncReply,
    TextDelete,
    TextEdit,
    TextInsert,
    Update,
    Updates,
    decode_client,
    decode_server,
    encode,
)
from sync.yjs.varint import MalformedError, Reader
from tests.unit.sync.room.driven_room import NAME

_ADDRESS: Final = hocuspocus.encode_address(NAME)
_SIZE: Final = 10


class FrameLost(AssertionError):
    """A frame was not read as it was written."""


# --- client to server -----------------------------------------------------------------------------


def native_frame(fact: Fact, encoding: Encoding) -> bytes | None:
    """Return a fact as a frame of `quire.v1`; None: no frame says it."""
    message: ClientMessage
    match fact:
        case Join():
            message = JoinMessage(NAME, fact.mode, fact.since, fact.epoch, fact.encoding)
        case Leave():
            message = LeaveMessage(NAME)
        case TextSubmission():
            message = TextEdit(NAME, fact.id, fact.base, to_wire(fact.ops))
        case UpdateSubmission():
            message = Update(NAME, fact.id, fact.update)
        case MoveCursor():
            message = CursorMove(NAME, fact.base, fact.anchor, fact.head)
        case SetAwareness():
            message = AwarenessIn(NAME, fact.update)
        case _:
            return None
    return encode(message, encoding)


def read_native(frame: bytes, encoding: Encoding, session: str, user: User) -> Fact | None:
    """Return what a session of `quire.v1` tells its room for a frame; None: it is refused."""
    message = decode_client(frame, encoding)
    try:
        match message:
            case Rejected():
                return None
            case JoinMessage():
                return Join(
                    session,
                    user,
                    "editor",
                    message.mode,
                    message.since,
                    message.epoch,
                    message.position_encoding,
                )
            case LeaveMessage():
                return Leave(session)
            case TextEdit(id=event_id, base=base, ops=wire):
                ops = from_wire(wire)
            case TextInsert(id=event_id, base=base, pos=pos, text=text):
                ops = from_wire([*_retain(pos), {"insert": text}])
            case TextDelete(id=event_id, base=base, pos=pos, len=length):
                ops = from_wire([*_retain(pos), {"delete": length}])
            case Update(id=event_id, update=update):
                digest = update_digest(update)
                return UpdateSubmission(session, user, event_id, update, digest, len(update))
            case CursorMove():
                return MoveCursor(session, message.base, message.anchor, message.head)
            case AwarenessIn(update=update):
                return SetAwareness(session, update)
            case _:
                return None
    except DeltaError:
        return None
    digest = text_digest("text_edit", base, ops)
    return TextSubmission(session, user, event_id, base, ops, digest, _SIZE)


def _retain(pos: int) -> list[dict[str, int | str]]:
    return [{"retain": pos}] if pos else []


def stock_frame(fact: Fact, dialect: Dialect) -> bytes | None:
    """Return a fact as a frame of a Yjs dialect; None: no frame says it."""
    match fact:
        case AskState(state_vector=data):
            body = ysync.encode_sync(ysync.SyncKind.STEP1, data)
        case UpdateSubmission(update=update, is_past=is_past):
            kind = ysync.SyncKind.STEP2 if is_past else ysync.SyncKind.UPDATE
            body = ysync.encode_sync(kind, update)
        case SetAwareness(update=update):
            body = ysync.encode_awareness_message(update)
        case _:
            return None
    return _ADDRESS + body if dialect == "hocuspocus" else body


def read_stock(frame: bytes, dialect: Dialect) -> ysync.YjsMessage | None:
    """Return the message of a frame of a Yjs dialect; None: it is refused."""
    try:
        if dialect != "hocuspocus":
            return ysync.decode_frame(frame)
        addressed = hocuspocus.decode_frame(frame)
    except MalformedError:
        return None
    message = addressed.message
    if hocuspocus.document_name(addressed.address) != NAME:
        return None
    known = ysync.SyncRequest | ysync.SyncUpdate | ysync.AwarenessUpdate
    return message if isinstance(message, known) else None


# --- both ways ------------------------------------------------------------------------------------


class FrameChannel:
    """One socket's codec.

    Args:
        dialect: of the client.
        encoding: of `quire.v1`.
    """

    def __init__(self, dialect: Dialect, encoding: Encoding) -> None:
        self.dialect = dialect
        self.encoding = encoding

    def up(self, fact: Fact) -> Fact:
        """Return a client's fact as the server reads it."""
        if self.dialect == "quire":
            return self._up_native(fact)
        frame = stock_frame(fact, self.dialect)
        if frame is None:
            return fact
        match read_stock(frame, self.dialect), fact:
            case ysync.SyncRequest(state_vector=data), AskState():
                return replace(fact, state_vector=data)
            case ysync.SyncUpdate(update=update, is_past=is_past), UpdateSubmission():
                return replace(fact, update=update, is_past=is_past)
            case ysync.AwarenessUpdate(update=update), SetAwareness():
                return replace(fact, update=update)
            case read, _:
                raise FrameLost(f"{fact} is read as {read}")

    def down(self, message: Outgoing) -> Outgoing:
        """Return a room's message as the client reads it."""
        if self.dialect == "quire" and not isinstance(message, SyncReply | Several):
            return decode_server(encode(message, self.encoding), self.encoding)
        match message:
            case Updates(update=update):
                self._sync(ysync.SyncKind.UPDATE, update)
            case SyncReply(update=update):
                self._sync(ysync.SyncKind.STEP2, update)
            case _:
                pass
        return message

    def _up_native(self, fact: Fact) -> Fact:
        frame = native_frame(fact, self.encoding)
        if frame is None:
            return fact
        match fact:
            case Join(session=session, user=user):
                pass
            case TextSubmission(session=session, user=user):
                pass
            case UpdateSubmission(session=session, user=user):
                pass
            case _:
                session, user = fact.session, User("", "", "")  # type: ignore[union-attr]
        read = read_native(frame, self.encoding, session, user)
        match fact, read:
            case TextSubmission(), TextSubmission():
                # The simulation's positions may count UTF-16 units, as the join said.
                return replace(fact, id=read.id, base=read.base, ops=read.ops)
            case UpdateSubmission(), UpdateSubmission():
                return replace(fact, id=read.id, update=read.update)
            case _ if type(fact) is type(read):
                assert read is not None, "they have one type"
                return read
        raise FrameLost(f"{fact} is read as {read}")

    def _sync(self, kind: ysync.SyncKind, update: bytes) -> None:
        """Check that a client of the dialect reads the update that is sent."""
        frame = ysync.encode_sync(kind, update)
        reader = Reader(frame)
        reader.number()
        if ysync.read_sync(reader) != ysync.SyncUpdate(update, kind is ysync.SyncKind.STEP2):
            raise FrameLost("an update is another one in its frame")


class UpFrames(deque[Fact]):
    """The frames of a client that are on their way."""

    def __init__(self, channel: FrameChannel) -> None:
        super().__init__()
        self._channel = channel

    def append(self, fact: Fact) -> None:
        super().append(self._channel.up(fact))


class DownFrames(deque[Outgoing]):
    """The frames of a server that are on their way."""

    def __init__(self, channel: FrameChannel) -> None:
        super().__init__()
        self._channel = channel

    def append(self, message: Outgoing) -> None:
        super().append(self._channel.down(message))
