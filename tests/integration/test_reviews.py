"""Reviews of open sockets: races with changes, a store that is down, identities that end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.identity.credential import Credentials
from app.identity.identifier import Identifier, Verifiers
from app.identity.open_mode import named_user
from app.identity.principal import Principal
from app.identity.watch import AccessWatch, Change
from app.service.backend import Backend
from app.socket_gatekeeper import SocketGatekeeper
from app.socket_review import SocketReviews
from storage.migrate import upgrade
from storage.store import Store, open_store
from sync.limit import Limits
from sync.names import Role
from sync.permission import Claim, user_subject
from sync.port import StoreError
from sync.shells.clock import now_ms
from sync.shells.rooms.rooms import Rooms
from sync.shells.rooms.sink import Frame
from sync.shells.sessions.gatekeeper import Admission, Identity
from sync.shells.sessions.hocuspocus_session import TOKEN_LEAD_MS, HocuspocusSession
from sync.shells.sessions.outbox import Wire
from sync.shells.sessions.quire_session import Session
from sync.shells.sessions.socket import SESSION_ENDED, SessionClosedError, Socket
from sync.shells.sessions.yws_session import YwsSession
from sync.wire import hocuspocus
from sync.wire.hocuspocus import encode_address
from sync.wire.message import ServerInfo
from sync.yjs.varint import write_text, write_varint
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.anyio, pytest.mark.p9]

BOB = named_user("Bob")


def token_frame(document: str, token: str) -> bytes:
    out = bytearray(encode_address(document))
    for number in (2, 0):
        write_varint(out, number)
    write_text(out, token)
    return bytes(out)


@dataclass
class House:
    """A process's parts, with tokens that a test hands out."""

    store: Store
    rooms: Rooms
    tokens: dict[str, Principal] = field(default_factory=dict)
    sockets: list[Socket] = field(default_factory=list)
    reviews: SocketReviews = field(default_factory=SocketReviews)

    def __post_init__(self) -> None:
        verifiers = Verifiers(api_token=self._verify, api_token_again=self._again)
        self.watch = AccessWatch(self.store.access, self._changed)
        self.backend = Backend.on(
            self.store, self.rooms, Identifier(verifiers, takes_names=True), self.watch
        )

    def hand_out(self, token: str, document: str, role: Role, ends_ms: int | None = None) -> None:
        self.tokens[token] = Principal(
            BOB,
            "token",
            False,
            claims=(Claim(document, role),),
            token_id=token,
            expires_at_ms=ends_ms,
        )

    async def let(self, doc: str, role: Role | None) -> None:
        found = await self.store.log.find(doc)
        assert found is not None
        await self.store.access.set_grant(found.key, user_subject(BOB.id), role, now_ms())

    async def create(self, *docs: str) -> None:
        for doc in docs:
            await self.rooms.create(doc, named_user("Ada"))

    def _changed(self, changes: Sequence[Change] | None) -> None:
        self.reviews.changed(self.sockets, changes)

    async def _verify(self, secret: str, _: Credentials) -> Principal | None:
        return self.tokens.get(secret)

    async def _again(self, principal: Principal) -> Principal | None:
        assert principal.token_id is not None
        found = self.tokens.get(principal.token_id)
        ends_ms = None if found is None else found.expires_at_ms
        return None if ends_ms is not None and ends_ms <= now_ms() else found


class Gatekeeper(SocketGatekeeper):
    """The real one, that can be held up, and whose store can be down."""

    def __init__(self, house: House) -> None:
        super().__init__(house.backend, Credentials("hocuspocus"))
        self.may_identify = asyncio.Event()
        self.may_identify.set()
        self.may_renew = asyncio.Event()
        self.may_renew.set()
        self.may_admit = asyncio.Event()
        self.may_admit.set()
        self.may_review = asyncio.Event()
        self.holds_next_review = False
        self.has_read = asyncio.Event()
        self.is_down = False
        self.reviews = 0

    async def identify(
        self, token: str | None, name: str | None, document: str | None = None
    ) -> Principal:
        found = await super().identify(token, name, document)
        self.has_read.set()
        await self.may_identify.wait()
        return found

    async def admit(
        self, identity: Identity, document: str, text_root: str, *, create: bool = True
    ) -> Admission:
        admitted = await super().admit(identity, document, text_root, create=create)
        self.has_read.set()
        await self.may_admit.wait()
        return admitted

    async def review(self, identity: Identity, document: str) -> Admission | None:
        self.reviews += 1
        if self.is_down:
            raise StoreError("down")
        is_held, self.holds_next_review = self.holds_next_review, False
        found = await super().review(identity, document)
        if is_held:
            self.has_read.set()
            await self.may_review.wait()
        return found

    async def renew(self, identity: Identity) -> Principal | None:
        if self.is_down:
            raise StoreError("down")
        found = await super().renew(identity)
        self.has_read.set()
        await self.may_renew.wait()
        return found


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite+aiosqlite:///{tmp_path}/quire.db"
    await upgrade(url)
    store = open_store(url)
    async with Rooms(store.log, Limits(), flush_interval_s=0.0) as rooms:
        made = House(store, rooms)
        work = [asyncio.create_task(made.watch.run()), asyncio.create_task(made.reviews.run())]
        yield made
        for task in work:
            task.cancel()
    await store.aclose()


class Line:
    """What a socket was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, frame: Frame) -> None:
        self.sent.append(frame["bytes"] if "bytes" in frame else frame["text"].encode())

    def has(self, begins: bytes) -> bool:
        return any(frame.startswith(begins) for frame in self.sent)


@asynccontextmanager
async def opened(house: House, socket: Socket) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        socket.open(tasks)
        house.sockets.append(socket)
        yield
        house.sockets.remove(socket)
        socket.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - several things change, and none tells
            await asyncio.sleep(0.01)


def role_of(house: House, doc: str, session: str) -> Role | None:
    room = house.rooms.find(doc)
    member = None if room is None else room.members.get(session)
    return None if member is None else member.role


def yws(house: House, gatekeeper: Gatekeeper, line: Line, doc: str) -> YwsSession:
    wire = Wire(line.send, 1 << 16)
    return YwsSession("s1", house.rooms, gatekeeper, wire, document=doc, token=None, name="Bob")


async def test_role_that_changes_between_admission_and_join_holds_after_it(house: House) -> None:
    await house.create("notes")
    await house.let("notes", "editor")
    gatekeeper, line = Gatekeeper(house), Line()
    await until(lambda: house.watch._position is not None)
    gatekeeper.may_admit.clear()
    session = yws(house, gatekeeper, line, "notes")
    async with opened(house, session):
        starting = asyncio.create_task(session.start())
        await gatekeeper.has_read.wait()
        before = gatekeeper.revision
        await house.let("notes", "viewer")
        # This process learns of it while the socket is no member yet.
        await until(lambda: gatekeeper.revision > before)
        gatekeeper.may_admit.set()
        await starting
        await until(lambda: role_of(house, "notes", "s1") == "viewer")


def native(house: House, gatekeeper: Gatekeeper, line: Line) -> Session:
    server = ServerInfo("quire", "0", "quire.v1")
    return Session("s1", house.rooms, gatekeeper, server, Wire(line.send, 1 << 16), "json")


async def end_token(house: House, gatekeeper: Gatekeeper, token: str) -> None:
    """End a token, and wait until this process has learned that something has changed."""
    before = gatekeeper.revision
    del house.tokens[token]
    await house.let("notes", None)
    await until(lambda: gatekeeper.revision > before)


@pytest.mark.parametrize("held", ["identify", "admit"])
async def test_token_that_ends_before_its_channel_joins_ends_that_channel(
    house: House, held: str
) -> None:
    await house.create("notes")
    house.hand_out("qt_short", "notes", "editor")
    gatekeeper, line = Gatekeeper(house), Line()
    await until(lambda: house.watch._position is not None)
    gate = gatekeeper.may_identify if held == "identify" else gatekeeper.may_admit
    gate.clear()
    session = HocuspocusSession("s1", house.rooms, gatekeeper, Wire(line.send, 1 << 16), name=None)
    async with opened(house, session):
        joining = asyncio.create_task(session.receive(token_frame("notes", "qt_short")))
        await gatekeeper.has_read.wait()
        await end_token(house, gatekeeper, "qt_short")
        gate.set()
        await joining
        house.reviews.ask_if_due(session, now_ms())
        await until(lambda: role_of(house, "notes", "s1.1") is None)


async def test_token_that_ends_while_it_is_looked_up_ends_a_native_session(house: House) -> None:
    await house.create("notes")
    house.hand_out("qt_short", "notes", "editor")
    gatekeeper, line = Gatekeeper(house), Line()
    await until(lambda: house.watch._position is not None)
    gatekeeper.may_identify.clear()
    session = native(house, gatekeeper, line)
    with pytest.RaisesGroup(pytest.RaisesExc(SessionClosedError, match=SESSION_ENDED)):
        async with opened(house, session):
            signing_in = asyncio.create_task(session.receive('{"type":"auth","token":"qt_short"}'))
            await gatekeeper.has_read.wait()
            await end_token(house, gatekeeper, "qt_short")
            gatekeeper.may_identify.set()
            await signing_in
            house.reviews.ask_if_due(session, now_ms())
            await until(lambda: False)


async def test_look_at_an_old_token_does_not_end_or_replace_a_newer_one(house: House) -> None:
    await house.create("notes")
    house.hand_out("qt_old", "notes", "editor")
    house.hand_out("qt_new", "notes", "viewer")
    gatekeeper, line = Gatekeeper(house), Line()
    session = native(house, gatekeeper, line)
    async with opened(house, session):
        await session.receive('{"type":"auth","token":"qt_old"}')
        for is_over in (False, True):
            if is_over:
                del house.tokens["qt_old"]
            await session.receive('{"type":"auth","token":"qt_new"}')
            [new] = session.identities()
            assert isinstance(new, Principal)
            session._identity = replace(new, token_id="qt_old")
            gatekeeper.has_read.clear()
            gatekeeper.may_renew.clear()
            looking = asyncio.create_task(session.renew())
            await gatekeeper.has_read.wait()
            await session.receive('{"type":"auth","token":"qt_new"}')
            gatekeeper.may_renew.set()
            await looking
            [now] = session.identities()
            assert now == new
        await session.receive('{"type":"ping"}')
        await until(lambda: any(b'"pong"' in frame for frame in line.sent))


async def test_review_that_read_before_a_change_does_not_have_the_last_word(house: House) -> None:
    await house.create("notes")
    await house.let("notes", "viewer")
    gatekeeper, line = Gatekeeper(house), Line()
    session = yws(house, gatekeeper, line, "notes")
    async with opened(house, session):
        await session.start()
        attendance = next(iter(session.attendances()))
        await house.let("notes", "editor")
        await until(lambda: role_of(house, "notes", "s1") == "editor")
        gatekeeper.has_read.clear()
        gatekeeper.holds_next_review = True
        slow = asyncio.create_task(session.review(attendance))
        await gatekeeper.has_read.wait()  # that Bob is an editor
        await house.let("notes", "viewer")
        await until(lambda: role_of(house, "notes", "s1") == "viewer")
        gatekeeper.may_review.set()
        await slow
        house.reviews.ask_if_due(session, now_ms())
        await until(lambda: role_of(house, "notes", "s1") == "viewer")


async def test_review_while_the_store_is_down_is_made_once_it_answers(house: House) -> None:
    await house.create("notes")
    await house.let("notes", "editor")
    gatekeeper, line = Gatekeeper(house), Line()
    session = yws(house, gatekeeper, line, "notes")
    async with opened(house, session):
        await session.start()
        gatekeeper.is_down = True
        await house.let("notes", "viewer")
        await until(lambda: gatekeeper.reviews > 0)
        await asyncio.sleep(0)
        assert role_of(house, "notes", "s1") == "editor"
        gatekeeper.is_down = False
        house.reviews.ask_if_due(session, now_ms())
        await until(lambda: role_of(house, "notes", "s1") == "viewer")


async def test_lost_token_ends_its_own_documents_alone(house: House) -> None:
    await house.create("one", "two")
    for number, doc in enumerate(("one", "two")):
        house.hand_out(f"qt_{number}", doc, "editor")
    gatekeeper, line = Gatekeeper(house), Line()
    session = HocuspocusSession("s1", house.rooms, gatekeeper, Wire(line.send, 1 << 16), name=None)
    async with opened(house, session):
        for number, doc in enumerate(("one", "two")):
            await session.receive(token_frame(doc, f"qt_{number}"))
        assert [role_of(house, doc, f"s1.{n}") for n, doc in ((1, "one"), (2, "two"))] == [
            "editor",
            "editor",
        ]
        del house.tokens["qt_0"]
        gatekeeper.is_down = True
        house.reviews.ask_for_identity(session)
        await until(lambda: session.is_renewal_due(0))
        gatekeeper.is_down = False
        house.reviews.ask_if_due(session, 0)
        denied = encode_address("one") + hocuspocus.encode_permission_denied("")[:2]
        await until(lambda: line.has(denied))
        assert role_of(house, "one", "s1.1") is None
        assert role_of(house, "two", "s1.2") == "editor"
        assert line.has(encode_address("one") + hocuspocus.encode_close("")[:1])
        assert not line.has(encode_address("two") + hocuspocus.encode_permission_denied("")[:2])


async def test_provider_is_asked_for_its_token_before_that_ends(house: House) -> None:
    await house.create("notes")
    ends_ms = now_ms() + TOKEN_LEAD_MS // 2
    house.hand_out("qt_old", "notes", "editor", ends_ms)
    house.hand_out("qt_new", "notes", "viewer", ends_ms + 3_600_000)
    gatekeeper, line = Gatekeeper(house), Line()
    session = HocuspocusSession("s1", house.rooms, gatekeeper, Wire(line.send, 1 << 16), name=None)
    request = encode_address("notes") + hocuspocus.encode_token_request()
    async with opened(house, session):
        await session.receive(token_frame("notes", "qt_old"))
        for _ in range(3):
            house.reviews.ask_if_due(session, now_ms())
        await until(lambda: request in line.sent)
        assert line.sent.count(request) == 1
        await session.receive(token_frame("notes", "qt_new"))
        assert role_of(house, "notes", "s1.1") == "viewer"
        assert not session.is_renewal_due(ends_ms), "the old token's end is nothing any more"
        house.hand_out("qt_other", "other", "editor")
        await session.receive(token_frame("notes", "qt_other"))
        # It is good, and gives nothing here.
        await until(lambda: role_of(house, "notes", "s1.1") is None)


async def test_token_that_ends_takes_its_document_with_it(house: House) -> None:
    await house.create("notes")
    house.hand_out("qt_short", "notes", "editor", now_ms() + 200)
    gatekeeper, line = Gatekeeper(house), Line()
    session = HocuspocusSession("s1", house.rooms, gatekeeper, Wire(line.send, 1 << 16), name=None)
    async with opened(house, session):
        await session.receive(token_frame("notes", "qt_short"))
        await asyncio.sleep(0.25)
        house.reviews.ask_if_due(session, now_ms())
        await until(lambda: role_of(house, "notes", "s1.1") is None)
        reason = f"auth_failed: {SESSION_ENDED}"
        assert encode_address("notes") + hocuspocus.encode_permission_denied(reason) in line.sent


async def test_native_session_outlives_a_token_that_is_no_good(house: House) -> None:
    await house.create("notes")
    house.hand_out("qt_good", "notes", "editor")
    line = Line()
    server = ServerInfo("quire", "0", "quire.v1")
    session = Session(
        "s1", house.rooms, Gatekeeper(house), server, Wire(line.send, 1 << 16), "json"
    )
    async with opened(house, session):
        await session.receive('{"type":"auth","token":"qt_good"}')
        await session.receive('{"type":"join","doc":"notes"}')
        await session.receive('{"type":"auth","token":"qt_bad"}')
        await session.receive('{"type":"ping"}')
        await until(lambda: any(b'"auth_failed"' in frame for frame in line.sent))
        await until(lambda: any(b'"pong"' in frame for frame in line.sent))
        assert role_of(house, "notes", "s1") == "editor"
        house.hand_out("qt_good", "notes", "viewer")
        await session.receive('{"type":"auth","token":"qt_good"}')
        house.reviews.ask_if_due(session, now_ms())
        await until(lambda: role_of(house, "notes", "s1") == "viewer")


async def test_socket_that_was_quiet_is_looked_at_when_its_role_or_identity_comes_to_an_end(
    house: House,
) -> None:
    await house.create("notes")
    house.hand_out("qt_long", "notes", "editor")
    house.hand_out("qt_short", "notes", "editor", now_ms() + 400)
    line = Line()
    with pytest.RaisesGroup(pytest.RaisesExc(SessionClosedError, match=SESSION_ENDED)):
        session = native(house, Gatekeeper(house), line)
        async with opened(house, session):
            for frame in ('{"type":"auth","token":"qt_long"}', '{"type":"join","doc":"notes"}'):
                await session.receive(frame)
                at_ms = now_ms()
                house.reviews.ask_if_due(session, at_ms)
                assert session.quiet_until_ms > at_ms, "nothing of it ends"
            await session.receive('{"type":"auth","token":"qt_short"}')
            assert session.quiet_until_ms == 0
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    house.reviews.ask_if_due(session, now_ms())
                    await asyncio.sleep(0.02)


async def test_quiet_channel_is_looked_at_as_soon_as_its_identity_is_another(house: House) -> None:
    await house.create("notes")
    house.hand_out("qt_old", "notes", "editor", now_ms() + 3_600_000)
    house.hand_out("qt_new", "notes", "viewer", now_ms() + TOKEN_LEAD_MS // 2)
    gatekeeper, line = Gatekeeper(house), Line()
    session = HocuspocusSession("s1", house.rooms, gatekeeper, Wire(line.send, 1 << 16), name=None)
    async with opened(house, session):
        await session.receive(token_frame("notes", "qt_old"))
        house.reviews.ask_if_due(session, now_ms())
        assert session.quiet_until_ms > now_ms()
        await session.receive(token_frame("notes", "qt_new"))
        house.reviews.ask_if_due(session, now_ms())
        assert session.quiet_until_ms <= now_ms(), "it ends soon"
