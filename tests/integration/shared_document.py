"""A document of Ada's, and what Bob may do in it; no test is in here."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import httpx
from sqlalchemy import Connection, update

from storage.access import access_changes
from storage.access.access_record import AccessChange, LinkRecord
from storage.store import Store, open_store
from storage.table import links
from sync.names import Role
from sync.permission import user_subject
from sync.shells.clock import now_ms
from tests.integration.peer import connect
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S

PRIVATE = ("--default-access", "private")
"""For the command line of a server: new documents are their owners' alone."""


class SharedDocument:
    """A document that Ada makes, over HTTP. `async with` creates it.

    Args:
        role: Bob's at first; None: none.
    """

    def __init__(
        self, server: ServerProcess, doc: str, role: str | None, text: str = "one"
    ) -> None:
        self.doc = doc
        self._server = server
        self._role = role
        self._text = text
        self._http = httpx.AsyncClient(
            base_url=server.url,
            headers={"X-Quire-Name": "Ada"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
        self._bob = ""

    async def __aenter__(self) -> Self:
        made = await self._http.post("/api/documents", json={"name": self.doc, "text": self._text})
        assert made.status_code == 201, made.text
        async with connect(self._server, name="Bob") as bob:
            self._bob = bob.user["id"]
        if self._role is not None:
            await self.let(self._role)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def let(self, role: str) -> None:
        """Give Bob a role."""
        answer = await self._http.put(self._path, json={"role": role})
        assert answer.status_code == 204, answer.text

    async def expel(self) -> None:
        """Take Bob's role away."""
        assert (await self._http.delete(self._path)).status_code == 204

    async def lend(self, role: Role, expires_at_ms: int) -> None:
        """Give Bob a role by a link that ends; written by another process than the server's."""
        secret_hash = secrets.token_bytes(32)
        async with self.store() as store:
            found = await store.log.find(self.doc)
            assert found is not None, "it was created"
            link = LinkRecord(
                id=secrets.token_hex(8),
                document_key=found.key,
                secret_hash=secret_hash,
                role=role,
                created_by=found.owner_id,
                created_at_ms=now_ms(),
                expires_at_ms=expires_at_ms,
            )
            await store.access.create_link(link)
            assert await store.access.redeem(secret_hash, self._bob, now_ms()) is not None

    async def shorten(self, expires_at_ms: int) -> None:
        """Have the links that were lent end at another time; written past the server."""
        async with self.store() as store:
            found = await store.log.find(self.doc)
            assert found is not None, "it was created"
            ends = update(links).where(links.c.document_key == found.key)
            change = AccessChange(0, found.key, self._bob, at_ms=now_ms())

            def work(connection: Connection) -> None:
                connection.execute(ends.values(expires_at_ms=expires_at_ms))
                access_changes.note(connection, [change])

            async with store.log._database.write() as transaction:
                await transaction.run(work)

    async def let_from_outside(self, role: Role | None) -> None:
        """Give Bob a role, or take it away, past all servers: in their store."""
        async with self.store() as store:
            found = await store.log.find(self.doc)
            assert found is not None, "it was created"
            await store.access.set_grant(found.key, user_subject(self._bob), role, now_ms())

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """The store of the server, opened by the process of the test."""
        store = open_store(self._server.database_url)
        try:
            yield store
        finally:
            await store.aclose()

    async def delete(self) -> None:
        """Put the document into the trash."""
        assert (await self._http.delete(f"/api/documents/{self.doc}")).status_code == 204

    async def text(self) -> str:
        """Return the text as the log has it."""
        return (await self._http.get(f"/api/documents/{self.doc}/text")).text

    async def write(self, text: str) -> None:
        """Have Ada put another text in place of this one."""
        path = f"/api/documents/{self.doc}/text"
        etag = (await self._http.get(path)).headers["etag"]
        answer = await self._http.put(path, content=text.encode(), headers={"If-Match": etag})
        assert answer.is_success, answer.text

    @property
    def _path(self) -> str:
        return f"/api/documents/{self.doc}/access/user:{self._bob}"
