"""The settings of `/metrics`: who may read the figures."""

from dataclasses import dataclass

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class MetricsSettings:
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
