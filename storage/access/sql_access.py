"""The policies of documents in SQL, as the use cases ask for them and change them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from storage import catalogue, change_feed
from storage.access import access_changes, grants, share_links
from storage.access.access_record import AccessChange, GrantRecord, LinkRecord, Redeemed
from storage.engine import Database
from storage.fullness import FullError, lock_document
from storage.storable import require_storable
from sync.names import Role
from sync.permission import Standing, subject_user

T = TypeVar("T")


class SqlAccess:
    """The roles of users in documents. Every method may raise `StoreError`.

    Writes return only after the commit. Those that change who may do what note it for the readers
    of `changes`, in the same transaction. Times are UTC, milliseconds since the epoch.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self, document_key: int, user_id: str) -> Standing:
        """Return the rows of a document that concern a user, in one round trip.

        Of a document that does not exist nobody is the owner, and nobody may do anything there.
        """
        return (await self.standings([(document_key, user_id)]))[document_key, user_id]

    async def standings(self, pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Standing]:
        """Return the standing for each (document key, user id), in one round trip."""
        require_storable(*(user_id for _, user_id in pairs))
        if not pairs:
            return {}
        return await self._database.read(partial(grants.standings, pairs=pairs))

    async def grants(self, document_key: int) -> list[GrantRecord]:
        """Return the grants of a document, by subject; the owner is none of them."""
        return await self._database.read(partial(grants.of_document, key=document_key))

    async def set_grant(
        self,
        document_key: int,
        subject: str,
        role: Role | None,
        at_ms: int,
        *,
        most: int | None = None,
    ) -> None:
        """Give a subject a role in a document; None takes it away.

        Raises `StoreError` if there is no such document.

        Args:
            most: raise `FullError` rather than have more grants than this.
        """
        require_storable(subject)

        def work(connection: Connection) -> None:
            if role is not None and most is not None:
                lock_document(connection, document_key)
                subjects = [each.subject for each in grants.of_document(connection, document_key)]
                if subject not in subjects and len(subjects) >= most:
                    raise FullError
            user_id = subject_user(subject)
            if role is not None and user_id and not grants.has(connection, document_key, subject):
                change_feed.record_detail(
                    connection, document_key, "joined", user=user_id, role=role, by="grant"
                )
            grants.put(connection, document_key, subject, role)
            change = AccessChange(0, document_key, user_id, at_ms=at_ms)
            access_changes.note(connection, [change])

        await self._write(work)

    async def set_owner(self, document_key: int, user_id: str, at_ms: int) -> None:
        """Give a document to another owner. The one before keeps no role by that."""
        require_storable(user_id)

        def work(connection: Connection) -> None:
            catalogue.set_owner(connection, document_key, user_id)
            access_changes.note(connection, [AccessChange(0, document_key, at_ms=at_ms)])

        await self._write(work)

    async def set_read_only(self, document_key: int, at_ms: int, *, is_read_only: bool) -> bool:
        """Make a document read-only for everybody, or give the roles back; False: it is gone."""

        def work(connection: Connection) -> bool:
            since_ms = at_ms if is_read_only else None
            if not catalogue.set_read_only(connection, document_key, since_ms):
                return False
            access_changes.note(connection, [AccessChange(0, document_key, at_ms=at_ms)])
            return True

        return await self._write(work)

    async def read_only_names(self, limit: int) -> list[str]:
        """Return the names of documents that are read-only, the latest to become so first."""
        return await self._database.read(partial(catalogue.read_only_names, limit=limit))

    async def create_link(self, link: LinkRecord, *, most: int | None = None) -> None:
        """Save a share link. Raises `StoreError` if its id or its secret is taken.

        Args:
            most: raise `FullError` rather than have more that are not revoked than this.
        """
        require_storable(link.id, link.created_by)

        def work(connection: Connection) -> None:
            if most is not None:
                lock_document(connection, link.document_key)
                if len(share_links.of_document(connection, link.document_key)) >= most:
                    raise FullError
            share_links.add(connection, link)

        await self._write(work)

    async def links(self, document_key: int) -> list[LinkRecord]:
        """Return the links of a document that are not revoked, expired or not, oldest first."""
        return await self._database.read(partial(share_links.of_document, key=document_key))

    async def revoke_link(self, document_key: int, link_id: str, at_ms: int) -> bool:
        """Revoke a link: nobody has a role by it any more. False if there was none to revoke."""
        require_storable(link_id)

        def work(connection: Connection) -> bool:
            if not share_links.revoke(connection, document_key, link_id, at_ms):
                return False
            access_changes.note(connection, [AccessChange(0, document_key, at_ms=at_ms)])
            return True

        return await self._write(work)

    async def redeem(self, secret_hash: bytes, user_id: str, at_ms: int) -> Redeemed | None:
        """Give a user the role of a link, as long as the link lives; again changes nothing.

        Returns:
            Where it leads; None if no link has this secret, or it is revoked or expired, or its
            document is deleted. That takes no turn at writing: anybody can try any secret.
        """
        require_storable(user_id)
        if not await self._database.read(
            partial(share_links.is_live, secret_hash=secret_hash, at_ms=at_ms)
        ):
            return None

        def work(connection: Connection) -> Redeemed | None:
            used = share_links.redeem(connection, secret_hash, user_id, at_ms)
            if used is None:
                return None
            found, is_first = used
            if is_first:
                change = AccessChange(0, found.document_key, user_id, at_ms=at_ms)
                access_changes.note(connection, [change])
                change_feed.record_detail(
                    connection,
                    found.document_key,
                    "joined",
                    user=user_id,
                    role=found.role,
                    by="link",
                )
            return found

        return await self._write(work)

    async def changes(self, after: int, limit: int) -> list[AccessChange]:
        """Return committed changes after a position, in commit order, at most `limit`.

        If the first is not at `after + 1`, those between have been pruned: whoever asks has slept
        too long and should look at everything anew.
        """
        return await self._database.read(partial(access_changes.read, after=after, limit=limit))

    async def head(self) -> int:
        """Return the position of the last committed change; 0: there was none."""
        return await self._database.read(access_changes.head)

    async def prune_changes(self, before_ms: int, limit: int) -> int:
        """Remove old changes, at most `limit`; return how many."""
        return await self._write(partial(access_changes.prune, before_ms=before_ms, limit=limit))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._database.write() as transaction:
            return await transaction.run(work)
