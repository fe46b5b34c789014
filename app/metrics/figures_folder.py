"""The folder that the workers of one port share: a socket of each, and the figures it kept."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.metrics.figure import Snapshot, decode_snapshot, encode_snapshot, merge_snapshots

_SOCKET: Final = ".socket"
_KEPT: Final = ".figures"
_ENDED: Final = "ended"
"""The name under which all workers that have ended are kept together."""
_LOCK: Final = "lock"


class FiguresFolder:
    """The files of one folder; each worker has a name of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def socket(self, name: str) -> Path:
        """Return the path of a worker's socket."""
        return self._path / f"{name}{_SOCKET}"

    def workers(self) -> list[str]:
        """Return the names of the workers that have a socket; of a killed one it may remain."""
        return sorted(path.stem for path in self._path.glob(f"*{_SOCKET}"))

    def keep(self, name: str, snapshot: Snapshot) -> None:
        """Keep what is about to be shown, whole or not at all."""
        made = self._path / f"{name}.new"
        made.write_bytes(encode_snapshot(snapshot))
        made.replace(self._kept(name))

    def kept(self, besides: Collection[str]) -> list[Snapshot]:
        """Return the snapshots that workers have kept, without those of `besides`."""
        with self._locked(is_shared=True):
            return self._read(name for name in self._keepers() if name not in besides)

    def remove_socket(self, name: str) -> None:
        """Remove the socket of a worker, which has ended."""
        self.socket(name).unlink(missing_ok=True)

    def put_ended_together(self) -> None:
        """Add up what workers without a socket have kept: one file, however many have ended."""
        with self._locked(is_shared=False):
            workers = self.workers()
            names = [name for name in self._keepers() if name not in workers]
            merged = merge_snapshots((), self._read(names))
            for name in names:
                self._kept(name).unlink()
            self.keep(_ENDED, merged)

    def _keepers(self) -> list[str]:
        return sorted(path.stem for path in self._path.glob(f"*{_KEPT}"))

    def _kept(self, name: str) -> Path:
        return self._path / f"{name}{_KEPT}"

    def _read(self, names: Iterator[str] | list[str]) -> list[Snapshot]:
        found = (decode_snapshot(self._kept(name).read_bytes()) for name in names)
        return [snapshot for snapshot in found if snapshot is not None]

    @contextmanager
    def _locked(self, *, is_shared: bool) -> Iterator[None]:
        """Hold the folder's lock, for the moment in which files are read or put together."""
        # Not on Windows, where there is no such folder either.
        import fcntl

        with (self._path / _LOCK).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
            yield
