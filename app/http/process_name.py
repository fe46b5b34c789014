"""The name of one process, by which whoever looks can tell several behind one address apart."""

import secrets
from typing import Final

PROCESS_HEADER: Final = "X-Quire-Process"


def new_process_name() -> str:
    """Return a random name: process ids are alike in containers, and are nobody's business."""
    return secrets.token_hex(4)
