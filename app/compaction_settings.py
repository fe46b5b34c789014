"""The settings of compaction: old events in compressed segments."""

from dataclasses import dataclass

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class CompactionSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    compaction: str = setting(
        "on",
        "Whether old events are compressed in the background, by a process that is started when "
        "there is work. They stay readable, every one.",
        choices=("on", "off"),
    )
    compact_after_minutes: int = setting(
        60,
        "How old events are before they are compressed.",
        unit="minutes",
        least=1,
        most=5_256_000,
    )
