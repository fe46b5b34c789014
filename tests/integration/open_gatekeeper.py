"""The gatekeeper of a socket in open mode, for tests that drive a session without a server."""

from app.identity.credential import Credentials, Door
from app.identity.identifier import Identifier, Verifiers
from app.identity.watch import AccessWatch
from app.service.backend import Backend
from app.socket_gatekeeper import SocketGatekeeper
from storage.store import Store
from sync.permission import SIGNED_IN, Grants
from sync.shells.rooms.rooms import Rooms

EDITABLE: Grants = ((SIGNED_IN, "editor"),)
"""The grants of new documents in open mode: everybody may write."""


def open_gatekeeper(store: Store, rooms: Rooms, door: Door = "hocuspocus") -> SocketGatekeeper:
    """Return a gatekeeper that takes a name as it is given."""
    identifier = Identifier(Verifiers(), takes_names=True)
    watch = AccessWatch(store.access, lambda _: None)
    backend = Backend.on(store, rooms, identifier, watch)
    return SocketGatekeeper(backend, Credentials(door))
