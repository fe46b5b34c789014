"""`quire check` through a real nginx that is configured wrongly, in one way at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.integration.fork_server import run_forked
from tests.integration.server import ServerProcess
from tests.proxy_server import nginx

SOUND = "location / {{ proxy_pass http://127.0.0.1:{port}; {more} }}"


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[ServerProcess]:
    with ServerProcess(folder, arguments=arguments) as server:
        yield server


def check(folder: Path, url: str, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the exit code and the findings by name."""
    done = run_forked(["check", url, "--json", *arguments], folder, {"PATH": ""})
    assert done.stdout, done.stderr.decode()
    report = msgspec.json.decode(done.stdout)
    assert report["url"] == url
    return done.returncode, {found["name"]: found for found in report["findings"]}


def levels(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: each["level"] for name, each in found.items() if each["level"] != "ok"}


def test_sound_proxy_is_in_order_and_its_document_is_gone(tmp_path: Path) -> None:
    with (
        served(tmp_path) as server,
        nginx(tmp_path / "n", SOUND.format(port=server.port, more="")) as proxy,
    ):
        code, found = check(tmp_path, proxy.url(), "--idle-s", "0")
        assert (code, levels(found)) == (0, {})
        assert set(found) == {
            "reachable", "ready", "redis", "database", "clock", "websocket", "own origin",
            "foreign origin", "body size", "processes", "event stream", "message size",
        }  # fmt: skip
        listed = run_forked(["cat", "quire-check-x", "--url", server.url], tmp_path, {"PATH": ""})
        assert listed.returncode == 1


@pytest.mark.parametrize(
    ("more", "name", "words"),
    [
        ('proxy_set_header Upgrade ""; proxy_set_header Connection close;', "websocket",
         "proxy_set_header Upgrade"),
        ("proxy_set_header Host other.example; proxy_set_header Upgrade $http_upgrade; "
         "proxy_set_header Connection $connection_upgrade;", "own origin", "Host $http_host"),
        ("client_max_body_size 1m;", "body size", "client_max_body_size 10m"),
        ("proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; gzip on; "
         "gzip_types text/event-stream; gzip_min_length 0;", "event stream",
         "proxy_buffering off"),
        ("proxy_read_timeout 1s;", "idle", "proxy_read_timeout 90s"),
    ],
)  # fmt: skip
def test_wrong_proxy_is_told_what_to_change(
    tmp_path: Path, more: str, name: str, words: str
) -> None:
    with (
        served(tmp_path) as server,
        nginx(tmp_path / "n", SOUND.format(port=server.port, more=more)) as proxy,
    ):
        idle_s = "3" if name == "idle" else "0"
        code, found = check(tmp_path, proxy.url(), "--idle-s", idle_s)
        assert code == 1
        others = {"idle stream": "fail"} if name == "idle" else {}
        assert levels(found) == {name: "fail", **others}
        assert words in found[name]["change"]


def test_allowed_foreign_origin_and_a_store_that_fails_are_told(tmp_path: Path) -> None:
    with served(tmp_path, "--allowed-origins", "https://quire-check.example") as server:
        code, found = check(tmp_path, server.url, "--idle-s", "0")
        assert (code, levels(found)) == (1, {"foreign origin": "fail"})


def test_what_needs_permission_is_not_looked_at_without(tmp_path: Path) -> None:
    with served(tmp_path, "--auth", "accounts") as server:
        code, found = check(tmp_path, server.url)
        assert code == 0
        assert levels(found) == {"event stream": "warn", "message size": "warn", "idle": "warn"}
        assert "--token" in found["idle"]["change"]


def test_address_where_nothing_or_something_else_answers(tmp_path: Path) -> None:
    done = run_forked(["check", "http://127.0.0.1:9"], tmp_path, {"PATH": ""})
    assert done.returncode == 3
    assert b"does not answer" in done.stderr
    done = run_forked(["check", "ftp://example.org"], tmp_path, {"PATH": ""})
    assert done.returncode == 2
    with nginx(tmp_path / "n", "location / { return 200 'hello'; }") as other:
        done = run_forked(["check", other.url()], tmp_path, {"PATH": ""})
        assert done.returncode == 3
        assert b"not as Quire does" in done.stderr
