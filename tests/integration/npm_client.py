"""A client from npm, unchanged, in a Node process of its own; no test is in here.

    async with npm_client("hocuspocus4") as ana:
        await ana.connect(server, "notes", name="Ana")
        await ana.insert(0, "Hello")
        await ana.until(lambda state: state.unsynced == 0)

`tests/npm/driver.mjs` is the other half. Positions are UTF-16 offsets.
"""

import asyncio
import itertools
import json
import os
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Literal, TypeAlias

import msgspec
import pytest

from scripts.node import node_environment
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

Kind: TypeAlias = Literal["yws", "hocuspocus3", "hocuspocus4"]
KINDS: Final[tuple[Kind, ...]] = ("yws", "hocuspocus3", "hocuspocus4")

FIRST_TOKEN: Final = 0xF0000
"""Random edits each insert a character from here on, their own; see `tests/npm/edits.mjs`."""

BACKOFF_MS: Final = 200
"""For tests that send a client away again and again; its own waits grow to seconds."""

_POLL_S: Final = 0.02
_MAX_ANSWER_BYTES: Final = 1 << 24
_PROJECT: Final = ROOT / "tests" / "npm"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says about itself."""

    status: str
    synced: bool
    unsynced: int | None
    """Hocuspocus: `unsyncedChanges`. y-websocket does not count."""
    closes: list[int | None]
    """The code of every close; None where the client gave up without one."""
    stopped: int | None
    """y-websocket: the close code after which it will not come back."""
    denied: list[str]
    """Hocuspocus: the reasons of refused authentications."""
    client: int
    """The Yjs client id."""
    scope: str | None = None
    """Hocuspocus: `read-write` or `readonly`, as it was told last."""
    scopes: list[str] = []
    """Hocuspocus: all that it was told."""


class NpmClientFailed(AssertionError):
    """The Node process answered with an error, or not at all."""


class _Driver:
    """The Node process."""

    def __init__(self, kind: Kind, process: asyncio.subprocess.Process) -> None:
        self.kind = kind
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._has_ended = False

    async def call(self, client: int, command: str, parameters: dict[str, Any]) -> Any:
        if self._has_ended:
            raise self._ended()
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        order = {"id": number, "client": client, "do": command, **parameters}
        try:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError:
            raise NpmClientFailed(f"{self.kind} does not answer to {command}") from None
        finally:
            del self._answers[number]

    async def read(self) -> None:
        """Hand out answers until the process ends, or says what cannot be read."""
        try:
            await self._hand_out()
        finally:
            self._has_ended = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(self._ended())

    async def _hand_out(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            # Not by msgspec, which does not read half of an emoji: editors show such halves.
            message = json.loads(line)
            answer = self._answers.get(message["id"])
            if answer is None or answer.done():
                continue
            if "error" in message:
                answer.set_exception(NpmClientFailed(f"{self.kind}: {message['error']}"))
            else:
                answer.set_result(message["result"])

    def _ended(self) -> NpmClientFailed:
        return NpmClientFailed(f"the process of {self.kind} has ended; see its stderr")


class NpmClient:
    """See `npm_client`. Its methods may be called while others wait."""

    def __init__(self, driver: _Driver, number: int = 0) -> None:
        self.kind: Final = driver.kind
        self._driver = driver
        self._number = number

    async def connect(
        self,
        server: ServerProcess | str,
        doc: str,
        *,
        name: str,
        editing: bool | Literal["prosemirror", "quill"] = False,
        session_aware: bool = False,
        client_id: int | None = None,
        backoff_ms: int | None = None,
        token: str | None = None,
    ) -> None:
        """Open the document; does not wait for the server.

        Args:
            server: or the address of a proxy, with the path of the site: `ws://127.0.0.1:80/pad`.
            editing: in a TipTap editor, in ProseMirror with y-prosemirror, or in Quill.
            session_aware: Hocuspocus 4: with a session id in every message.
            client_id: the Yjs client id; None draws one.
            token: y-websocket has it in the address, Hocuspocus in its first message.
            backoff_ms: the longest pause before it connects again; None is the provider's own.
        """
        site = server if isinstance(server, str) else f"ws://127.0.0.1:{server.port}"
        await self._call(
            "connect",
            url=f"{site}/{'yjs' if self.kind == 'yws' else 'hocuspocus'}",
            doc=doc,
            params={"name": name},
            editing=editing,
            session_aware=session_aware,
            client_id=client_id,
            backoff_ms=backoff_ms,
            token=token,
        )

    async def open_beside(
        self, number: int, doc: str, *, session_aware: bool = False
    ) -> "NpmClient":
        """Hocuspocus: another provider on the same socket; `number`, from 1, tells them apart."""
        other = NpmClient(self._driver, number)
        await other._call("connect", doc=doc, beside=self._number, session_aware=session_aware)
        return other

    async def disconnect(self) -> None:
        await self._call("disconnect")

    async def reconnect(self) -> None:
        """Begin to; returns before there is a connection."""
        await self._call("reconnect")

    async def leave(self) -> None:
        """Close the provider for good, as it wants to be closed."""
        await self._call("leave")

    async def set_token(self, token: str) -> None:
        """Hocuspocus sends it when it is asked, y-websocket when it connects again."""
        await self._call("set_token", token=token)

    async def send_token(self, token: str) -> None:
        """Hocuspocus: send another token on the open socket."""
        await self._call("send_token", token=token)

    async def state(self) -> State:
        return msgspec.convert(await self._call("state"), State)

    async def until(self, condition: Callable[[State], bool]) -> State:
        """Wait for a state of which the condition is true; returns it."""
        state = await self.state()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not condition(state):
                    await asyncio.sleep(_POLL_S)
                    state = await self.state()
                return state
        raise NpmClientFailed(f"{self.kind} stays in {state}")

    async def until_saved(self) -> None:
        """Wait until it is connected and, as far as its kind can tell, all is saved."""
        await self.until(lambda state: state.synced and not state.unsynced)

    # --- text -----------------------------------------------------------------------------------

    async def text(self) -> str:
        return str(await self._call("text"))

    async def insert(self, pos: int, text: str) -> None:
        await self._call("insert", pos=pos, text=text)

    async def insert_units(self, pos: int, *units: int) -> None:
        """Insert UTF-16 units, halves of pairs too."""
        await self._call("insert_units", pos=pos, units=units)

    async def delete(self, pos: int, length: int) -> None:
        await self._call("delete", pos=pos, length=length)

    async def pose(self, client_id: int) -> None:
        """Write under another Yjs client id from here on."""
        await self._call("pose", client_id=client_id)

    async def emit(self, update: bytes) -> None:
        """Have the provider send bytes as an update of its document."""
        await self._call("emit", update=b64encode(update).decode())

    async def edit_randomly(
        self, count: int, *, seed: int, token: int, burst: int, pause_ms: int
    ) -> None:
        """Make so many edits; each inserts the next token, the first one `token`."""
        plan = {"count": count, "seed": seed, "token": token, "burst": burst, "pause_ms": pause_ms}
        await self._call("random", **plan)

    # --- awareness ------------------------------------------------------------------------------

    async def others(self) -> list[dict[str, Any]]:
        """The others' states, each with its `client` and its `cursor` in offsets."""
        found: list[dict[str, Any]] = await self._call("awareness")
        return found

    async def announce(self, fields: dict[str, Any] | None) -> None:
        """Set fields of the own state; None takes the state away."""
        await self._call("announce", fields=fields)

    async def caret(self, anchor: int, head: int) -> None:
        await self._call("caret", anchor=anchor, head=head)

    # --- TipTap and ProseMirror -----------------------------------------------------------------

    async def set_content(self, content: str) -> None:
        """Replace all that the editor shows; HTML."""
        await self._call("set_content", content=content)

    async def insert_content(self, pos: int, content: str) -> None:
        """Insert HTML at a ProseMirror position."""
        await self._call("insert_content", pos=pos, content=content)

    async def type_randomly(
        self, count: int, *, seed: int, token: int, burst: int, pause_ms: int
    ) -> None:
        """As `edit_randomly`, at places in the editor's paragraphs and headings."""
        plan = {"count": count, "seed": seed, "token": token, "burst": burst, "pause_ms": pause_ms}
        await self._call("type_randomly", **plan)

    async def type(self, pos: int, text: str) -> None:
        """Insert text at a ProseMirror position, as typing and pasting do."""
        await self._call("type", pos=pos, text=text)

    async def erase(self, start: int, end: int) -> None:
        """Delete between two ProseMirror positions."""
        await self._call("erase", **{"from": start, "to": end})

    async def json(self) -> dict[str, Any]:
        """The ProseMirror document that the editor shows."""
        found: dict[str, Any] = await self._call("json")
        return found

    async def html(self) -> str:
        return str(await self._call("html"))

    # --- Quill ----------------------------------------------------------------------------------

    async def quill_insert(self, pos: int, text: str) -> None:
        await self._call("quill_insert", pos=pos, text=text)

    async def quill_delete(self, pos: int, length: int) -> None:
        await self._call("quill_delete", pos=pos, length=length)

    async def quill_text(self) -> str:
        """What the editor shows; it ends in a line feed of Quill's own."""
        return str(await self._call("quill_text"))

    async def _call(self, command: str, **parameters: Any) -> Any:
        return await self._driver.call(self._number, command, parameters)


def node_program() -> tuple[str, dict[str, str]]:
    """The path of Node, and the environment to run it in."""
    environment = node_environment(ROOT / ".cache" / "node")
    node = shutil.which("node", path=environment["PATH"])
    assert node is not None, "no Node on the PATH"
    return node, environment


@asynccontextmanager
async def npm_client(kind: Kind) -> AsyncIterator[NpmClient]:
    """A client that is not connected yet. At the end its process is killed, as a crash would."""
    node, environment = node_program()
    process = await asyncio.create_subprocess_exec(
        node,
        str(_PROJECT / "driver.mjs"),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MAX_ANSWER_BYTES,
        env=environment,
    )
    driver = _Driver(kind, process)
    reading = asyncio.create_task(driver.read())
    try:
        yield NpmClient(driver)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading


def require_npm_packages() -> None:
    """Skip the test if the packages were not installed; fail it under CI=true."""
    if (_PROJECT / "node_modules" / ".quire-lock").exists():
        return
    reason = "the packages of tests/npm are not installed; `./test integration` does it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
