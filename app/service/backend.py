"""The parts of a process that use cases work with."""

from dataclasses import dataclass

from app.identity.identifier import Identifier
from app.identity.watch import AccessWatch
from app.service.authority import Authority
from sync.port import EventLog
from sync.shells.rooms.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Backend:
    """The log, the rooms, who asks, and who may do what."""

    log: EventLog
    rooms: Rooms
    authority: Authority
    identifier: Identifier
    watch: AccessWatch
