"""Adding the HTTP side to an application: routes, problem documents, and the guards in front."""

from collections import Counter
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from app.http.body_limit import BodyLimit
from app.http.csrf import CookieGuard
from app.http.head import HeadAsGet
from app.http.origin import OriginGuard
from app.http.problem import install_problem_handlers
from app.http.process_name import new_process_name
from app.http.request_context import RequestContext
from app.http.request_count import RequestCount
from app.http.routes import (
    account,
    admin,
    audit_list,
    authors,
    copies,
    diff,
    documents,
    edits,
    events,
    exchange,
    findings,
    health,
    history,
    images,
    invitations,
    keeping,
    links,
    named_versions,
    oidc,
    page,
    playback,
    reference,
    restore,
    retention,
    roles,
    service_worker,
    session,
    takebacks,
    text,
    tickets,
    trashed,
    users,
    webhooks,
)
from app.http.stream import EventStreams
from app.settings import Settings

routers: Final[tuple[APIRouter, ...]] = (
    documents.router,
    copies.router,
    exchange.router,
    keeping.router,
    trashed.router,
    findings.router,
    text.router,
    edits.router,
    history.router,
    playback.router,
    authors.router,
    diff.router,
    restore.router,
    takebacks.router,
    named_versions.router,
    retention.router,
    events.router,
    images.router,
    session.router,
    account.router,
    invitations.router,
    users.router,
    webhooks.router,
    roles.router,
    links.router,
    tickets.router,
    oidc.router,
    audit_list.router,
    admin.router,
    health.router,
    reference.router,
    page.router,
    service_worker.router,
)

_ALLOWED_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "X-Quire-Name",
)


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes, the problem documents and the guards in front of them to an application."""
    install_problem_handlers(app)
    app.state.event_streams = EventStreams(
        settings.max_event_streams,
        per_user=settings.max_event_streams_per_user,
        per_address=settings.max_event_streams_per_address,
    )
    for router in routers:
        app.include_router(router)
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_message_bytes,
        max_form_bytes=settings.max_form_bytes,
        max_image_bytes=settings.max_image_bytes,
        max_import_bytes=settings.max_import_bytes,
    )
    allowed, public_url = settings.allowed_origins, settings.public_url
    app.add_middleware(CookieGuard, allowed=allowed, public_url=public_url)
    app.add_middleware(OriginGuard, allowed=allowed, public_url=public_url)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=_ALLOWED_HEADERS,
            expose_headers=("ETag", "Location", "Retry-After"),
        )
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestContext)
    app.state.process_name = new_process_name()
    app.state.statuses = Counter()
    app.add_middleware(RequestCount, statuses=app.state.statuses)
