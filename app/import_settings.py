"""The settings of documents that are brought in."""

from dataclasses import dataclass

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    max_import_bytes: int = setting(
        32 << 20,
        "One document that is brought in with its history; a larger file gets 413. It is in memory "
        "while it is checked, one at a time in each process.",
        unit="bytes",
        least=1 << 10,
    )
