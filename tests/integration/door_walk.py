"""A walk of one actor through all doors: what each answers, and what it should; no test is here."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
from fastapi import FastAPI

from storage.image_rows import ImageBounds, ImageRecord
from storage.versions.named_version import NamedVersion
from sync.error import CloseCode
from sync.permission import Action
from sync.wire.hocuspocus import encode_address
from sync.wire.ysync import SyncKind, encode_sync
from sync.yjs.varint import Reader, write_text
from tests.integration.asgi_socket import AsgiSocket, SocketClosed
from tests.integration.cast import NONE, REFUSED, UNPROVEN, Actor, Cast
from tests.integration.door_table import (
    DOCUMENT_DOORS,
    TEXT_MESSAGES,
    TRASH_DOORS,
    YJS_MESSAGES,
    DocumentDoor,
    Message,
)
from tests.integration.http_app import EventStream
from tests.integration.yjs_replica import YjsReplica

MISSING: Final = "nothing-is-here"
_PATIENCE_S: Final = 20.0
"""An answer that does not come in this time is a fault."""
_EMPTY_VECTOR: Final = b"\0"
_NO_AWARENESS: Final = b"\x01\x01\x00"
"""A message with the awareness of nobody."""
_QUERY: Final = b"\x03"
_IMAGE: Final = b"an image of the document"
_NAME: Final = "Somebody's"
_DIGEST: Final = hashlib.sha256(_IMAGE).hexdigest()


@dataclass(slots=True)
class Walk:
    """One actor's walk.

    Args:
        faults: what was not as it should be is noted here, in words.
    """

    cast: Cast
    http: httpx.AsyncClient
    actor: Actor
    faults: list[str] = field(default_factory=list)

    @property
    def app(self) -> FastAPI:
        return self.cast.quire.app

    async def through_all(self) -> list[str]:
        """Try every door that names the actor's document; returns the faults."""
        *others, last = DOCUMENT_DOORS
        await self._put_image()
        await self._put_name()
        # What they write is what the sockets find, so the order is that of the table.
        for door in others:
            await self.through_route(door)
        for through in (self.through_native, self.through_y_websocket, self.through_hocuspocus):
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await through()
            except (TimeoutError, SocketClosed, ExceptionGroup) as broken:
                self.faults.append(f"{self.actor.label}, {through.__name__}: {broken!r}")
        await self.through_route(last)
        for door in TRASH_DOORS:
            await self._put_into_trash()
            await self.through_route(door)
        return self.faults

    async def _put_image(self) -> None:
        """Give the document an image, for those who may read it."""
        images, log = self.cast.state.images, self.cast.state.log
        record = await log.find(self.actor.document)
        assert record is not None
        image = ImageRecord(record.key, _DIGEST, "png", len(_IMAGE), 4, 3, "ana", 1, 0)
        await images.rows.add(image, blob=_DIGEST, bounds=ImageBounds(1 << 20, 1 << 20))
        await images.blobs.put(_DIGEST, _IMAGE)

    async def _put_name(self) -> None:
        """Give a version of the document a name, as somebody else."""
        versions, log = self.cast.state.backend.versions, self.cast.state.log
        record = await log.find(self.actor.document)
        assert record is not None
        await versions.add(NamedVersion(record.key, _NAME, 1, "", False, "ana", "Ana", 1, 1))

    async def _put_into_trash(self) -> None:
        log = self.cast.state.log
        await log.update_document(self.actor.document, deleted_at_ms=5, updated_at_ms=5)

    def expect(self, door: str, found: object, wanted: object) -> None:
        """Note a fault unless the door has answered as it should."""
        if found != wanted:
            self.faults.append(f"{self.actor.label} at {door}: {found}, not {wanted}")

    @asynccontextmanager
    async def unchanged(self, door: str, *, by: bool) -> AsyncIterator[None]:
        """Note a fault if the document is another afterwards; `by` False: nothing is asked."""
        before = await self._content()
        yield
        if by:
            self.expect(f"{door}, document", await self._content(), before)

    async def _content(self) -> tuple[int, str, bool]:
        record = await self.cast.state.log.find(self.actor.document)
        assert record is not None
        return record.version, record.title, record.deleted_at_ms is not None

    # --- HTTP -------------------------------------------------------------------------------------

    async def through_route(self, door: DocumentDoor) -> None:
        """Try a route that names the document."""
        wanted = _status(self.actor, door, self.cast.state.settings.auth_mode)
        name = f"{door.method} {door.path}"
        is_let_in = wanted == door.status
        async with self.unchanged(name, by=not is_let_in or door.action is Action.READ):
            if door.is_stream:
                found = await self._stream(door)
            else:
                answer = await self._ask(door, self.actor.document)
                found = answer.status_code
        self.expect(name, found, wanted)
        if wanted == found == 404:
            here = await self._ask(door, self.actor.document)
            nowhere = await self._ask(door, MISSING)
            self.expect(f"{name}, missing", _shape(here), _shape(nowhere))

    async def _ask(self, door: DocumentDoor, document: str) -> httpx.Response:
        answer = await self.http.request(
            door.method,
            self._path(door, document),
            json=door.json,
            content=door.content,
            headers={**self.actor.headers, **door.headers},
        )
        self.http.cookies.clear()
        return answer

    async def _stream(self, door: DocumentDoor) -> int:
        path = self._path(door, self.actor.document)
        async with EventStream(self.app, path, self.actor.headers) as stream:
            return stream.status

    def _path(self, door: DocumentDoor, document: str) -> str:
        filled = door.path.format(
            document=document,
            version=1,
            file=f"{_DIGEST}.png",
            name=_NAME,
            subject="user:somebody",
            link=self.cast.links[self.actor.document],
        )
        return filled + door.query

    # --- sockets ----------------------------------------------------------------------------------

    @property
    def _standing(self) -> str:
        return self.actor.on_sockets or self.actor.standing

    @property
    def _may_write(self) -> bool:
        return self._standing in ("owner", "editor")

    async def through_native(self) -> None:
        """Try `quire.v1`, in both modes."""
        async with self._native() as socket:
            if socket is None:
                return
            for mode, messages in (("text", TEXT_MESSAGES), ("yjs", YJS_MESSAGES)):
                door, doc = f"/ws {mode}", self.actor.document
                replica = YjsReplica()
                await socket.say("join", doc=doc, mode=mode)
                joined = await socket.hear("joined", "error")
                wanted = "unknown_document" if self._standing == NONE else self._standing
                self.expect(f"{door} join", joined.get("role", joined.get("code")), wanted)
                if wanted == "unknown_document":
                    self.expect(f"{door} join, words", joined.get("message"), UNKNOWN)
                elif mode == "yjs":
                    replica.apply(joined["state"])
                for number, message in enumerate(messages):
                    await self._native_message(socket, door, f"{mode}-{number}", message, replica)

    @asynccontextmanager
    async def _native(self) -> AsyncIterator[AsgiSocket | None]:
        actor = self.actor
        shown = {"token": actor.token, "name": actor.name}
        async with AsgiSocket(self.app, "/ws", actor.socket_headers) as socket:
            await socket.say("join", doc=actor.document)
            early = await socket.hear("joined", "error")
            self.expect("/ws join before auth", early.get("code"), "auth_required")
            await socket.say("auth", **{key: each for key, each in shown.items() if each})
            answer = await socket.hear("auth_ok", "error")
            if self._standing in (UNPROVEN, REFUSED):
                code = "auth_required" if self._standing == UNPROVEN else "auth_failed"
                self.expect("/ws auth", answer.get("code"), code)
                self.expect("/ws auth, close", await socket.closed_with(), 4401)
                yield None
            else:
                self.expect("/ws auth", answer["type"], "auth_ok")
                yield socket

    async def _native_message(
        self, socket: AsgiSocket, door: str, event_id: str, message: Message, replica: YjsReplica
    ) -> None:
        fields = dict(message.fields)
        if message.kind == "update":
            fields["update"] = base64.b64encode(replica.insert(0, "yjs ")).decode()
        if message.action is Action.WRITE:
            fields["id"] = event_id
        writes = message.action is Action.WRITE and self._may_write
        async with self.unchanged(f"{door} {message.kind}", by=not writes):
            await socket.say(message.kind, doc=self.actor.document, **fields)
            if self._standing == NONE:
                answer, wanted = await socket.hear("ack", "error"), "not_joined"
            elif message.action is Action.WRITE:
                answer, wanted = await socket.hear("ack", "error"), "ack" if writes else "forbidden"
            else:
                heard = [each for each in await socket.barrier() if each["type"] == "error"]
                answer, wanted = heard[0] if heard else {"type": "taken"}, "taken"
            self.expect(f"{door} {message.kind}", answer.get("code", answer["type"]), wanted)

    async def through_y_websocket(self) -> None:
        """Try the y-websocket dialect."""
        actor = self.actor
        query = f"?token={actor.token}" if actor.token else f"?name={actor.name or ''}"
        address = f"/yjs/{actor.document}{query if actor.token or actor.name else ''}"
        async with AsgiSocket(self.app, address, actor.socket_headers) as socket:
            if self._standing in (NONE, UNPROVEN, REFUSED):
                wanted = CloseCode.NO_DOCUMENT if self._standing == NONE else 4401
                async with self.unchanged("/yjs", by=True):
                    await socket.send(encode_sync(SyncKind.UPDATE, YjsReplica().insert(0, "y")))
                    self.expect("/yjs", await socket.closed_with(), wanted)
                return
            await self._write_yjs("/yjs", socket, b"", _y_answer)

    async def through_hocuspocus(self) -> None:
        """Try the Hocuspocus dialect."""
        actor = self.actor
        query = "" if actor.name is None else f"?name={actor.name}"
        address = encode_address(actor.document)
        token = bytearray(address + b"\x02\x00")
        write_text(token, actor.token or "")
        async with AsgiSocket(self.app, f"/hocuspocus{query}", actor.socket_headers) as socket:
            await socket.send(bytes(token))
            answer = await _addressed(socket, address, lambda body: body[0] == 2)
            scope = Reader(answer[2:]).text(1_000)
            if self._standing in (NONE, UNPROVEN, REFUSED):
                self.expect("/hocuspocus token", answer[1], 1)
                if self._standing == NONE:
                    self.expect("/hocuspocus, words", scope, f"unknown_document: {UNKNOWN}")
                async with self.unchanged("/hocuspocus", by=True):
                    update = encode_sync(SyncKind.UPDATE, YjsReplica().insert(0, "h"))
                    await socket.send(address + update)
                    await socket.send(b"\x09")
                    while await socket.receive() != b"\x0a":
                        pass
                return
            wanted = "read-write" if self._may_write else "readonly"
            self.expect("/hocuspocus token", scope, wanted)
            await self._write_yjs("/hocuspocus", socket, address, _h_answer)

    async def _write_yjs(
        self,
        door: str,
        socket: AsgiSocket,
        address: bytes,
        answer_of: Callable[[bytes], bool | None],
    ) -> None:
        """Take the state, say where one is, and write."""
        replica = YjsReplica()
        await socket.send(address + encode_sync(SyncKind.STEP1, _EMPTY_VECTOR))
        state = await _addressed(
            socket, address, lambda body: body[0] in (0, 4) and body[1] == SyncKind.STEP2
        )
        replica.apply(Reader(state[2:]).data(1_000_000))
        async with self.unchanged(door, by=not self._may_write):
            await socket.send(address + _NO_AWARENESS)
            await socket.send(address + _QUERY)
            update = replica.insert(0, "yjs ")
            await socket.send(address + encode_sync(SyncKind.UPDATE, update))
            answer = await _addressed(socket, address, lambda body: answer_of(body) is not None)
            self.expect(f"{door} update", answer_of(answer), self._may_write)


_ALLOWED: Final = {
    Action.READ: ("owner", "editor", "commenter", "viewer"),
    Action.WRITE: ("owner", "editor"),
    Action.RENAME: ("owner", "editor"),
    Action.MANAGE: ("owner",),
}
"""Told here again: a table that is read from the code agrees with every fault in it."""
UNKNOWN: Final = "There is no such document."


def _y_answer(body: bytes) -> bool | None:
    """Whether an update was taken; None: this frame does not say."""
    if body[:2] == b"\x02\x00":
        return False
    return True if body[:2] == b"\x00\x02" else None


def _h_answer(body: bytes) -> bool | None:
    return body[1] == 1 if body[0] == 8 else None


async def _addressed(socket: AsgiSocket, address: bytes, wanted: Callable[[bytes], bool]) -> bytes:
    """The next frame to an address that is wanted, without the address."""
    while True:
        frame = await socket.receive()
        assert isinstance(frame, bytes)
        if frame.startswith(address) and len(frame) > len(address) + 1:
            body = frame[len(address) :]
            if wanted(body):
                return body


def _status(actor: Actor, door: DocumentDoor, mode: str) -> int:
    if actor.standing in (UNPROVEN, REFUSED):
        return 401
    if actor.standing == NONE:
        return 404
    if actor.standing not in _ALLOWED[door.action]:
        return _hidden(actor) if door.hides else 403
    creators = ("account", "operator", *(("guest", "named") if mode == "open" else ()))
    if (door.is_of_shelf and actor.kind in ("visitor", "token")) or (
        door.is_creation and actor.kind not in creators
    ):
        return 401 if actor.kind == "visitor" else 403
    return door.status


def _hidden(actor: Actor) -> int:
    return 401 if actor.kind == "visitor" else 404


def _shape(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """All of an answer but what differs from one to the next."""
    headers = {name: each for name, each in answer.headers.items() if name != "date"}
    return answer.status_code, answer.text, headers
