"""The document `notes`, which people edit over HTTP under names that they give."""

from typing import Any

from tests.integration.http_app import Application

DOC = "/api/documents/notes"


def of(name: str) -> dict[str, str]:
    return {"X-Quire-Name": name}


async def edit(quire: Application, name: str, *ops: dict[str, Any]) -> int:
    body = {"base": None, "ops": list(ops)}
    written = await quire.ok("POST", f"{DOC}/edits", json=body, headers=of(name))
    version: int = written["version"]
    return version
