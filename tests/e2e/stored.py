"""The server's text of a document, with which each journey compares its windows at the end."""

import httpx

from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S


def stored_text(server: ServerProcess, name: str) -> str:
    """Return the text of a document as the server has it."""
    url = f"{server.url}/api/documents/{name}/text"
    return httpx.get(url, timeout=PATIENCE_S).raise_for_status().text
