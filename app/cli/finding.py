"""The findings of the check of a deployment: judgements of what was measured, pure.

Each finding says what was seen, and for what is not in order which setting of the proxy or of Quire
changes it.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal

from msgspec import Struct

Level = Literal["ok", "warn", "fail"]

SLOW_STORE_S: Final = 0.05
STUCK_STORE_S: Final = 1.0
CLOCK_WARN_S: Final = 2.0
CLOCK_FAIL_S: Final = 60.0
LATE_EVENT_S: Final = 2.0
PING_INTERVAL_S: Final = 25.0
"""The interval of the server's pings, by default: no connection is silent for longer."""
_LONG_WAIT_S: Final = 60.0
_ABOVE: Final = f"It must be above {PING_INTERVAL_S:.0f} s, better above {_LONG_WAIT_S:.0f} s."


class Finding(Struct, frozen=True):
    """One line of the report."""

    name: str
    level: Level
    text: str
    change: str = ""
    """The remedy; empty: it needs none."""


def ok(name: str, text: str) -> Finding:
    """Return that something is in order."""
    return Finding(name, "ok", text)


def warn(name: str, text: str, change: str) -> Finding:
    """Return that something could be better, or could not be found out."""
    return Finding(name, "warn", text, change)


def fail(name: str, text: str, change: str) -> Finding:
    """Return that something does not work."""
    return Finding(name, "fail", text, change)


def judge_readiness(status: int, troubles: Sequence[str], reason: str) -> Finding:
    """Judge the answer of `/readyz`."""
    if status == 200 and not troubles:
        return ok("ready", "edits can be stored")
    if status == 200:
        return warn(
            "ready", " ".join(troubles), "Look at Redis, or at the place of images; see the log."
        )
    return fail("ready", reason or f"answered {status}", "The log of the server says why.")


def judge_redis(troubles: Sequence[str]) -> Finding:
    """Judge what `/readyz` says of Redis."""
    if any("Redis" in trouble for trouble in troubles):
        return fail(
            "redis",
            "a process does not reach Redis",
            "Look at --redis-url and at Redis: until then edits of other processes come late, "
            "and people connected to them are not shown.",
        )
    return ok("redis", "in order, where it is used")


def judge_store(took_s: float) -> Finding:
    """Judge how long the database took, besides the way to the server."""
    text = f"answers in {_ms(took_s)}"
    if took_s >= STUCK_STORE_S:
        return fail("database", text, "Look at the database, its disk and the network to it.")
    if took_s >= SLOW_STORE_S:
        return warn(
            "database",
            text,
            "Each edit waits for it: put the database nearer, or on a faster disk.",
        )
    return ok("database", text)


def judge_clock(ahead_s: float, way_s: float) -> Finding:
    """Judge the server's clock against the one here.

    Args:
        ahead_s: how far the server is ahead; negative if it is behind.
        way_s: the time of a round trip, within which nothing is known.
    """
    off_s = max(0.0, abs(ahead_s) - way_s)
    side = "ahead of" if ahead_s > 0 else "behind"
    text = f"{off_s:.1f} s {side} the clock here" if off_s >= 0.1 else "as here"
    if off_s < CLOCK_WARN_S:
        return ok("clock", text)
    change = "Have both machines follow a time server (chrony, systemd-timesyncd)."
    if off_s < CLOCK_FAIL_S:
        return warn("clock", text, change)
    return fail("clock", text, f"{change} Tickets and tokens end too early or too late.")


def judge_upgrade(status: int | None, reason: str) -> Finding:
    """Judge an upgrade to WebSocket that was refused.

    Args:
        status: the answer; None: there was none.
        reason: what went wrong, in the words of the client.
    """
    if status is None:
        return fail("websocket", reason, "Nothing speaks WebSocket there.")
    if status in (502, 503, 504):
        return fail(
            "websocket", f"the proxy answered {status}", "It does not reach Quire; see its log."
        )
    return fail(
        "websocket",
        f"not upgraded: answered {status}",
        "nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
        "proxy_set_header Connection $connection_upgrade;` with the map of docs/deploy/nginx.conf. "
        "HAProxy: `mode http`, and no rule that removes or sets `Upgrade` or `Connection`.",
    )


def judge_own_origin(is_accepted: bool) -> Finding:
    """Judge a WebSocket of a page of the server itself."""
    if is_accepted:
        return ok("own origin", "its pages may connect")
    return fail(
        "own origin",
        "its own pages are refused",
        "nginx: `proxy_set_header Host $http_host;`. HAProxy: no `http-request set-header Host`, "
        "and none of `Origin`. Or set --public-url to the address that people use.",
    )


def judge_foreign_origin(is_accepted: bool, origin: str) -> Finding:
    """Judge a WebSocket of a page of another site."""
    if not is_accepted:
        return ok("foreign origin", "pages of other sites are refused")
    return fail(
        "foreign origin",
        f"a page of {origin} may connect",
        "Remove it from --allowed-origins. The proxy must pass `Origin` on as it came: nginx "
        "without `proxy_set_header Origin`, HAProxy without `http-request set-header` or "
        "`del-header` of it.",
    )


def judge_idle(held_s: float, wanted_s: float, *, is_open: bool, is_gone: bool = False) -> Finding:
    """Judge a connection on which nothing was said but pings.

    Args:
        held_s: how long it lasted.
        is_open: it was still open after `wanted_s`.
        is_gone: it was still open, and yet nothing was answered on it.
    """
    if is_open and not is_gone:
        return _held("idle", held_s, wanted_s)
    return fail(
        "idle",
        f"dead after {held_s:.0f} s" if is_gone else f"closed after {held_s:.0f} s of silence",
        f"nginx: `proxy_read_timeout 90s; proxy_send_timeout 90s;`. HAProxy: `timeout tunnel 90s`; "
        f"without it `timeout client` and `timeout server` count. {_ABOVE}",
    )


def judge_idle_stream(held_s: float, wanted_s: float, status: int, *, is_open: bool) -> Finding:
    """Judge an event stream on which nothing was said but comments; see `judge_idle`.

    Args:
        status: the answer.
    """
    if status != 200:
        change = "Look at the log of the proxy and of the server."
        return warn("idle stream", f"not looked at: answered {status}", change)
    if is_open:
        return _held("idle stream", held_s, wanted_s)
    return fail(
        "idle stream",
        f"cut after {held_s:.0f} s of silence",
        f"nginx: `proxy_read_timeout 90s;`. HAProxy: `timeout server 90s` and `timeout client 90s` "
        f"(`timeout tunnel` is for WebSockets alone). {_ABOVE}",
    )


def _held(name: str, held_s: float, wanted_s: float) -> Finding:
    if wanted_s >= PING_INTERVAL_S:
        return ok(name, f"survived {held_s:.0f} s")
    change = f"Quire says something every {PING_INTERVAL_S:.0f} s: look for longer, --idle-s 30."
    return warn(name, f"survived {held_s:.0f} s", change)


def judge_frame(size: int, *, is_answered: bool, reason: str = "") -> Finding:
    """Judge a large WebSocket message."""
    if is_answered:
        return ok("message size", f"{_bytes(size)} in one message passed")
    return fail(
        "message size",
        f"{_bytes(size)} in one message did not pass: {reason}",
        "A proxy bounds WebSocket messages, or the time that one may take; nginx and HAProxy do "
        "not. Raise its bound to --max-message-bytes.",
    )


def judge_body(size: int, status: int | None, *, is_quires: bool) -> Finding:
    """Judge a large body of a request.

    Args:
        status: the answer; None: the connection was closed before it was sent.
        is_quires: it is Quire's, not the proxy's.
    """
    if is_quires:
        return ok("body size", f"{_bytes(size)} in one request passed")
    return fail(
        "body size",
        f"the proxy refused {_bytes(size)}"
        f"{', and closed the connection' if status is None else f' with {status}'}",
        f"nginx: `client_max_body_size {_bytes(size).replace(' MB', 'm').replace(' kB', 'k')};`, "
        "the largest of --max-message-bytes, --max-image-bytes and --max-import-bytes. HAProxy: "
        "raise what `http-request deny` allows of `req.body_size` or `content-length` to that.",
    )


def judge_stream(late_s: float | None) -> Finding:
    """Judge when an event arrived that was written while a stream was open.

    Args:
        late_s: since it was written; None: it did not arrive.
    """
    if late_s is not None and late_s < LATE_EVENT_S:
        return ok("event stream", f"an edit arrived after {_ms(late_s)}")
    return fail(
        "event stream",
        "no edit arrived" if late_s is None else f"an edit arrived only after {late_s:.1f} s",
        "The proxy buffers answers. nginx: `proxy_buffering off;`, no `proxy_ignore_headers "
        "X-Accel-Buffering;`, and no `gzip` of `text/event-stream`. HAProxy: no `compression type` "
        "of `text/event-stream`, and `Cache-Control` of answers as it came.",
    )


def judge_processes(seen: Sequence[str], kept: Collection[str]) -> Finding:
    """Judge which processes answered.

    Args:
        seen: the process of each of some new connections.
        kept: those of connections that came back with the proxy's cookies.
    """
    count = len(set(seen))
    if count == 0:
        change = (
            "The proxy drops `X-Quire-Process` (HAProxy: `http-response del-header`), or it is old."
        )
        return warn("processes", "not known", change)
    if count == 1:
        return ok("processes", f"one answered {len(seen)} times: one process, or sticky")
    sticky = "sticky by cookie" if len(kept) == 1 and len(seen) > 1 else "not sticky"
    return ok("processes", f"{count} answer in turn; {sticky}, and nothing depends on it")


def exit_level(findings: Sequence[Finding]) -> Level:
    """Return the worst level."""
    levels = {finding.level for finding in findings}
    return "fail" if "fail" in levels else "warn" if "warn" in levels else "ok"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _bytes(size: int) -> str:
    return f"{size >> 20} MB" if size >= 1 << 20 else f"{size >> 10} kB"
