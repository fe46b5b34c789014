"""Users in SQL, as the use cases ask for them and change them: one half of `SqlIdentity`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from storage.access import access_changes
from storage.access.access_record import AccessChange
from storage.engine import Database
from storage.identity import invitation_rows, session_rows, user_rows
from storage.identity.identity_record import LastOperatorError, UserRecord
from storage.storable import is_storable, require_storable

T = TypeVar("T")


class SqlUsers:
    """The users; see `SqlIdentity`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_user(self, user: UserRecord) -> None:
        """Add a user; of one that exists, update name, colour and `seen_at_ms`, and nothing else.

        Raises `TakenError` if its login, or its subject at the provider, is another user's.
        """
        require_storable_user(user)
        await self._write(partial(user_rows.put, user=user))

    async def user(self, user_id: str) -> UserRecord | None:
        if not is_storable(user_id):
            return None
        return await self._database.read(partial(user_rows.by_id, user_id=user_id))

    async def colors(self, user_ids: Sequence[str]) -> dict[str, str]:
        """Return the colours of those users that are known here, by id."""
        asked = [user_id for user_id in user_ids if is_storable(user_id)]
        if not asked:
            return {}
        return await self._database.read(partial(user_rows.colors, user_ids=asked))

    async def user_by_login(self, login: str) -> UserRecord | None:
        if not is_storable(login):
            return None
        return await self._database.read(partial(user_rows.by_login, login=login))

    async def user_by_subject(self, issuer: str, subject: str) -> UserRecord | None:
        """Return the user that an OpenID Connect provider knows by that subject."""
        if not is_storable(issuer + subject):
            return None
        return await self._database.read(
            partial(user_rows.by_subject, issuer=issuer, subject=subject)
        )

    async def users(
        self,
        query: str | None,
        limit: int,
        *,
        after: tuple[str, str] | None = None,
        kinds: Sequence[str] = (),
    ) -> list[UserRecord]:
        """Return users by name.

        Args:
            query: part of a name or login, in upper or lower case; None or empty: all.
            after: (name, id) of the last one seen.
            kinds: only of these kinds; empty: of all.
        """
        if query is not None and not is_storable(query):
            return []
        require_storable(*(after or ()))
        return await self._database.read(
            partial(user_rows.page, query=query, limit=limit, after=after, kinds=kinds)
        )

    async def change_password(self, user_id: str, before: str, after: str, at_ms: int) -> bool:
        """Replace the hash of a password and end the user's sessions, both or neither.

        Returns False if there is no such user, or its hash is not `before` any more.
        """
        require_storable(user_id, before, after)

        def work(connection: Connection) -> bool:
            if not user_rows.replace_hash(connection, user_id, before, after):
                return False
            ended = session_rows.end_all(connection, user_id, None, at_ms)
            access_changes.note(connection, ended)
            return True

        return await self._write(work)

    async def rehash_password(self, user_id: str, before: str, after: str) -> bool:
        """Replace the hash of a password by another of it; False if it has another one by now."""
        require_storable(before, after)
        return await self._write(
            partial(user_rows.replace_hash, user_id=user_id, before=before, after=after)
        )

    async def rename_user(self, user_id: str, name: str) -> bool:
        """Give a user another name; False if there is no such user."""
        require_storable(name)
        return await self._change(user_id, name=name)

    async def recolor_user(self, user_id: str, color: str) -> bool:
        """Give a user another colour, `#rrggbb`; False if there is no such user."""
        return await self._change(user_id, color=color)

    async def set_disabled(
        self, user_id: str, is_disabled: bool, at_ms: int, *, keeps_one: bool = False
    ) -> bool:
        """Shut a user out, and end its sessions and invitations, or let it in again.

        Returns False if there is no such user.

        Args:
            keeps_one: raise `LastOperatorError` rather than shut out the last operator.
        """
        require_storable(user_id)

        def work(connection: Connection) -> bool:
            if is_disabled:
                _end_powers(connection, user_id, keeps_one=keeps_one)
            if not user_rows.change(connection, user_id, is_disabled=is_disabled):
                return False
            ended: list[AccessChange] = []
            if is_disabled:
                ended = session_rows.end_all(connection, user_id, None, at_ms)
            change = AccessChange(0, user_id=user_id, at_ms=at_ms)
            access_changes.note(connection, [*ended, change])
            return True

        return await self._write(work)

    async def set_operator(
        self, user_id: str, is_operator: bool, at_ms: int, *, keeps_one: bool = False
    ) -> bool:
        """Make a user an operator, or end that, and its invitations.

        Returns False if there is no such user.

        Args:
            keeps_one: raise `LastOperatorError` rather than end the last operator.
        """
        require_storable(user_id)

        def work(connection: Connection) -> bool:
            if not is_operator:
                _end_powers(connection, user_id, keeps_one=keeps_one)
            if not user_rows.change(connection, user_id, is_operator=is_operator):
                return False
            access_changes.note(connection, [AccessChange(0, user_id=user_id, at_ms=at_ms)])
            return True

        return await self._write(work)

    async def count_operators(self) -> int:
        """Return how many operators there are that are not disabled."""
        return await self._database.read(user_rows.count_operators)

    async def _change(self, user_id: str, **values: object) -> bool:
        if not is_storable(user_id):
            return False
        return await self._write(lambda connection: user_rows.change(connection, user_id, **values))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with self._database.write() as transaction:
            return await transaction.run(work)


def _end_powers(connection: Connection, user_id: str, *, keeps_one: bool) -> None:
    """End the invitations of a user who is to lose its rights: it could come back by one.

    Of two operators who end each other at once, anywhere, one stays if one has to.
    """
    if keeps_one and user_rows.lock_operators(connection) == [user_id]:
        raise LastOperatorError
    invitation_rows.remove_of_creator(connection, user_id)


def require_storable_user(user: UserRecord) -> None:
    """Raise `StoreError` for a user with a text that cannot be stored."""
    require_storable(user.id, user.name, user.color, user.login, user.password_hash)
    require_storable(user.issuer, user.subject)
