"""The judgements of `quire check`."""

import pytest

from app.cli import finding
from app.cli.finding import Finding, exit_level


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        (finding.judge_readiness(200, (), ""), "ok", ""),
        (finding.judge_readiness(200, ["Redis does not answer."], ""), "warn", "log"),
        (finding.judge_readiness(503, (), "The database is read-only."), "fail", "log"),
        (finding.judge_redis(["Redis does not answer."]), "fail", "--redis-url"),
        (finding.judge_redis(["The place of images does not answer, or refuses."]), "ok", ""),
        (finding.judge_store(0.004), "ok", ""),
        (finding.judge_store(0.2), "warn", "nearer"),
        (finding.judge_store(1.5), "fail", "network"),
        (finding.judge_clock(0.3, 0.1), "ok", ""),
        (finding.judge_clock(-5.0, 0.1), "warn", "time server"),
        (finding.judge_clock(3.0, 2.0), "ok", ""),
        (finding.judge_clock(90.0, 0.1), "fail", "Tickets"),
        (finding.judge_upgrade(200, ""), "fail", "proxy_set_header Upgrade"),
        (finding.judge_upgrade(502, ""), "fail", "does not reach"),
        (finding.judge_upgrade(None, "refused"), "fail", "Nothing speaks"),
        (finding.judge_own_origin(True), "ok", ""),
        (finding.judge_own_origin(False), "fail", "proxy_set_header Host"),
        (finding.judge_foreign_origin(False, "https://x.example"), "ok", ""),
        (finding.judge_foreign_origin(True, "https://x.example"), "fail", "--allowed-origins"),
        (finding.judge_idle(30.0, 30.0, is_open=True), "ok", ""),
        (finding.judge_idle(5.0, 5.0, is_open=True), "warn", "--idle-s"),
        (finding.judge_idle(10.0, 30.0, is_open=False), "fail", "proxy_read_timeout"),
        (finding.judge_idle(30.0, 30.0, is_open=True, is_gone=True), "fail", "timeout tunnel"),
        (finding.judge_idle_stream(30.0, 30.0, 200, is_open=True), "ok", ""),
        (finding.judge_idle_stream(5.0, 5.0, 200, is_open=True), "warn", "--idle-s"),
        (finding.judge_idle_stream(2.0, 30.0, 200, is_open=False), "fail", "timeout server 90s"),
        (finding.judge_idle_stream(0.1, 30.0, 429, is_open=False), "warn", "log"),
        (finding.judge_frame(1 << 20, is_answered=True), "ok", ""),
        (finding.judge_frame(1 << 20, is_answered=False, reason="1009"), "fail", "bound"),
        (finding.judge_body(10 << 20, 405, is_quires=True), "ok", ""),
        (finding.judge_body(10 << 20, 413, is_quires=False), "fail", "client_max_body_size 10m"),
        (finding.judge_body(10 << 20, None, is_quires=False), "fail", "req.body_size"),
        (finding.judge_stream(0.02), "ok", ""),
        (finding.judge_stream(4.0), "fail", "proxy_buffering off"),
        (finding.judge_stream(None), "fail", "proxy_buffering off"),
        (finding.judge_processes([], ()), "warn", "X-Quire-Process"),
        (finding.judge_processes(["a", "a"], ()), "ok", ""),
        (finding.judge_processes(["a", "b"], ()), "ok", ""),
    ],
)
def test_finding_says_what_to_change_unless_it_is_in_order(
    found: Finding, level: str, words: str
) -> None:
    assert (found.level, words in found.change) == (level, True), found
    assert bool(found.change) == (level != "ok")


def test_processes_are_sticky_if_cookies_lead_to_one() -> None:
    assert "not sticky" in finding.judge_processes(["a", "b", "a"], {"a", "b"}).text
    assert "sticky by cookie" in finding.judge_processes(["a", "b", "a"], {"a"}).text


def test_worst_level_decides() -> None:
    ok, warn, fail = (Finding("x", level, "") for level in ("ok", "warn", "fail"))
    assert exit_level([]) == "ok"
    assert exit_level([ok, warn]) == "warn"
    assert exit_level([warn, fail, ok]) == "fail"
