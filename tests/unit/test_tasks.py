"""Every place that starts a task is known, and says who learns of its failure.

A new one belongs into `sync.shells.supervisor`. Where that does not fit, add it here, with the
reason.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STARTS = {"create_task", "ensure_future", "TaskGroup", "Thread", "run_coroutine_threadsafe"}
KNOWN = {
    "sync/shells/supervisor.py": "the supervisor",
    "sync/shells/bus/redis_bus.py": "`keep` makes another connection after any failure",
    "sync/shells/rooms/registry.py": "a loading: whoever asked gets the failure; it is logged, too",
    "sync/shells/sessions/socket.py": "in the life of its socket, which it ends",
    "sync/client/connection.py": "in the task group of the client; the failure is its user's",
    "app/cli/check_command.py": "a reader, awaited by its command, whose user gets the failure",
    "app/socket_life.py": "it ends the socket; what fails at the end is logged",
    "app/server/serve.py": "the drain, which ends the process however it ends",
    "app/webhook/dispatcher.py": "in the task group of the dispatcher, which the supervisor runs",
    "app/readiness.py": "the probe, whose failure is the answer",
    "app/service/standing_reader.py": "a query: whoever asked gets the failure",
    "storage/engine.py": "`finish`, which awaits it",
    "storage/work_thread.py": "its thread: each failure is told to whoever waits for the call",
}


def starts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in STARTS:
                yield name


def test_every_start_of_a_task_is_known() -> None:
    found: Counter[str] = Counter()
    for folder in ("app", "sync", "storage"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[path.relative_to(ROOT).as_posix()] += len(list(starts(path)))
    assert {path for path, count in found.items() if count} == KNOWN.keys()
