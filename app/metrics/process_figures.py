"""The figures of one process, read off its parts at the moment in which they are asked for.

No label has a value that people choose: no names of documents or users. So the number of series is
bounded, whatever is written.
"""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from app.app_state import State
from app.http.problem import STATUS
from app.http.stream import EventStreams
from app.metrics.figure import Distribution, Figure, Snapshot, counter, gauge
from app.sockets import DIALECTS, GONE
from app.webhook.dispatcher import FAILED, TAKEN
from sync.error import CloseCode, ErrorCode
from sync.fact import (
    AskState,
    Fact,
    Join,
    Lagging,
    Leave,
    MoveCursor,
    RelayReceived,
    SendStateless,
    SetAwareness,
)
from sync.port import StoreError
from sync.shells.clock import now_ms
from sync.shells.meter import Histogram, Meter

_BUS_COUNTERS: Final = {
    "published": "Messages sent to other processes.",
    "dropped": "Messages to other processes that were not sent.",
    "received": "Messages received from processes, this one included.",
    "oversized": "Messages too large for the bus.",
    "reconnects": "Connections to Redis made again.",
}
_FACTS: Final[Mapping[str, tuple[str, tuple[type[Fact], ...]]]] = {
    "quire_joins": ("Joins of documents.", (Join,)),
    "quire_leaves": ("Ends of memberships in documents.", (Leave,)),
    "quire_presence_messages": (
        "Cursors, awareness and stateless messages from clients.",
        (MoveCursor, SetAwareness, SendStateless),
    ),
    "quire_states_asked": ("Whole or missing states that Yjs clients asked for.", (AskState,)),
    "quire_readers_lagged": (
        "Times that the outbox of a slow reader was emptied, to catch it up from the log.",
        (Lagging,),
    ),
    "quire_relays_received": ("Messages about presence from other processes.", (RelayReceived,)),
}
_HISTOGRAMS: Final = {
    "missed": ("quire_missed_versions", "Versions that returning clients had missed."),
    "batch_events": ("quire_batch_events", "Events of one transaction."),
    "batch_documents": ("quire_batch_documents", "Documents of one transaction."),
    "commit_s": ("quire_commit_seconds", "From the beginning of a transaction to its commit."),
    "delivery_s": (
        "quire_delivery_seconds",
        "From a commit until all messages about it are written or queued.",
    ),
    "submission_to_commit_s": (
        "quire_submission_to_commit_seconds",
        "From the oldest submission of a transaction to the commit.",
    ),
    "submission_to_delivery_s": (
        "quire_submission_to_delivery_seconds",
        "From the oldest submission of a transaction until all are told.",
    ),
    "loop_delay_s": ("quire_loop_delay_seconds", "The delay of the event loop, looked at often."),
}
_CODE: Final = "code"
_WEBHOOKS_WITHIN_S: Final = 2.0
"""A store that takes longer has no figures of webhooks: the others are not to wait for it."""
_CLOSES: Final = (GONE, *(str(int(code)) for code in CloseCode))


async def read_snapshot(parts: Any) -> Snapshot:
    """Return the figures of this process; the store is asked how it does.

    Args:
        parts: `app.state` of the application.
    """
    state: State = parts.quire
    store = await _of_readiness(state)
    webhooks = await _of_webhooks(state)
    snapshot = last_snapshot(parts)
    return Snapshot(snapshot.pid, [*snapshot.figures, *store, *webhooks], snapshot.distributions)


def last_snapshot(parts: Any) -> Snapshot:
    """Return what of the figures there is without waiting; see `read_snapshot`."""
    state: State = parts.quire
    streams: EventStreams = parts.event_streams
    statuses: Mapping[str, int] = parts.statuses
    problems = _with_all(STATUS, parts.problems)
    figures = [
        *_of_rooms(state),
        *_of_sockets(state),
        *_of_meter(state.rooms.meter),
        *_of_store(state),
        *_of_bus(state),
        *_of_process(),
    ]
    audit = state.backend.audit
    figures += (
        gauge("quire_event_streams", "Open event streams.", streams.count),
        counter("quire_http_requests", "Answered requests, by status.", statuses.items(), "status"),
        counter(
            "quire_http_problems", "Refused requests, by error code.", problems.items(), "code"
        ),
        counter(
            "quire_webhook_attempts",
            "Attempts to deliver to webhooks, by outcome.",
            _with_all((TAKEN, FAILED), state.webhook_outcomes).items(),
            "outcome",
        ),
        gauge("quire_audit_waiting", "Audit records that are not written yet.", audit.waiting),
        counter(
            "quire_audit_dropped",
            "Audit records that were dropped, because the store took none for long.",
            audit.dropped,
        ),
    )
    return Snapshot(os.getpid(), figures, list(_distributions(state.rooms.meter)))


def _of_rooms(state: State) -> Iterator[Figure]:
    parked = parked_in = read_only = 0
    for room in state.rooms:
        if room.parking:
            parked += len(room.parking)
            parked_in += 1
        read_only += room.is_read_only
    yield gauge("quire_rooms", "Documents held open.", len(state.rooms))
    yield gauge(
        "quire_read_only_rooms", "Those that the store keeps from being written.", read_only
    )
    yield gauge("quire_parked_updates", "Updates that wait for others they build on.", parked)
    yield gauge("quire_parked_rooms", "Documents with such updates.", parked_in)
    yield gauge("quire_draining", "Processes that are stopping.", int(state.rooms.draining))


def _of_sockets(state: State) -> Iterator[Figure]:
    by_dialect = _with_all(DIALECTS.values(), {})
    waiting_bytes = waiting = lagging = 0
    for socket in state.sockets:
        by_dialect[DIALECTS[type(socket)]] += 1
        if socket.outbox.bytes:
            waiting += 1
            waiting_bytes += socket.outbox.bytes
            lagging += socket.is_lagging
    yield gauge("quire_sessions", "Open WebSockets.", len(state.sockets))
    yield gauge("quire_connections", "The same by dialect.", by_dialect.items(), "dialect")
    yield gauge("quire_outbox_bytes", "Bytes that wait for slow readers.", waiting_bytes)
    yield gauge("quire_waiting_readers", "WebSockets with such bytes.", waiting)
    yield gauge("quire_lagging_readers", "Those whose messages were dropped meanwhile.", lagging)


def _of_meter(meter: Meter) -> Iterator[Figure]:
    yield counter(
        "quire_connections_opened",
        "WebSockets, by dialect.",
        _with_all(DIALECTS.values(), meter.opened).items(),
        "dialect",
    )
    yield counter(
        "quire_connections_closed",
        "WebSockets by close code of the server; `gone`: the peer went.",
        _with_all(_CLOSES, meter.closed).items(),
        _CODE,
    )
    yield counter("quire_readers_cut", "WebSockets closed as too slow.", meter.cut)
    yield counter(
        "quire_refusals",
        "Refused messages of sockets, by error code.",
        _with_all(ErrorCode, meter.refusals).items(),
        _CODE,
    )
    yield counter("quire_submissions", "Edits that were merged, once more ones included.",
                  meter.submissions)  # fmt: skip
    yield counter(
        "quire_batches_failed", "Batches of a document that did not commit.", meter.failed_batches
    )
    yield counter("quire_submission_bytes", "Their bytes.", meter.submission_bytes)
    yield counter("quire_events", "Edits that were committed.", meter.events)
    yield counter("quire_deliveries", "Messages of rooms, once for each receiver.",
                  meter.deliveries)  # fmt: skip
    yield counter("quire_delivery_bytes", "Their bytes.", meter.delivery_bytes)
    yield counter("quire_returns", "Joins of clients that had a version before.", meter.returns)
    yield counter("quire_recovered_returns", "Those that were sent exactly what they had missed.",
                  meter.recoveries)  # fmt: skip
    yield counter("quire_replayed_events", "Events read from the log for members.",
                  meter.replayed_events)  # fmt: skip
    for name, (help_, types) in _FACTS.items():
        yield counter(name, help_, sum(meter.facts.get(each, 0) for each in types))


def _with_all(names: Iterable[str], counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with a 0 for what there was none of: each series is there from the start."""
    return dict.fromkeys(map(str, names), 0) | dict(counts)


async def _of_readiness(state: State) -> list[Figure]:
    started_s = time.monotonic()
    trouble = await state.readiness.trouble()
    took_s = time.monotonic() - started_s
    return [
        gauge("quire_ready", "1 while edits can be stored.", int(trouble is None), merge="least"),
        gauge("quire_store_answer_seconds", "How long the store took to answer just now.", took_s,
              merge="most"),
    ]  # fmt: skip


async def _of_webhooks(state: State) -> list[Figure]:
    """Return what waits for webhooks, which every process reads alike; nothing if it cannot."""
    try:
        async with asyncio.timeout(_WEBHOOKS_WITHIN_S):
            sizes = await state.webhooks.rows.sizes()
    except (StoreError, TimeoutError):
        return []
    oldest_ms = sizes.oldest_at_ms
    lag_s = 0.0 if oldest_ms is None else max(0.0, (now_ms() - oldest_ms) / 1_000)
    figures = (
        ("quire_webhooks", "Webhooks.", sizes.webhooks),
        ("quire_webhooks_paused", "Those that are sent nothing.", sizes.paused),
        ("quire_webhook_queued", "Deliveries that wait for webhooks.", sizes.queued),
        ("quire_webhook_dead", "Deliveries that were given up.", sizes.dead),
        (
            "quire_webhook_lag_seconds",
            "The age of the oldest change that waits for a webhook that is not paused.",
            lag_s,
        ),
    )
    return [gauge(name, text, value, merge="most") for name, text, value in figures]


def _of_store(state: State) -> list[Figure]:
    log = state.log
    return [
        counter("quire_appends", "Transactions that have committed.", log.committed_appends),
        counter("quire_appends_failed", "Transactions that the store has failed.",
                log.failed_appends),
        gauge("quire_images_failing", "1 while the place of images fails.",
              int(state.blobs.is_failing), merge="most"),
    ]  # fmt: skip


def _of_bus(state: State) -> Iterator[Figure]:
    if state.bus is None:
        return
    yield gauge("quire_bus_up", "1 while Redis answers.", int(state.bus.is_up), merge="least")
    for name, text in _BUS_COUNTERS.items():
        yield counter(f"quire_bus_{name}", text, getattr(state.bus.counters, name))


def _of_process() -> Iterator[Figure]:
    """Yield what the system says of this process; empty where there is no `/proc`."""
    # Imported only here: a start need not wait for it.
    from prometheus_client.process_collector import ProcessCollector

    for family in ProcessCollector(registry=None).collect():
        value = family.samples[0].value
        if family.type == "counter":
            yield counter(family.name, family.documentation, value)
        else:
            yield gauge(family.name, family.documentation, value, merge="each")
    yield gauge("quire_workers", "Processes that have answered.", 1)


def _distributions(meter: Meter) -> Iterator[Distribution]:
    for attribute, (name, help_) in _HISTOGRAMS.items():
        histogram: Histogram = getattr(meter, attribute)
        bounds = tuple(histogram.bounds)
        yield Distribution(name, help_, bounds, list(histogram.counts), histogram.sum)
