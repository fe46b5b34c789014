"""`quire db images` and `quire db copy --blobs`, on real databases and folders."""

import hashlib
from pathlib import Path

import pytest
from anyio import to_thread

from app.cli.main import main
from storage.blob_check import fetch_blobs
from storage.blobs.file_blobs import FileBlobs
from storage.image_rows import ImageBounds, ImageRecord
from tests.contract.conftest import new_document
from tests.contract.sample import open_whole

pytestmark = pytest.mark.anyio

ONE, OTHER, THIRD = b"one", b"other", b"third"


def name_of(content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()}-1"


async def fill(url: str, folder: Path, *contents: bytes) -> None:
    """Make a document with images."""
    store = open_whole(url)
    record, _ = await store.log.create(new_document("notes"))
    for content in contents:
        name = name_of(content)
        image = ImageRecord(record.key, name[:64], "png", len(content), 1, 1, "ana", 1, 0)
        await store.images.add(image, blob=name, bounds=ImageBounds(999, 999))
        await FileBlobs(folder).put(name, content)
    await store.aclose()


def path_of(folder: Path, content: bytes) -> Path:
    name = name_of(content)
    return folder / name[:2] / name


async def run(*command: str) -> int:
    return await to_thread.run_sync(main, list(command))


async def test_faults_are_found_and_mended_from_a_backup(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, backup = tmp_path / "images", tmp_path / "backup"
    await fill(database_url, folder, ONE, OTHER, THIRD)
    for content in (ONE, OTHER):
        await FileBlobs(backup).put(name_of(content), content)
    check = ("db", "images", "--database-url", database_url, "--image-url", folder.as_uri())
    assert await run(*check) == 0
    assert capsys.readouterr().out == ""

    path_of(folder, ONE).unlink()
    path_of(folder, OTHER).write_bytes(b"othes")
    await FileBlobs(folder).put(name_of(b"orphan"), b"orphan")
    store = open_whole(database_url)
    await FileBlobs(folder).put(name_of(b"due"), b"due")
    await store.images.discard(name_of(b"due"))
    assert await run(*check) == 1
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"damaged\t{name_of(OTHER)}",
        f"missing\t{name_of(ONE)}",
        f"orphaned\t{name_of(b'orphan')}",
    ]

    mend = ("--fetch-from", backup.as_uri(), "--delete-orphans")
    assert await run(*check, *mend) == 0
    assert capsys.readouterr().out == f"orphaned\t{name_of(b'orphan')}\n"
    for content in (ONE, OTHER, THIRD, b"due"):
        assert path_of(folder, content).read_bytes() == content
    assert await run(*check) == 0
    assert capsys.readouterr().out == ""
    await store.aclose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_copy_takes_the_bytes_along(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path(f"{database_url.partition(':///')[2]}.images")
    await fill(database_url, source, ONE, OTHER)
    bare = f"sqlite+aiosqlite:///{tmp_path}/bare.db"
    assert await run("db", "copy", "--from", database_url, "--to", bare) == 0
    assert f"not copied: they are at {source.as_uri()}" in capsys.readouterr().err
    target = f"sqlite+aiosqlite:///{tmp_path}/target.db"
    assert await run("db", "copy", "--blobs", "--from", database_url, "--to", target) == 0
    for content in (ONE, OTHER):
        assert path_of(tmp_path / "target.db.images", content).read_bytes() == content
    assert await run("db", "images", "--database-url", target) == 0

    # It goes on where it was interrupted, and says what cannot be had.
    path_of(source, ONE).write_bytes(b"damaged")
    path_of(tmp_path / "target.db.images", ONE).unlink()
    again = ("db", "images", "--database-url", target, "--fetch-from", source.as_uri())
    assert await run(*again) == 1
    assert "1 images are not at" in capsys.readouterr().err


async def test_blob_that_is_whole_is_not_copied_again(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    await fill(database_url, folder, ONE)
    kept = path_of(folder, ONE).stat().st_mtime_ns
    store = open_whole(database_url)
    blobs = FileBlobs(folder)
    assert [each async for each in fetch_blobs(store.images, blobs, blobs)] == [True]
    assert path_of(folder, ONE).stat().st_mtime_ns == kept
    await store.aclose()
