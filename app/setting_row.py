"""One row of the table of settings: how its text is read, and what is refused."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from app.server.peer_address import parse_networks

ENVIRONMENT_PREFIX: Final = "QUIRE_"

Value = str | int | float | tuple[str, ...]
"""The value of a setting; the tuple is a list of origins."""


class SettingsError(ValueError):
    """A setting cannot be used; the message names it, where it came from, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    type: Callable[[str], str | int | float]
    """The type that its text is read as: `str`, `int` or `float`; a list of origins is one text."""
    default: Value
    unit: str
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    is_limit: bool = False
    kind: str = ""
    """Of a list: `origins` or `networks`."""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()

    def read(self, given: object, source: str) -> Value:
        """The value that was given, converted and checked.

        Raises:
            SettingsError: it cannot be used.
        """
        if isinstance(self.default, tuple):
            parts = _read_list(given, source, self.kind)
            return _LIST_READERS[self.kind](parts, source)
        text = str(given).strip()
        try:
            value = self.type(text)
        except ValueError:
            kind = "an integer" if self.type is int else "a number"
            raise SettingsError(f"{source}: {text[:80]!r} is not {kind}") from None
        if isinstance(value, str):
            self._check_text(value, source)
        else:
            self._check_number(value, source)
        return value

    def _check_text(self, value: str, source: str) -> None:
        if self.choices and value not in self.choices:
            choices = ", ".join(filter(None, self.choices))
            raise SettingsError(f"{source}: {value[:80]!r} is not supported; it can be {choices}")

    def _check_number(self, value: float, source: str) -> None:
        below = self.least is not None and value < self.least
        above = self.most is not None and value > self.most
        if not math.isfinite(value) or below or above:
            least = "" if self.least is None else f" from {self.least:g}"
            most = "" if self.most is None else f" to {self.most:g}"
            raise SettingsError(f"{source}: {value} is not a number{least}{most}")


def _read_list(given: object, source: str, kind: str) -> list[str]:
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, Sequence):
        raise SettingsError(f"{source}: not a list of {kind}")
    return [str(part).strip() for part in parts]


def _read_origins(parts: Sequence[str], source: str) -> tuple[str, ...]:
    origins = (part.lower().removesuffix("/") for part in parts)
    return tuple(_checked_origin(origin, source) for origin in origins if origin)


def _read_networks(parts: Sequence[str], source: str) -> tuple[str, ...]:
    try:
        return parse_networks(parts)
    except ValueError as error:
        raise SettingsError(f"{source}: {error}") from None


_LIST_READERS: Final = {"origins": _read_origins, "networks": _read_networks}


def _checked_origin(origin: str, source: str) -> str:
    try:
        parts = urlsplit(origin)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise SettingsError(
            f"{source}: {origin[:80]!r} is not an origin such as https://wiki.example.org"
        )
    return origin
