"""Applies what the gate let through to pycrdt, in a process that may die of it.

Reads JSON lines {"base": [hex], "update": hex, "clocks": {client: clock}, "plain": bool}; answers
each with one line, "ok" or what went wrong. Run by test_gate_fuzz.
"""

import json
import sys
from typing import Any

from pycrdt import Array, Doc, Map, Text

from sync.yjs.statevector import decode_state_vector


def _open(updates: list[bytes]) -> tuple[Doc[Any], Text]:
    doc: Doc[Any] = Doc()
    text = doc.get("content", type=Text)
    doc.get("meta", type=Map)
    doc.get("list", type=Array)
    for update in updates:
        doc.apply_update(update)
    return doc, text


def _probe(base: list[bytes], update: bytes, clocks: dict[int, int], *, plain: bool) -> str:
    try:
        doc, text = _open(base)
        seen: list[object] = []
        subscription = text.observe(
            lambda event: seen.append(event.delta)  # type: ignore[attr-defined]
        )
        doc.apply_update(update)
        text.unobserve(subscription)
        shown = str(text)
        state = doc.get_update()
        if decode_state_vector(doc.get_state()) != clocks:
            return f"state vector {decode_state_vector(doc.get_state())}"
        _, clone_text = _open([state])
        if str(clone_text) != shown:
            return f"the clone shows {str(clone_text)!r}, the original {shown!r}"
        doc.apply_update(update)
        if str(text) != shown or decode_state_vector(doc.get_state()) != clocks:
            return "a second application changed something"
        if plain:
            text += "!"
            del text[len(text) - 1 :]
        if str(text) != shown:
            return f"an edit at the end left {str(text)!r} of {shown!r}"
    except ValueError as error:
        return f"refused: {str(error)[:200]}"
    except BaseException as error:  # noqa: BLE001 - a panic is what this process is for
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "ok"


def main() -> None:
    for line in sys.stdin:
        case = json.loads(line)
        base = [bytes.fromhex(update) for update in case["base"]]
        clocks = {int(client): clock for client, clock in case["clocks"].items()}
        print(
            json.dumps(_probe(base, bytes.fromhex(case["update"]), clocks, plain=case["plain"])),
            flush=True,
        )


if __name__ == "__main__":
    main()
