"""The spans of edits, sent to a collector of OpenTelemetry.

    quire.edit      from the arrival of the oldest edit of the transaction until all are told
      quire.wait      until the transaction begins
      quire.merge     locks, catching up with other processes, merging
      quire.commit    writing and committing
      quire.deliver   messages to this process's clients
      quire.follow    in each other process: reading the event and telling its clients

They are made after the fact, from times that were taken anyway; a thread of the SDK sends them. If
the collector is away, they are dropped.
"""

import time
from collections.abc import Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)

from app.tracing.trace_ids import TraceIds, trace_ids
from sync.port import EventRecord
from sync.shells.meter import AppendTimes

_FLUSH_MS: Final = 2_000
_PATH: Final = "/v1/traces"


class _Ids(RandomIdGenerator):
    """Gives a first span the ids of its edit, and all others random ones."""

    def __init__(self) -> None:
        self.next: TraceIds | None = None

    def generate_trace_id(self) -> int:
        return super().generate_trace_id() if self.next is None else self.next.trace

    def generate_span_id(self) -> int:
        if self.next is None:
            return super().generate_span_id()
        root, self.next = self.next.root, None
        return root


class EditSpans:
    """A `sync.shells.edit_tracer.EditTracer` that sends spans.

    Args:
        endpoint: the address of the collector, for OTLP over HTTP: `http://127.0.0.1:4318`.
        ratio: of the edits whose traces are sent, 0 to 1.
        version: of Quire.
        process: the name of this process.
    """

    def __init__(self, endpoint: str, ratio: float, version: str, process: str) -> None:
        self._ids = _Ids()
        self._ratio = ratio
        names = {
            "service.name": "quire",
            "service.version": version,
            "service.instance.id": process,
        }
        self._provider = TracerProvider(
            id_generator=self._ids, resource=Resource.create(names), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}{_PATH}")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("quire", version)

    def close(self) -> None:
        """Send what is left, for a bounded time; it waits."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()

    def appended(self, events: Sequence[tuple[int, EventRecord]], times: AppendTimes) -> None:
        """Send the trace of each event."""
        to_ns = _epoch_ns
        for key, event in events:
            ids = trace_ids(key, event.id)
            if not ids.is_sampled(self._ratio):
                continue
            self._ids.next = ids
            root = self._tracer.start_span(
                "quire.edit",
                Context(),
                SpanKind.SERVER,
                attributes=_attributes(key, event),
                start_time=to_ns(times.wanted_s),
            )
            parts = (
                ("quire.wait", times.wanted_s, times.begun_s),
                ("quire.merge", times.begun_s, times.merged_s),
                ("quire.commit", times.merged_s, times.committed_s),
                ("quire.deliver", times.committed_s, times.delivered_s),
            )
            inside = set_span_in_context(root, Context())
            for name, start_s, end_s in parts:
                span = self._tracer.start_span(name, inside, start_time=to_ns(start_s))
                span.end(to_ns(end_s))
            root.end(to_ns(times.delivered_s))

    def followed(
        self, key: int, events: Sequence[EventRecord], looked_s: float, told_s: float
    ) -> None:
        """Add this process's part to the traces of events that another one has committed."""
        for event in events:
            ids = trace_ids(key, event.id)
            if not ids.is_sampled(self._ratio):
                continue
            remote = SpanContext(
                ids.trace, ids.root, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
            )
            span = self._tracer.start_span(
                "quire.follow",
                set_span_in_context(NonRecordingSpan(remote), Context()),
                SpanKind.CONSUMER,
                attributes=_attributes(key, event),
                start_time=_epoch_ns(looked_s),
            )
            span.end(_epoch_ns(told_s))


def _attributes(key: int, event: EventRecord) -> dict[str, str | int]:
    """Return what leads back to an event in the log; neither names nor texts."""
    return {
        "quire.document.key": key,
        "quire.event.id": event.id,
        "quire.event.version": event.version,
        "quire.session": event.session,
    }


def _epoch_ns(monotonic_s: float) -> int:
    """Return a time of the monotonic clock as nanoseconds since the epoch."""
    return time.time_ns() - round((time.monotonic() - monotonic_s) * 1e9)
