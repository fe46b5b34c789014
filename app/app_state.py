"""The parts of a running application; routes find them at `request.app.state.quire`."""

from collections import Counter
from dataclasses import dataclass

from app.identity.attempts import UserAttempts
from app.identity.people import People
from app.identity.tokens.token_checks import TokenChecks
from app.metrics.worker_figures import WorkerFigures
from app.readiness import Readiness
from app.service.backend import Backend
from app.service.document_import import DocumentImport
from app.service.image_store import ImageStore
from app.service.text_search import SearchBounds
from app.service.webhook_desk import WebhookDesk
from app.settings import Settings
from app.sockets import Sockets
from storage.blobs.watched_blobs import WatchedBlobs
from sync.port import Bus, EventLog
from sync.shells.rooms.rooms import Rooms


@dataclass(slots=True)
class State:
    """The parts of one process."""

    settings: Settings
    log: EventLog
    rooms: Rooms
    backend: Backend
    images: ImageStore
    uploads: UserAttempts
    searches: UserAttempts
    search_bounds: SearchBounds
    imports: DocumentImport
    people: People
    token_checks: TokenChecks
    sockets: Sockets
    readiness: Readiness
    bus: Bus | None
    """None: there are no other processes, or head checks alone find their events."""
    blobs: WatchedBlobs
    """The bytes of images."""
    figures: WorkerFigures
    webhooks: WebhookDesk
    webhook_outcomes: Counter[str]
    """Attempts of deliveries by this process, as `app.webhook.dispatcher` counts them."""
