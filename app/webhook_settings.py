"""The settings of webhooks."""

from dataclasses import dataclass

from app.setting_field import setting
from app.webhook.delivery_plan import DeliveryRules


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    webhook_allowed_networks: tuple[str, ...] = setting(
        (),
        "Addresses and networks, comma-separated, that webhooks may have although they are not of "
        "the public internet, and without https: `10.1.0.0/16`. Others are refused.",
        kind="networks",
    )
    webhook_timeout_s: float = setting(
        15.0,
        "How long a receiver may take to answer; then it is tried again later.",
        unit="s",
        least=0.1,
        most=60.0,
    )
    webhook_quiet_s: float = setting(
        5.0,
        "Edits of a document are told of when there were none for so long.",
        unit="s",
        least=0.0,
        most=3_600.0,
    )
    webhook_longest_s: float = setting(
        60.0,
        "While the edits of a document go on, they are told of at least so often.",
        unit="s",
        least=0.0,
        most=86_400.0,
    )
    webhook_pause_hours: float = setting(
        24.0,
        "A webhook that has taken nothing for so long is paused until an operator resumes it.",
        unit="hours",
        least=0.01,
        most=8_760.0,
    )
    max_webhook_backlog: int = setting(
        100_000,
        "Deliveries that are queued for one webhook; events beyond that are counted as lost to it.",
        least=100,
    )


def delivery_rules(settings: WebhookSettings) -> DeliveryRules:
    """Return the times of deliveries that settings say."""
    return DeliveryRules(
        quiet_ms=round(settings.webhook_quiet_s * 1_000),
        longest_ms=round(settings.webhook_longest_s * 1_000),
        pause_after_ms=round(settings.webhook_pause_hours * 3_600_000),
    )
