"""`lab fuzz`: mutated frames against every decoder and the gate, guided by coverage (atheris).

Each target starts from the corpus that is kept in `lab/corpus`, one frame a line in hex, and from
good frames. What reaches new code is added to the corpus with `--keep`, smallest first.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lab.fuzz.fuzz_target import TARGETS, seeds
from lab.markdown_table import render_table
from lab.proof_page import ROOT, write_section

CORPUS: Final = ROOT / "lab" / "corpus"
_MAX_KEPT: Final = 120
_MAX_FRAME_BYTES: Final = 400
_FLAGS: Final = ("-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1")
_SHARES: Final = {"quire": 3, "y-websocket": 3, "hocuspocus": 3, "gate": 3}
_DONE: Final = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass(frozen=True)
class Attack:
    """The result of one target.

    Args:
        code: how its process ended: 0, or as a signal or an exception made it.
        finding: the frame that ended it, in hex, and the end of what it said.
    """

    target: str
    frames: int
    edges: int
    corpus: int
    seconds: float
    code: int
    finding: str = ""


def run_fuzz(arguments: Sequence[str]) -> int:
    """Run the experiment; return 1 if a frame did what no frame may."""
    options = _parse(arguments)
    if find_spec("atheris") is None:
        print("lab fuzz needs atheris: it is in the `test` extra, for Linux on x86-64")
        return 2
    shares = sum(_SHARES.values())
    with ThreadPoolExecutor(options.parallel) as pool:
        jobs = [
            pool.submit(
                attack,
                target,
                max(1, options.frames * _SHARES[target] // shares),
                options.seed,
                keep=options.keep,
            )
            for target in TARGETS
        ]
        attacks = [job.result() for job in jobs]
    table = render_table(
        ("target", "frames", "branches reached", "corpus", "deaths and exceptions", "s"),
        [
            (each.target, each.frames, each.edges, each.corpus, int(each.code != 0), each.seconds)
            for each in attacks
        ]
        + [("all", sum(a.frames for a in attacks), "", "", sum(a.code != 0 for a in attacks), "")],
    )
    print(table)
    for each in attacks:
        if each.code:
            print(f"{each.target} ended with {each.code}:\n{each.finding}")
    if options.write:
        command = f"python -m lab fuzz --frames {options.frames} --seed {options.seed}"
        write_section("fuzz", table, command)
    return int(any(each.code for each in attacks))


def attack(target: str, frames: int, seed: int, *, keep: bool = False) -> Attack:
    """Send so many frames at a target, in a process of its own."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quire-lab-") as name:
        folder = Path(name)
        found, kept = folder / "found", folder / "kept"
        _unpack(found, ())
        _unpack(kept, [*kept_frames(target), *seeds(target)])
        ended = _atheris(target, folder, [f"-runs={frames}", f"-seed={seed}"], found, kept)
        said = ended.stderr
        done = _DONE.search(said)
        finding = ""
        if ended.returncode:
            artifacts = [each for each in folder.iterdir() if each.is_file()]
            finding = "\n".join(each.read_bytes().hex() for each in artifacts) + said[-3_000:]
        elif keep:
            _keep(target, found)
        sent, edges, _, corpus = map(int, done.groups()) if done else (0, 0, 0, 0)
        seconds = round(time.monotonic() - started, 1)
        return Attack(target, sent, edges, corpus, seconds, ended.returncode, finding)


def kept_frames(target: str) -> list[bytes]:
    """Return the frames of the corpus that is kept."""
    path = CORPUS / f"{target}.txt"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []


def _atheris(
    target: str, folder: Path, flags: Sequence[str], *corpora: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "lab.fuzz.fuzz_worker",
            target,
            *_FLAGS,
            f"-max_len={_MAX_FRAME_BYTES}",
            f"-artifact_prefix={folder}/",
            *flags,
            *map(str, corpora),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _keep(target: str, found: Path) -> None:
    """Keep the frames that reached new code, the shortest first."""
    frames = {*kept_frames(target), *(each.read_bytes() for each in found.iterdir())}
    ordered = sorted((frame for frame in frames if frame), key=lambda frame: (len(frame), frame))
    CORPUS.mkdir(exist_ok=True)
    lines = "".join(f"{frame.hex()}\n" for frame in ordered[:_MAX_KEPT])
    (CORPUS / f"{target}.txt").write_text(lines)


def _unpack(folder: Path, frames: Iterable[bytes]) -> None:
    folder.mkdir()
    for number, frame in enumerate(frames):
        (folder / f"{number:05}").write_bytes(frame)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000, help="over all targets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=2, help="targets at a time")
    parser.add_argument("--keep", action="store_true", help="add what is new to lab/corpus")
    parser.add_argument("--write", action="store_true", help="write the section of docs/proof.md")
    return parser.parse_args(arguments)
