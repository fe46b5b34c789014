"""The folder that the workers of one port share, and the removal of those that a kill has left.

Whoever uses such a folder holds a shared lock on a file in it: the process that watches over the
workers, and each worker. The kernel lets go of it with the last of them, however that ends, so a
folder that nobody holds belongs to nobody.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

_PREFIX: Final = "quire-workers-"
_HELD: Final = "held"
"""The name of the file that is locked; a folder without it is somebody else's, or being made."""
_LONGEST_PARENT: Final = 48
"""Bytes of a path: with the names of the folder and of a socket (at most 23 each) it stays below
what systems take for the address of a socket, 104 or 108."""
_SHORT_PARENT: Final = Path("/tmp")


@contextmanager
def workers_folder() -> Iterator[Path]:
    """Make a folder and hold it; those that nobody holds any more are removed before."""
    # Not on Windows, where workers share no folder.
    import fcntl

    parent = Path(gettempdir())
    if len(os.fsencode(parent)) > _LONGEST_PARENT:
        parent = _SHORT_PARENT
    remove_deserted(parent)
    with TemporaryDirectory(prefix=_PREFIX, dir=parent) as name:
        folder = Path(name)
        made = folder / f"{_HELD}.new"
        with made.open("wb") as file:
            # Locked before it has its name: nobody finds it without its lock.
            fcntl.flock(file, fcntl.LOCK_SH)
            made.rename(folder / _HELD)
            yield folder


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold a folder, too; one that is gone cannot be held."""
    import fcntl

    try:
        file = (folder / _HELD).open("rb")
    except OSError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield


def remove_deserted(parent: Path) -> None:
    """Remove this user's folders that nobody holds; what cannot be removed stays."""
    import fcntl

    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _HELD).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # it is held, or it is none
