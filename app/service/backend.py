"""The parts of a process that use cases work with."""

from dataclasses import dataclass
from typing import Protocol

from sync.names import Role
from sync.port import EventLog
from sync.shells.rooms.rooms import Rooms
from sync.user import User


class Authority(Protocol):
    """Decides the roles of users; `app.identity` supplies it."""

    def role(self, user: User, owner_id: str) -> Role:
        """Return the role of a user in a document that `owner_id` owns."""
        ...

    def may_create(self, user: User) -> bool:
        """Return whether a user may create documents."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """The log, the rooms, and who may do what in them."""

    log: EventLog
    rooms: Rooms
    authority: Authority
