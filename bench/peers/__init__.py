"""Others that keep the history of a text, run beside as their authors publish them."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.history_source import Step, write_steps

_FOLDER = Path(__file__).parent


def diamond_types_bytes(steps: Sequence[Step]) -> int | None:
    """Return the size of the file that diamond-types makes of a session; None: it cannot be run.

    It is installed by `npm` at the first use, with the version and the hash of the lock file.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    if not (_FOLDER / "node_modules").exists():
        installed = subprocess.run([npm, "ci", "--silent"], cwd=_FOLDER, check=False)
        if installed.returncode:
            return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "session.json.gz"
        write_steps(steps, path)
        command = [node, "diamond_types.mjs", str(path)]
        ran = subprocess.run(command, cwd=_FOLDER, check=True, capture_output=True, text=True)
        return int(ran.stdout)
