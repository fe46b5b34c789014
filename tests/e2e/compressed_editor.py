"""The editor's files, compressed where they are kept for all servers that are forked from here.

A server compresses each file when it is first asked for; for the files of one page that takes as
long as all the rest of opening it, and nearly every browser test has a server of its own.
`fork_server.prepare_by` has this module imported once for them.
"""

import asyncio
import re
from typing import Final

from app.http.static_asset import assets_in
from web import DIST

_RARE: Final = ("diagram-", "part-", "vendor-mammoth-", "vendor-word-")
"""What most pages do not load, unless another file begins by importing it."""
_IMPORT: Final = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


def usual_names() -> set[str]:
    """Return the names of the files that pages load, whatever they show."""
    assets = DIST / "assets"
    found: set[str] = set()
    left = [
        path.name
        for path in assets.glob("*")
        if path.suffix in (".js", ".css") and not path.name.startswith(_RARE)
    ]
    while left:
        name = left.pop()
        if name not in found and (assets / name).exists():
            found.add(name)
            left += _IMPORT.findall((assets / name).read_text("utf-8"))
    return found


async def _compress() -> None:
    for name in sorted(usual_names()):
        await assets_in(DIST / "assets").answer(name, "br")


asyncio.run(_compress())
