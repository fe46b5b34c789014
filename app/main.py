"""The application: its parts, wired, and their life."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.admin.process_overview import answer_operator
from app.app_state import State
from app.audit.audit_pruning import prune_audit
from app.audit.audit_trail import AuditTrail
from app.http.install import install
from app.http.root_path import RootPath
from app.http.security import SecurityHeaders
from app.identity.attempts import UserAttempts
from app.identity.expiry import sweep_forever
from app.identity.identifier import Identifier, Verifiers
from app.identity.people import People
from app.identity.tokens.token_checks import TokenChecks
from app.identity.watch import AccessWatch
from app.image_settings import image_place
from app.metrics.loop_delay import watch_loop
from app.metrics.process_figures import last_snapshot, read_snapshot
from app.metrics.worker_figures import WorkerFigures
from app.readiness import Readiness
from app.search.indexer import Indexer
from app.server.proxy import TrustedProxies
from app.service.automatic_versions import AutomaticVersions
from app.service.backend import Backend
from app.service.blame_keeping import BlameKeeper
from app.service.compactor import Compactor, compaction_rule
from app.service.document_import import DocumentImport
from app.service.image_collection import ImageCollector
from app.service.image_store import ImageStore
from app.service.retention_keeper import RetentionKeeper
from app.service.text_search import SearchBounds
from app.service.trash import empty_trash_forever
from app.service.webhook_desk import WebhookDesk
from app.settings import Settings
from app.sockets import Sockets
from app.webhook.dispatcher import Dispatcher
from app.webhook.webhook_door import LateWebhookDoor
from app.webhook_settings import delivery_rules
from storage.blobs.open_blobs import open_blobs
from storage.blobs.watched_blobs import WatchedBlobs
from storage.compaction.preparing_process import PreparingProcess
from storage.migrate import require_current, upgrade
from storage.store import open_store
from sync.port import Bus
from sync.shells.rooms.rooms import Rooms
from sync.shells.supervisor import Need, Supervisor, log_end
from sync.wire.message import PROTOCOL, ServerInfo

if TYPE_CHECKING:
    from app.tracing.edit_spans import EditSpans


def quire_version() -> str:
    """The version of the installed distribution."""
    try:
        return version("quire")
    except PackageNotFoundError:
        return "0"


async def prepare_database(settings: Settings) -> None:
    """See to it that the database has the schema of this Quire; SQLite is migrated to it.

    Any other is not: processes of an older Quire may be at work in it. For that there is
    `quire db upgrade`.

    Raises:
        StoreError: it has another schema, or there is no way to tell; the message says what to do.
    """
    if settings.database_url.startswith("sqlite"):
        await upgrade(settings.database_url)
    else:
        await require_current(settings.database_url)


def create_app(
    settings: Settings,
    *,
    database_is_ready: bool = False,
    give_up: Callable[[str], None] = log_end,
    figures_folder: Path | None = None,
) -> FastAPI:
    """The ASGI application for these settings; its lifespan opens the store and the rooms.

    Args:
        database_is_ready: `prepare_database` has run; otherwise the lifespan begins with it.
        give_up: called with the reason when this process has to end, and another to be started.
        figures_folder: see `WorkerFigures`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if not database_is_ready:
            await prepare_database(settings)
        store = open_store(
            settings.database_url,
            pool_size=settings.database_pool_size,
            timeout_s=settings.database_timeout_s,
        )
        log = store.log
        blobs = WatchedBlobs(
            open_blobs(
                image_place(settings.image_url, settings.database_url),
                settings.s3_access_key,
                settings.s3_secret_key,
            )
        )
        bus = _open_bus(settings.redis_url)
        tracer = _open_tracer(settings, app.state.process_name)
        try:
            async with (
                AuditTrail(store.audit, log.find) as audit,
                LateWebhookDoor(
                    settings.webhook_allowed_networks, settings.webhook_timeout_s
                ) as webhook_http,
                Rooms(
                    log,
                    settings.limits(),
                    flush_interval_s=settings.flush_interval_ms / 1000,
                    unload_after_s=settings.unload_after_s,
                    bus=bus,
                    new_document_grants=settings.new_document_grants,
                    head_check_interval_s=(
                        0.0 if settings.uses_sqlite else settings.head_check_interval_s
                    ),
                    give_up=give_up,
                    tracer=tracer,
                ) as rooms,
                Supervisor(give_up) as supervisor,
            ):
                outcomes: Counter[str] = Counter()
                people = await People.open(store.identity, settings)
                watch = AccessWatch(store.access, lambda changes: sockets.review(changes))
                checks = await TokenChecks.open(
                    store.identity, settings, lambda principal: identifier.renew(principal)
                )
                verifiers = Verifiers(
                    ticket=checks.tickets.identify,
                    api_token=checks.api_tokens.identify,
                    json_web_token=checks.json_web_token,
                    session_cookie=people.sessions.verify,
                    guest_cookie=people.guests.verify,
                    session=people.sessions.renew,
                    api_token_again=checks.api_tokens.renew,
                    json_web_token_again=checks.directory.renew,
                )
                identifier = Identifier(verifiers, takes_names=settings.auth_mode == "open")
                backend = Backend.on(
                    store, rooms, identifier, watch, audit, settings.default_retention
                )
                images = ImageStore(store.images, blobs, settings)
                collector = ImageCollector(
                    store.images, blobs, log, grace_days=settings.image_grace_days
                )
                readiness = Readiness(log, [rooms.trouble, supervisor.trouble])
                server = ServerInfo("quire", quire_version(), PROTOCOL)
                sockets = Sockets(backend, settings, server, people.cookies, checks.tickets)
                figures = WorkerFigures(
                    figures_folder,
                    lambda: read_snapshot(app.state),
                    lambda: last_snapshot(app.state),
                    lambda question: answer_operator(app.state, question),
                )
                app.state.quire = State(
                    settings,
                    log,
                    rooms,
                    backend,
                    images,
                    UserAttempts(settings.uploads_per_minute),
                    UserAttempts(settings.searches_per_minute),
                    SearchBounds(settings.max_search_s),
                    DocumentImport(backend),
                    people,
                    checks,
                    sockets,
                    readiness,
                    bus,
                    blobs,
                    figures,
                    WebhookDesk(store.webhooks, webhook_http),
                    outcomes,
                )
                # A slow reader is bounded, and a role that was taken away ends, by these alone.
                supervisor.run("socket sweep", sockets.sweep, Need.ESSENTIAL)
                supervisor.run("socket reviews", sockets.review_forever, Need.ESSENTIAL)
                supervisor.run("access watch", watch.run, Need.ESSENTIAL)
                expiry = partial(sweep_forever, store.identity, store.access)
                watching = partial(watch_loop, rooms.meter.loop_delay_s)
                supervisor.run("loop delay", watching, Need.USEFUL)
                supervisor.run("expiry", expiry, Need.USEFUL)
                supervisor.run("held tickets", checks.tickets.run, Need.USEFUL)
                pruning = partial(prune_audit, store.audit, settings.audit_days)
                supervisor.run("audit pruning", pruning, Need.USEFUL)
                indexer = Indexer(log, log.changes, store.search)
                supervisor.run("search index", indexer.run, Need.USEFUL)
                naming = AutomaticVersions(log, log.changes, store.versions)
                supervisor.run("automatic versions", naming.run, Need.USEFUL)
                keeping = BlameKeeper(log, log.changes, store.versions, backend.blames)
                supervisor.run("authors", keeping.run, Need.USEFUL)
                dispatcher = Dispatcher(
                    log,
                    log.changes,
                    store.webhooks,
                    audit,
                    webhook_http,
                    delivery_rules(settings),
                    settings.webhook_timeout_s,
                    settings.max_webhook_backlog,
                    outcomes,
                )
                supervisor.run("webhooks", dispatcher.run, Need.USEFUL)
                emptying = partial(empty_trash_forever, backend, settings.trash_days)
                supervisor.run("trash", emptying, Need.USEFUL)
                supervisor.run("image collection", collector.run, Need.USEFUL)
                if settings.compaction == "on":
                    compactor = Compactor(
                        store.compaction,
                        store.care,
                        compaction_rule(settings),
                        PreparingProcess(settings.database_url),
                        appends=lambda: log.committed_appends,
                    )
                    supervisor.run("compaction", compactor.run, Need.USEFUL)
                keeper = RetentionKeeper.of(store, backend.retention, settings.limits())
                supervisor.run("retention", keeper.run, Need.USEFUL)
                try:
                    async with figures:
                        yield
                finally:
                    await sockets.wait_closed()
                    supervisor.cancel()
                    people.close()
                    await checks.aclose()
                    await readiness.aclose()
        finally:
            if tracer is not None:
                await asyncio.to_thread(tracer.close)
            await blobs.aclose()
            await store.aclose()

    app = _Application(
        title="Quire",
        version=quire_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    install(app, settings)
    app.place(settings.base_path, TrustedProxies(settings.trusted_proxies))
    return app


def _open_bus(redis_url: str) -> Bus | None:
    if not redis_url:
        return None
    # Imported only here: who has one process need not pay for it.
    from sync.shells.bus.redis_bus import RedisBus

    return RedisBus(redis_url)


def _open_tracer(settings: Settings, process: str) -> "EditSpans | None":
    if not settings.otel_endpoint:
        return None
    # Imported only here: it is an extra, and costs a third of a second.
    from app.tracing.edit_spans import EditSpans

    return EditSpans(settings.otel_endpoint, settings.otel_ratio, quire_version(), process)


class _Application(FastAPI):
    """Sends WebSockets straight to where they are served; what HTTP needs costs memory and time."""

    def place(self, root_path: str, proxies: TrustedProxies) -> None:
        """Have it served below a path (empty: below none), and behind proxies."""
        self.root_path = root_path
        self._proxies = proxies
        self._placed = RootPath(self._dispatch, root_path)
        # Around everything: answers to defects and redirects have the headers, too.
        self._secured = SecurityHeaders(self._placed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._proxies.apply(scope)
        inner = self._placed if scope["type"] == "websocket" else self._secured
        await inner(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            state: State = self.state.quire
            await state.sockets(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
