"""The failure of a command: a sentence for the person who typed it, and an exit code."""

from enum import IntEnum


class ExitCode(IntEnum):
    """See `app.cli.main`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class CommandFailed(Exception):
    """The command cannot do what it was asked; the message says why and, if it can, what to do."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code
