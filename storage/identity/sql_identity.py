"""Users in SQL, and what proves them, as the use cases ask for them and change them."""

from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace
from sqlalchemy import Connection

from storage import secret
from storage.access import access_changes
from storage.access.access_record import AccessChange
from storage.fullness import FullError, lock_invitations
from storage.identity import (
    api_token_rows,
    expired_rows,
    invitation_rows,
    session_rows,
    ticket_rows,
    user_rows,
)
from storage.identity.identity_record import (
    InvitationRecord,
    SessionRecord,
    TicketRecord,
    TokenRecord,
    UserRecord,
)
from storage.identity.sql_users import SqlUsers, require_storable_user
from storage.storable import is_storable, require_storable


class SqlIdentity(SqlUsers):
    """Users, and what proves them. Every method may raise `StoreError`.

    Writes return only after the commit. Those that end a proof note it for the readers of
    `SqlAccess.changes`, in the same transaction. Times are UTC, milliseconds since the epoch.
    Nothing is found by a text that cannot be stored, and storing one is a `StoreError`.
    """

    # Web sessions

    async def start_session(self, session: SessionRecord) -> None:
        """Save a session. Raises `StoreError` if its user is not stored."""
        require_storable(session.id, session.user_id, session.address, session.agent)
        await self._write(partial(session_rows.add, session=session))

    async def session(
        self, secret_hash: bytes, now_ms: int
    ) -> tuple[SessionRecord, UserRecord] | None:
        """Return a session that has not expired, and its user; None also if that is disabled."""
        return await self._database.read(
            partial(session_rows.live, secret_hash=secret_hash, now_ms=now_ms)
        )

    async def sessions(self, user_id: str) -> list[SessionRecord]:
        """Return the sessions of a user, oldest first; expired ones until they are swept."""
        if not is_storable(user_id):
            return []
        return await self._database.read(partial(session_rows.of_user, user_id=user_id))

    async def extend_session(self, secret_hash: bytes, expires_at_ms: int, seen_at_ms: int) -> bool:
        """Move the end of a session; False if there is none any more."""
        return await self._write(
            partial(
                session_rows.extend,
                secret_hash=secret_hash,
                expires_at_ms=expires_at_ms,
                seen_at_ms=seen_at_ms,
            )
        )

    async def end_session(self, secret_hash: bytes, at_ms: int) -> bool:
        """End a session; False if there was none."""

        def work(connection: Connection) -> bool:
            ended = session_rows.end(connection, secret_hash, at_ms)
            access_changes.note(connection, ended)
            return bool(ended)

        return await self._write(work)

    async def end_sessions(
        self, user_id: str, at_ms: int, *, except_hash: bytes | None = None
    ) -> int:
        """End the sessions of a user, all but one or all; return how many."""
        require_storable(user_id)

        def work(connection: Connection) -> int:
            ended = session_rows.end_all(connection, user_id, except_hash, at_ms)
            access_changes.note(connection, ended)
            return len(ended)

        return await self._write(work)

    # Tickets

    async def put_ticket(self, ticket: TicketRecord) -> None:
        require_storable(ticket.principal, ticket.document, ticket.origin, ticket.address)
        await self._write(partial(ticket_rows.add, ticket=ticket))

    async def use_ticket(
        self,
        secret_hash: bytes,
        now_ms: int,
        *,
        bound_until_ms: int | None = None,
        address: str | None = None,
    ) -> TicketRecord | None:
        """Use a ticket up; of two who do so at once, anywhere, exactly one gets it.

        Args:
            bound_until_ms: until then `reuse_ticket` returns it again; None: never.
            address: noted for whoever compares it then.

        Returns:
            The ticket as it is now; None if there is none, or it has expired or was used. That
            takes no turn at writing: anybody can try any secret.
        """
        require_storable(address)
        if not await self._database.read(
            partial(ticket_rows.is_usable, secret_hash=secret_hash, now_ms=now_ms)
        ):
            return None
        return await self._write(
            partial(
                ticket_rows.use,
                secret_hash=secret_hash,
                now_ms=now_ms,
                bound_until_ms=bound_until_ms,
                address=address,
            )
        )

    async def reuse_ticket(self, secret_hash: bytes, now_ms: int) -> TicketRecord | None:
        """Return a used ticket that is still bound to a client; the caller compares which."""
        return await self._database.read(
            partial(ticket_rows.used, secret_hash=secret_hash, now_ms=now_ms)
        )

    async def bind_ticket(
        self, secret_hash: bytes, until_ms: int, address: str, document: str | None
    ) -> bool:
        """Have `reuse_ticket` return a used ticket until then; False if there is none.

        Args:
            document: the only one that it is good for from now on; None: any.
        """
        require_storable(address, document)
        return await self._write(
            partial(
                ticket_rows.bind,
                secret_hash=secret_hash,
                until_ms=until_ms,
                address=address,
                document=document,
            )
        )

    async def renew_tickets(
        self, secret_hashes: Sequence[bytes], until_ms: int, now_ms: int
    ) -> None:
        """Move the end of bound tickets; not of those that have ended."""
        await self._write(
            partial(
                ticket_rows.renew, secret_hashes=secret_hashes, until_ms=until_ms, now_ms=now_ms
            )
        )

    # API tokens

    async def create_token(self, token: TokenRecord) -> None:
        require_storable(token.id, token.name, token.created_by)
        require_storable(*(claim.pattern for claim in token.claims))
        await self._write(partial(api_token_rows.add, token=token))

    async def token(self, secret_hash: bytes, now_ms: int) -> TokenRecord | None:
        """Return a token that is neither revoked nor expired."""
        return await self._database.read(
            partial(api_token_rows.live, secret_hash=secret_hash, now_ms=now_ms)
        )

    async def token_by_id(self, token_id: str, now_ms: int) -> TokenRecord | None:
        """Return a token that is neither revoked nor expired, by its id, which proves nothing."""
        if not is_storable(token_id):
            return None
        return await self._database.read(
            partial(api_token_rows.live_by_id, token_id=token_id, now_ms=now_ms)
        )

    async def tokens(self) -> list[TokenRecord]:
        """Return all tokens, oldest first; revoked and expired ones too."""
        return await self._database.read(api_token_rows.all_tokens)

    async def revoke_token(self, token_id: str, at_ms: int) -> bool:
        """Revoke a token; False if there was none to revoke."""
        require_storable(token_id)

        def work(connection: Connection) -> bool:
            if not api_token_rows.revoke(connection, token_id, at_ms):
                return False
            access_changes.note(connection, [AccessChange(0, token_id=token_id, at_ms=at_ms)])
            return True

        return await self._write(work)

    async def touch_token(self, token_id: str, at_ms: int) -> None:
        """Note that a token was used."""
        require_storable(token_id)
        await self._write(partial(api_token_rows.touch, token_id=token_id, at_ms=at_ms))

    # Invitations

    async def create_invitation(
        self, invitation: InvitationRecord, *, most: int | None = None
    ) -> None:
        """Save an invitation.

        Args:
            most: raise `FullError` rather than have more than this that can still be used.
        """
        require_storable(invitation.id, invitation.user_id, invitation.created_by)

        def work(connection: Connection) -> None:
            if most is not None:
                lock_invitations(connection)
                known, at_ms = invitation_rows.unused(connection), invitation.created_at_ms
                if sum(each.expires_at_ms > at_ms for each in known) >= most:
                    raise FullError
            invitation_rows.add(connection, invitation)

        await self._write(work)

    async def offer_ownership(self, invitation: InvitationRecord) -> bool:
        """Save the invitation of a first operator.

        Returns False, with nothing saved, if there is an operator or another such invitation; of
        two who do so at once, anywhere, exactly one saves it.
        """
        require_storable(invitation.id, invitation.created_by)

        def work(connection: Connection) -> bool:
            lock_invitations(connection)
            at_ms = invitation.created_at_ms
            # In this order: one that is accepted meanwhile is seen, or its operator is.
            for known in invitation_rows.unused(connection):
                if known.kind == "join" and known.is_operator and known.expires_at_ms > at_ms:
                    return False
            if user_rows.count_operators(connection):
                return False
            invitation_rows.add(connection, invitation)
            return True

        return await self._write(work)

    async def invitation(self, secret_hash: bytes, now_ms: int) -> InvitationRecord | None:
        """Return an invitation that is neither used nor expired, and leave it unused."""
        return await self._database.read(
            partial(invitation_rows.live, secret_hash=secret_hash, now_ms=now_ms)
        )

    async def use_invitation(self, secret_hash: bytes, now_ms: int) -> InvitationRecord | None:
        """Use an invitation up; of two who do so at once, anywhere, exactly one gets it."""
        return await self._write(
            partial(invitation_rows.use, secret_hash=secret_hash, now_ms=now_ms)
        )

    async def accept_invitation(
        self, secret_hash: bytes, user: UserRecord, now_ms: int
    ) -> InvitationRecord | None:
        """Use an invitation of kind `join` up and add its user, both or neither.

        The user is an operator if and only if the invitation says so.

        Raises `TakenError`, and leaves the invitation unused, if the id or login is taken.
        """
        require_storable_user(user)

        def work(connection: Connection) -> InvitationRecord | None:
            found = invitation_rows.live(connection, secret_hash, now_ms)
            if found is None or found.kind != "join":
                return None
            used = invitation_rows.use(connection, secret_hash, now_ms)
            if used is not None:
                user_rows.add(connection, replace(user, is_operator=used.is_operator))
            return used

        return await self._write(work)

    async def reset_password(
        self, secret_hash: bytes, password_hash: str, now_ms: int
    ) -> str | None:
        """Use an invitation of kind `reset` up, set the password, and end the user's sessions.

        Returns the user's id; None if there is no such invitation, or it has expired or was used.
        """
        require_storable(password_hash)

        def work(connection: Connection) -> str | None:
            found = invitation_rows.live(connection, secret_hash, now_ms)
            if found is None or found.kind != "reset" or found.user_id is None:
                return None
            if invitation_rows.use(connection, secret_hash, now_ms) is None:
                return None
            user_rows.change(connection, found.user_id, password_hash=password_hash)
            ended = session_rows.end_all(connection, found.user_id, None, now_ms)
            access_changes.note(connection, ended)
            return found.user_id

        return await self._write(work)

    async def invitations(self) -> list[InvitationRecord]:
        """Return the invitations that are not used, oldest first; expired ones until swept."""
        return await self._database.read(invitation_rows.unused)

    async def revoke_invitation(self, invitation_id: str) -> bool:
        """Remove an invitation that is not used; False if there is none."""
        require_storable(invitation_id)
        return await self._write(partial(invitation_rows.remove, invitation_id=invitation_id))

    # All

    async def sweep(self, now_ms: int, limit: int) -> int:
        """Remove what has expired, at most `limit` rows of each table; return how many."""
        return await self._write(partial(expired_rows.sweep, now_ms=now_ms, limit=limit))

    async def signing_key(self, name: str) -> bytes:
        """Return a key of 32 random bytes, the same for all processes, made at its first use."""
        return await secret.shared(self._database, secret.SIGNING_PREFIX + name)
