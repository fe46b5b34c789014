"""The settings of traces."""

from dataclasses import dataclass
from importlib.util import find_spec

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class TracingSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    otel_endpoint: str = setting(
        "",
        "The address of a collector of OpenTelemetry (OTLP over HTTP) that gets a trace of each "
        "edit, such as `http://127.0.0.1:4318`; it needs the extra `otel`. Empty: none.",
    )
    otel_ratio: float = setting(
        1.0, "The part of the edits whose traces are sent.", least=0.0, most=1.0
    )


def refuse_unusable_tracing(settings: TracingSettings) -> None:
    """Refuse an address that is none, or one without what speaks to it.

    Raises:
        ValueError: the message says which setting, and what to do.
    """
    endpoint = settings.otel_endpoint
    if not endpoint:
        return
    if not endpoint.startswith(("http://", "https://")):
        raise ValueError(f"otel_endpoint: {endpoint[:80]!r} is no address such as http://host:4318")
    try:
        is_there = find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise ValueError("otel_endpoint: install Quire's extra `otel`: pip install 'quire[otel]'")
