"""Folders of workers: one that a kill has left is removed, one that anybody holds is not."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import pytest

from app.metrics.figure import Snapshot, merge_snapshots
from app.metrics.worker_figures import WorkerFigures
from app.metrics.workers_folder import holding, remove_deserted, workers_folder

_HOLD = """
import sys, time
from app.metrics.workers_folder import workers_folder
with workers_folder() as folder:
    print(folder, flush=True)
    time.sleep(900)
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for that of a socket, as that of a test does not always."""
    with TemporaryDirectory(prefix="quire-test-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def left(short: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose process was killed."""
    monkeypatch.setattr("tempfile.tempdir", str(short))
    environment = {"TMPDIR": str(short), "PYTHONPATH": ":".join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    remove_deserted(short)
    assert folder.is_dir(), "somebody holds it"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert folder.is_dir()
    return folder


def test_folder_of_a_killed_process_is_removed_by_the_next(left: Path) -> None:
    with workers_folder() as own:
        assert own.parent == left.parent
        assert not left.exists()
        remove_deserted(own.parent)
        assert own.is_dir()
    assert not own.exists()


def test_folder_stays_while_a_worker_holds_it(left: Path) -> None:
    with holding(left):
        remove_deserted(left.parent)
        assert left.is_dir()
    remove_deserted(left.parent)
    assert not left.exists()


async def hold_as_a_worker(folder: Path) -> None:
    async def read() -> Snapshot:
        return merge_snapshots(())

    async with WorkerFigures(folder, read, lambda: merge_snapshots(())):
        remove_deserted(folder.parent)
        assert os.path.isdir(folder)  # noqa: ASYNC240 - it is one look
        # Somebody else, the user say, has removed it: the worker ends without a fault.
        rmtree(folder)


def test_worker_holds_its_folder(left: Path) -> None:
    asyncio.run(hold_as_a_worker(left))


def test_sockets_in_a_folder_of_a_long_path_are_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Symptom: "AF_UNIX path too long", and no worker started."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with workers_folder() as folder:
        assert folder.parent != long
        asyncio.run(hold_as_a_worker(folder))


def test_what_is_no_such_folder_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    (tmp_path / "quire-workers-link").symlink_to(elsewhere)
    (tmp_path / "quire-workers-being-made").mkdir()
    (tmp_path / "quire-backup").mkdir()
    (tmp_path / "quire-backup" / "held").touch()
    remove_deserted(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "elsewhere",
        "quire-workers-link",
        "quire-workers-being-made",
        "quire-backup",
    }
