"""A field of the settings, with what the command line and the docs say of it."""

from dataclasses import field
from typing import Any


def setting(
    default: Any, help_: str, *, unit: str = "", is_shown: bool = True, **bounds: Any
) -> Any:
    """A field of `Settings`. Bounds: `least`, `most` (both inclusive) or `choices`.

    Args:
        is_shown: False: it may hold a secret, and is left out where settings are printed.
    """
    metadata = {"help": help_, "unit": unit, **bounds}
    return field(default=default, metadata=metadata, repr=is_shown)
