"""The settings by which a server is watched: who may read the figures, and who gets traces."""

from dataclasses import dataclass

from app.setting_field import setting
from app.tracing_settings import TracingSettings


@dataclass(frozen=True, kw_only=True)
class MetricsSettings(TracingSettings):
    """A part of `app.settings.Settings`, which explains what a field is."""

    metrics_networks: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"),
        "Addresses and networks, separated by commas, from which `/metrics` is answered without a "
        "token; empty: none.",
        kind="networks",
    )
    metrics_token: str = setting(
        "",
        "Whoever shows it, as `Authorization: Bearer …`, is answered at `/metrics` from anywhere; "
        "empty: nobody.",
        is_shown=False,
    )
