"""A Node process that holds replicas of real Yjs, told over JSON lines what to do."""

import json
import subprocess
from typing import Any

from tests.integration.npm_client import _PROJECT, node_program


class YjsProcess:
    """The process of one program in `tests/npm`."""

    def __init__(self, program: str) -> None:
        node, environment = node_program()
        self._process = subprocess.Popen(
            [node, str(_PROJECT / program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def call(self, command: str, **parameters: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **parameters}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()
