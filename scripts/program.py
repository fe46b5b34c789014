"""Programs that tests need: whether one starts."""

import subprocess


def starts(path: str, flag: str = "--version", *, timeout_s: float = 60) -> bool:
    """Return whether a program answers to `flag` with success, in time."""
    try:
        answer = subprocess.run([path, flag], capture_output=True, check=False, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0
