"""`quire`: the command line. Each command is a function of its parsed flags and exits with a code.

0: done. 1: refused, or it failed. 2: wrong flags or settings. 3: no server answers.
130: interrupted. 141: whoever read the output went away.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from app.cli.failure import CommandFailed, ExitCode
from app.cli.flag_grammar import parser
from app.setting_row import SettingsError
from sync.port import StoreError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    Args:
        argv: without the program's name; None takes the process's own.
    """
    try:
        flags = parser().parse_args(argv)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    command: Callable[[argparse.Namespace], int] = flags.command
    try:
        code = command(flags)
        sys.stdout.flush()
    except CommandFailed as failed:
        return _complain(str(failed), failed.exit_code)
    except SettingsError as error:
        return _complain(str(error), ExitCode.USAGE)
    except StoreError as error:
        return _complain(str(error), ExitCode.FAILED)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end, and would complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        return _complain(str(error), ExitCode.FAILED)
    return code


def _complain(text: str, code: int) -> int:
    print(f"quire: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
