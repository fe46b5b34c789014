"""The settings of full-text search."""

from dataclasses import dataclass

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    searches_per_minute: int = setting(
        600,
        "Searches of one user (in open mode: one address) in a minute, in one process; more get "
        "429.",
        least=1,
    )
    max_search_s: float = setting(
        3.0,
        "How long one search may take in the database; one that takes longer gets 422. One that "
        "waits so long for others gets 429.",
        unit="s",
        least=0.05,
        most=600.0,
    )
