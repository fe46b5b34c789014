"""Blobs as files in one folder, the default: `ab/abcd…` below it."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from storage.blobs.blob_store import CHUNK_BYTES
from sync.port import StoreError

T = TypeVar("T")

_UNFINISHED: Final = "unfinished"
_ABANDONED_AFTER_S: Final = 3_600.0


class FileBlobs:
    """A `BlobStore` in a folder, which is made at its first use.

    Several processes may share it. What one was writing when it was killed lies in a folder of its
    own, and is removed after an hour.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept_s = 0.0

    async def put(self, name: str, content: bytes) -> None:
        await _in_thread(lambda: self._put(name, content))

    async def read(self, name: str) -> AsyncIterator[bytes] | None:
        file = await _in_thread(lambda: self._open(name))
        return None if file is None else _chunks(file)

    async def delete(self, name: str) -> None:
        await _in_thread(lambda: self._path(name).unlink(missing_ok=True))

    async def names(self) -> AsyncIterator[str]:
        for folder in await _in_thread(lambda: sorted(self._folder.glob("[0-9a-f][0-9a-f]"))):
            for name in await _in_thread(partial(_names_in, folder)):
                yield name

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _open(self, name: str) -> BinaryIO | None:
        try:
            return self._path(name).open("rb")
        except FileNotFoundError:
            return None

    def _put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        unfinished = self._folder / _UNFINISHED
        for folder in (unfinished, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(unfinished)
        written = unfinished / f"{name}-{secrets.token_hex(8)}"
        try:
            with written.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
        # The name too is durable, not only what it names.
        for folder in (path.parent, self._folder):
            _sync_folder(folder)

    def _sweep(self, unfinished: Path) -> None:
        now_s = time.time()
        if now_s - self._swept_s < _ABANDONED_AFTER_S:
            return
        self._swept_s = now_s
        for path in unfinished.iterdir():
            with suppress(FileNotFoundError):
                if now_s - path.stat().st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()


def _names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name.startswith(folder.name))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await _in_thread(lambda: file.read(CHUNK_BYTES)):
            yield chunk


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise StoreError(f"the folder of images failed: {error}") from error
