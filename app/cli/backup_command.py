"""`quire db backup` and `quire db restore`: an installation as one file, and back."""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.cli.care_command import verify_now
from app.cli.current_store import open_current_store
from app.cli.failure import CommandFailed
from app.cli.progress import Progress
from app.image_settings import image_place
from app.settings import Settings
from storage.backup.backup_frame import BackupDamagedError
from storage.backup.backup_restore import Restored, restore_backup
from storage.backup.backup_writer import write_backup
from storage.blobs.blob_store import BlobStore
from storage.blobs.open_blobs import open_blobs
from sync.shells.clock import now_ms
from sync.wire.event import timestamp


async def run_backup_command(settings: Settings, flags: argparse.Namespace) -> None:
    """Do what the flags of `app.cli.backup_flags` say."""
    path = Path(flags.file)
    if flags.action == "backup":
        await back_up(settings, path, has_images=not flags.no_images)
        return
    await restore(
        settings,
        path,
        has_images=not flags.no_images,
        replace=flags.replace,
        keep_tokens=flags.keep_tokens,
    )
    if not flags.no_verify:
        async with open_current_store(settings) as store:
            await verify_now(store, None)
        print("Every document is as its log says.", file=sys.stderr)


async def back_up(settings: Settings, path: Path, *, has_images: bool) -> None:
    """Write a backup, and say how much it has.

    Raises `CommandFailed` if images lacked their bytes; the backup is there all the same.
    """
    progress = Progress(sys.stderr)
    async with _place(settings, is_wanted=has_images) as blobs:
        end = await write_backup(settings.database_url, path, blobs, now_ms(), progress.report)
    rows = ", ".join(f"{count:,} {table}" for table, count in end.rows.items() if count)
    images = f"; the bytes of {end.blobs:,} images" if has_images else ""
    print(f"{path}: {rows or 'nothing'}{images}.", file=sys.stderr)
    if end.missing_blobs:
        raise CommandFailed(
            f"{end.missing_blobs:,} images lack their bytes: see `quire db images`; all else is "
            f"in {path}"
        )


async def restore(
    settings: Settings, path: Path, *, has_images: bool, replace: bool, keep_tokens: bool
) -> None:
    """Bring a backup back, and say what to do now."""
    progress = Progress(sys.stderr)
    try:
        async with _place(settings, is_wanted=has_images) as blobs:
            restored = await restore_backup(
                path,
                settings.database_url,
                blobs,
                progress.report,
                replace=replace,
                keep_tokens=keep_tokens,
                now_ms=now_ms(),
            )
    except BackupDamagedError as error:
        raise CommandFailed(f"{path}: {error}; nothing was restored") from None
    _say(restored, keep_tokens=keep_tokens)


def _say(restored: Restored, *, keep_tokens: bool) -> None:
    made = timestamp(restored.header.made_at_ms)
    lines = [
        f"{restored.documents:,} documents are as they were at {made}, each with a new epoch.",
        "Everybody signs in again; invitations are to be made again.",
        "Roles, share links, disabled users and passwords that changed since are as they were, "
        "unless the replaced database knew of their end: look at them.",
    ]
    if restored.revoked_tokens:
        lines.append(
            f"{restored.revoked_tokens:,} API tokens are revoked, as they may have been since; "
            "make others, or restore with --keep-tokens."
        )
    elif keep_tokens:
        lines.append("API tokens that were revoked since are valid again: see `quire token list`.")
    if restored.end.rows.get("webhooks"):
        lines.append("Webhooks are paused: see `quire webhook list`.")
    for line in lines:
        print(line, file=sys.stderr)


@asynccontextmanager
async def _place(settings: Settings, *, is_wanted: bool) -> AsyncIterator[BlobStore | None]:
    if not is_wanted:
        yield None
        return
    place = image_place(settings.image_url, settings.database_url)
    blobs = open_blobs(place, settings.s3_access_key, settings.s3_secret_key)
    try:
        yield blobs
    finally:
        await blobs.aclose()
