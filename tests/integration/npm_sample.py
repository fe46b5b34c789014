"""A sample of the docs, run in Node with the packages of tests/npm; no test is in here."""

import subprocess
from typing import Final

from tests.integration.npm_client import node_program
from tests.integration.server import ROOT
from tests.patience import PATIENCE_S

_NPM: Final = ROOT / "tests" / "npm"


def run_sample(name: str, code: str) -> None:
    """Run a module that exports `type` and `provider`, as `tests/npm/sample.mjs` does it.

    Args:
        name: one that no other sample has which runs at the same time.
    """
    folder = _NPM / ".samples"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.mjs"
    file.write_text(code)
    node, environment = node_program()
    try:
        subprocess.run(
            [node, str(_NPM / "sample.mjs"), str(file)],
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=PATIENCE_S,
            check=True,
        )
    finally:
        file.unlink()
