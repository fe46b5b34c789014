"""A `.env` file: assignments of settings, one a line."""

import re
from io import StringIO
from pathlib import Path
from typing import Final

from app.setting_row import SettingsError

_EMPTY: Final = re.compile(r"[^=]*=[^\S\r\n]*#[^\r\n]*\s*")
"""An assignment of nothing, with a comment behind it."""


def read_env_file(path: Path) -> dict[str, str]:
    """Read the assignments in a `.env` file; none if there is no such file.

    python-dotenv reads it: a line is `NAME=value`, perhaps after `export`; the value may be in
    single or double quotes, in which a backslash escapes, and over several lines; else it ends at
    ` #`. Empty lines and comments are passed over. `${NAME}` is not replaced.

    Raises:
        SettingsError: it cannot be read, or a line is something else.
    """
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    # Loaded here, because most servers have no such file. Its parser, because `dotenv_values`
    # passes over what it cannot read.
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            # The line is not repeated: it may hold a password.
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            line = binding.original.line + binding.original.string.count("\n", 0, blank)
            raise SettingsError(f"{path}, line {line}: not of the form NAME=value")
        if binding.key is not None and binding.value is not None:
            # python-dotenv sees a comment behind a value only.
            value = "" if _EMPTY.fullmatch(binding.original.string) else binding.value
            found[binding.key] = value
    return found
