"""Reading a whole log over HTTP, and holding it against itself; no test is in here."""

import base64
from typing import Any

import httpx
import msgspec

from sync.text.delta import apply, from_wire
from tests.integration.server import ServerProcess
from tests.integration.yjs_replica import YjsReplica
from tests.patience import PATIENCE_S


async def read_history(server: ServerProcess, doc: str) -> list[dict[str, Any]]:
    """Every event with its `ops` and `update` (bytes), oldest first; versions have no gap."""
    events: list[dict[str, Any]] = []
    after: int | None = 0
    async with httpx.AsyncClient(
        base_url=server.url,
        trust_env=False,
        timeout=PATIENCE_S,
        # Between two pages the machine may stand still for longer than a connection is kept.
        headers={"Connection": "close"},
    ) as http:
        while after is not None:
            query: dict[str, str | int] = {"after": after, "limit": 500, "include": "ops,update"}
            answer = await http.get(f"/api/documents/{doc}/history", params=query)
            assert answer.status_code == 200, answer.text
            page = msgspec.json.decode(answer.content)
            for event in page["events"]:
                event["update"] = base64.b64decode(event["update"], validate=True)
            events += page["events"]
            after = page["next"]
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    return events


def replayed(events: list[dict[str, Any]]) -> str:
    """The text at the head; at every version it is the same by `ops` and by `update`."""
    replica = YjsReplica()
    text = ""
    for event in events:
        text = apply(text, from_wire(event["ops"]))
        replica.apply(event["update"])
        assert text == replica.text, f"ops and update differ at version {event['version']}"
    return text
