"""Write the pages of `docs/` that are derived from code: settings and limits.

    python -m scripts.write_docs

A test fails while a page differs from what this would write.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from app.http.routes import documents, users
from app.http.schema import MAX_TITLE_CHARS
from app.identity.accounts.invitation import MAX_INVITATIONS
from app.identity.accounts.passwords import (
    MAX_HASHED_AT_ONCE,
    MAX_PASSWORD_CHARS,
    MAX_WAITING,
    MIN_PASSWORD_CHARS,
)
from app.identity.accounts.web_sessions import MAX_SESSIONS
from app.identity.display_name import MAX_NAME_CHARS
from app.service import version_reader, version_restore
from app.setting_row import Setting
from app.settings import SETTINGS
from sync import limit
from sync.limit import Limits
from sync.port import MAX_BUS_PAYLOAD_BYTES
from sync.room.deferred import MAX_KEPT_ASKS
from sync.shells import reversal_process
from sync.shells.sessions.outbox import HARD_BYTES
from sync.shells.sessions.socket import MAX_FAULTS
from sync.wire.hocuspocus import MAX_ADDRESS_BYTES, MAX_STATELESS_BYTES, MAX_TOKEN_BYTES
from sync.yjs.bounded_json import MAX_DEPTH

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"

_SETTINGS_HEAD: Final = """\
# Settings

A setting is read from its flag of `quire serve`, else from its environment variable, else from a
file named `.env` in the current folder, else it has its default. A value that cannot be used
stops the start with a message that names it. `scripts/write_docs.py` writes this page.

python-dotenv reads the `.env` file: lines of `NAME=value`, perhaps after `export`. A value may
stand in single or double quotes, in which a backslash escapes; else it ends at ` #`. `${NAME}` is
not replaced. A line that is anything else stops the start with its number.
"""

_LIMITS_HEAD: Final = """\
# Limits

Everything that a peer can make grow has a bound, and a defined answer when it is reached. Those
with a flag are [settings](settings.md). `scripts/write_docs.py` writes this page.

Error codes are those of the socket protocol; over HTTP they come as problem documents, see
[http.md](http.md#errors).
"""


def settings_page() -> str:
    """Return the page `docs/settings.md`."""
    rows = (
        (f"`{each.flag}`", f"`{each.variable}`", _default(each), _described(each))
        for each in SETTINGS
    )
    table = _table(("flag", "environment", "default", "meaning"), rows)
    return f"{_SETTINGS_HEAD}\n{table}"


def limits_page() -> str:
    """Return the page `docs/limits.md`."""
    flags = {each.name: f"`{each.flag}`" for each in SETTINGS}
    defaults = Limits()
    core = (
        (f"`{name}`", _number(getattr(defaults, name)), flags.get(name, ""), about)
        for name, about in _limit_docstrings()
    )
    beside = (
        (f"`{each.name}`", _default(each), f"`{each.flag}`", _described(each))
        for each in SETTINGS
        if each.name.startswith(("max_", "sign_in_attempts_")) and not each.is_limit
    )
    fixed = (
        ("a title", f"{MAX_TITLE_CHARS} characters", "422 `invalid_message`"),
        ("a user's name", f"{MAX_NAME_CHARS} characters", "`auth_failed`"),
        (
            "a password",
            f"{MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS:,} characters",
            "422 `invalid_message`",
        ),
        (
            "passwords that are hashed, or wait for that",
            f"{MAX_HASHED_AT_ONCE} at once, {MAX_WAITING} waiting",
            "429 `rate_limited`",
        ),
        ("sessions of one user", f"{MAX_SESSIONS}", "the oldest ends"),
        ("open invitations", f"{MAX_INVITATIONS:,}", "409 `too_many`"),
        ("users that a search finds", f"{users.MAX_FOUND}", "the others are not shown"),
        ("a page of documents", f"{documents.MAX_PAGE}", "422 `invalid_message`"),
        ("a page of history", f"{version_reader.MAX_PAGE_EVENTS} events", "422 `invalid_message`"),
        (
            "a page of history in memory",
            f"{version_reader.MAX_PAGE_BYTES:,} bytes",
            "the page is shorter, `next` goes on",
        ),
        (
            "what waits to be sent on one socket and cannot come from the log",
            f"`max_outbox_bytes` and {HARD_BYTES:,} bytes",
            "close 1013",
        ),
        (
            "joins of one session that wait for one document",
            f"{MAX_KEPT_ASKS}",
            "`rate_limited`",
        ),
        (
            "a message between processes",
            f"{MAX_BUS_PAYLOAD_BYTES:,} bytes",
            "dropped: a stateless message that is larger stays in its process",
        ),
        (
            "updates read to restore a version of a document that is more than text",
            f"{version_restore.MAX_HISTORY_BYTES:,} bytes up to it, and as many since",
            "409 `not_restorable`",
        ),
        (
            "time to find what restores it",
            f"{reversal_process.TIME_LIMIT_S} s",
            "409 `not_restorable`",
        ),
        ("such searches at once", f"{reversal_process.MAX_AT_ONCE}", "429 `rate_limited`"),
        ("JSON inside an update or an awareness state", f"{MAX_DEPTH} levels", "refused"),
        ("a document's name in a Hocuspocus frame", f"{MAX_ADDRESS_BYTES} bytes", "close 4400"),
        ("a token in such a frame", f"{MAX_TOKEN_BYTES:,} bytes", "close 4400"),
        ("a stateless message in such a frame", f"{MAX_STATELESS_BYTES:,} bytes", "close 4400"),
        (
            "frames refused in a row on `/ws`, tokens on `/hocuspocus`",
            f"{MAX_FAULTS}",
            "close 1008",
        ),
    )
    return "\n".join(
        (
            _LIMITS_HEAD,
            "## Rooms and sessions\n",
            _table(("limit", "default", "flag", "what it bounds, and the answer"), core),
            "## The process\n",
            _table(("limit", "default", "flag", "what it bounds, and the answer"), beside),
            "## Fixed\n",
            _table(("what", "at most", "answer"), fixed),
        )
    )


def _limit_docstrings() -> Iterator[tuple[str, str]]:
    """Yield the fields of `Limits`, each with the docstring that stands under it."""
    module = ast.parse(inspect.getsource(limit))
    found = next(
        node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Limits"
    )
    for field, below in zip(found.body, found.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        match below:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield field.target.id, re.sub(r"\s+", " ", text).strip()
            case _:
                raise AssertionError(f"Limits.{field.target.id} has no docstring")


def _default(setting: Setting) -> str:
    match setting.default:
        case tuple() | "":
            return "none"
        case str(text):
            return f"`{text}`"
        case number:
            return f"{_number(number)} {setting.unit}".strip()


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) and value > 9_999 else f"{value:g}"


def _described(setting: Setting) -> str:
    if not setting.choices:
        return setting.help
    return f"{setting.help} One of {', '.join(f'`{each}`' for each in setting.choices if each)}."


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


PAGES: Final = {"settings.md": settings_page, "limits.md": limits_page}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
