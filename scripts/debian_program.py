"""Programs of the machine that tests need and Debian packages; they are found, or installed."""

import os
import shutil
from dataclasses import dataclass
from typing import Final

from scripts.debian import install_packages
from scripts.program import starts

# Debian keeps servers where only root's PATH looks.
_FOLDERS: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True, slots=True)
class DebianProgram:
    """A program, and the places where it may be.

    Args:
        title: its name, as messages say it.
        variable: the variable of the environment that names one.
        commands: the usual commands, the best first.
        packages: Debian's packages that bring one of the commands.
        version_flag: the flag to which it answers with success.
    """

    title: str
    variable: str
    commands: tuple[str, ...]
    packages: tuple[str, ...]
    version_flag: str = "--version"

    def find(self) -> str | None:
        """Return the path of one that starts, or None.

        Tried in turn: the variable, the usual commands, and Debian's packages (as root only).
        """
        if chosen := os.environ.get(self.variable):
            return chosen if self._starts(chosen) else None
        for find in (self.installed, self._from_debian):
            path = find()
            if path is not None and self._starts(path):
                return path
        return None

    def installed(self) -> str | None:
        """Return the path of the first of the usual commands that is there, or None."""
        paths = (shutil.which(command, path=_FOLDERS) for command in self.commands)
        return next(filter(None, paths), None)

    def _from_debian(self) -> str | None:
        return self.installed() if install_packages(*self.packages) else None

    def _starts(self, path: str) -> bool:
        return starts(path, self.version_flag)


NGINX: Final = DebianProgram(
    "nginx", "QUIRE_TEST_NGINX", ("nginx",), ("nginx-light", "openssl"), "-v"
)
HAPROXY: Final = DebianProgram("HAProxy", "QUIRE_TEST_HAPROXY", ("haproxy",), ("haproxy",), "-v")
FIREFOX: Final = DebianProgram(
    "Firefox", "QUIRE_TEST_FIREFOX", ("firefox", "firefox-esr"), ("firefox-esr",)
)
