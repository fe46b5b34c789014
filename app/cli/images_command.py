"""`quire db images`, which checks that every image has its bytes; and `quire db copy --blobs`."""

import argparse
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.cli.failure import CommandFailed
from app.cli.progress import Progress
from app.image_settings import image_place
from app.settings import Settings

if TYPE_CHECKING:
    from storage.blobs.blob_store import BlobStore
    from storage.store import Store


def add_image_flags(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[argparse.Namespace], int],
) -> None:
    """Add `quire db images`."""
    images = actions.add_parser("images", help="check that every image has its bytes")
    images.set_defaults(command=run)
    images.add_argument("--database-url", metavar="URL", help="(default: as for `quire serve`)")
    images.add_argument("--image-url", metavar="URL", help="(default: as for `quire serve`)")
    images.add_argument(
        "--fetch-from", metavar="PLACE", help="copy what is missing or damaged from another place"
    )
    images.add_argument(
        "--delete-orphans", action="store_true", help="delete what no document refers to"
    )


def add_blob_flags(copy: argparse.ArgumentParser) -> None:
    """Add the flags of `quire db copy` that are about images."""
    copy.add_argument("--blobs", action="store_true", help="copy the bytes of images as well")
    copy.add_argument("--blobs-from", metavar="PLACE", help="(default: beside an SQLite source)")
    copy.add_argument("--blobs-to", metavar="PLACE", help="(default: beside an SQLite target)")


async def check_images(settings: Settings, *, fetch_from: str | None, delete_orphans: bool) -> None:
    """Print what is wrong, a line each: `missing`, `damaged` or `orphaned`, a tab, and the name.

    Raises `CommandFailed` if images lack their bytes.
    """
    # Imported only here: the other commands need not pay for it.
    from storage.blob_check import BlobFault, check_blobs
    from storage.migrate import require_current

    await require_current(settings.database_url)
    place = image_place(settings.image_url, settings.database_url)
    counts = Counter[BlobFault]()
    async with _opened(settings.database_url) as store, _place(settings, place) as blobs:
        if fetch_from is not None:
            await copy_blobs(settings, settings.database_url, fetch_from, place)
        async for found in check_blobs(store.images, blobs):
            counts[found.fault] += 1
            print(f"{found.fault}\t{found.name}", flush=True)
            if delete_orphans and found.fault is BlobFault.ORPHANED:
                await blobs.delete(found.name)
    lacking = counts[BlobFault.MISSING] + counts[BlobFault.DAMAGED]
    if lacking:
        raise CommandFailed(f"{lacking:,} images lack their bytes at {place}")
    deleted = ", deleted" if delete_orphans else ""
    print(f"All images are whole; {counts.total():,} orphaned{deleted}.", file=sys.stderr)


async def copy_blobs(settings: Settings, database_url: str, source: str, target: str) -> None:
    """Copy the bytes of the images of a database from one place to another; may be run again.

    Raises `CommandFailed` if some are not there whole afterwards.
    """
    from storage.blob_check import fetch_blobs

    progress = Progress(sys.stderr)
    counts = Counter[bool]()
    async with (
        _opened(database_url) as store,
        _place(settings, source) as origin,
        _place(settings, target) as blobs,
    ):
        async for is_whole in fetch_blobs(store.images, origin, blobs):
            counts[is_whole] += 1
            progress.report("images", counts.total())
    print(f"{counts[True]:,} images are at {target}.", file=sys.stderr)
    if counts[False]:
        raise CommandFailed(f"{counts[False]:,} images are not at {source}, or are damaged there")


@asynccontextmanager
async def _opened(database_url: str) -> "AsyncIterator[Store]":
    from storage.store import open_store

    store = open_store(database_url)
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def _place(settings: Settings, url: str) -> "AsyncIterator[BlobStore]":
    from storage.blobs.open_blobs import open_blobs

    blobs = open_blobs(url, settings.s3_access_key, settings.s3_secret_key)
    try:
        yield blobs
    finally:
        await blobs.aclose()
