"""The settings of retention: how much of the history is kept."""

from dataclasses import dataclass
from typing import Final

from app.compaction_settings import CompactionSettings
from app.setting_field import setting
from storage.retention.retention_rule import KEEP, KINDS, RetentionRule

MAX_RETENTION_DAYS: Final = 36_500


@dataclass(frozen=True, kw_only=True)
class RetentionSettings(CompactionSettings):
    """A part of `app.settings.Settings`, which explains what a field is."""

    history_retention: str = setting(
        "keep",
        "What becomes of old events in documents without a rule of their own: `keep` keeps every "
        "one; `thin` leaves one for each session of writing; `drop` leaves the text, and the "
        "versions that people have named.",
        choices=KINDS,
    )
    history_retention_days: int = setting(
        90,
        "How old events are before they are thinned or dropped.",
        unit="days",
        least=1,
        most=MAX_RETENTION_DAYS,
    )

    @property
    def default_retention(self) -> RetentionRule:
        """The rule of documents that have none of their own."""
        for kind in KINDS:
            if kind == self.history_retention and kind != "keep":
                return RetentionRule(kind, self.history_retention_days)
        return KEEP
