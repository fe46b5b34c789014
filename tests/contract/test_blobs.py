"""One suite for every store of blobs: a folder, and a bucket of a real server that speaks S3."""

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from minio import Minio
from moto.server import ThreadedMotoServer

from storage.blobs.blob_store import CHUNK_BYTES, BlobStore
from storage.blobs.file_blobs import FileBlobs
from storage.blobs.open_blobs import open_blobs
from sync.port import StoreError

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = Minio(
        endpoint=f"{host}:{port}",
        access_key="key",
        secret_key="secret",
        secure=False,
        region="us-east-1",
    )
    client.make_bucket(bucket_name="images")
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    if request.param == "file":
        url = (tmp_path / "images").as_uri()
    else:
        server = request.getfixturevalue("s3_server")
        url = f"s3://images/{tmp_path.name}?endpoint={server}&region=us-east-1"
    opened = open_blobs(url, "key", "secret")
    yield opened
    await opened.aclose()


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def read(blobs: BlobStore, digest: str) -> list[bytes] | None:
    chunks = await blobs.read(digest)
    return None if chunks is None else [chunk async for chunk in chunks]


@pytest.mark.parametrize("size", [1, CHUNK_BYTES, 3 * CHUNK_BYTES + 1])
async def test_blob_comes_back_in_bounded_chunks(blobs: BlobStore, size: int) -> None:
    content = os.urandom(size)
    digest = digest_of(content)
    assert await read(blobs, digest) is None
    for _ in range(2):
        await blobs.put(digest, content)
        chunks = await read(blobs, digest)
        assert chunks is not None
        assert b"".join(chunks) == content
        assert max(map(len, chunks)) <= CHUNK_BYTES


async def test_deleted_blob_is_gone_and_can_come_again(blobs: BlobStore) -> None:
    content, other = b"one", b"other"
    digest = digest_of(content)
    await blobs.put(digest, content)
    await blobs.put(digest_of(other), other)
    for _ in range(2):
        await blobs.delete(digest)
        assert await read(blobs, digest) is None
    assert await read(blobs, digest_of(other)) == [other]
    await blobs.put(digest, content)
    assert await read(blobs, digest) == [content]


async def test_names_are_those_of_all_blobs(blobs: BlobStore) -> None:
    assert [name async for name in blobs.names()] == []
    names = sorted(f"{digest_of(bytes([n]))}-{n:x}" for n in range(20))
    for name in names:
        await blobs.put(name, b"x")
    assert sorted([name async for name in blobs.names()]) == names
    await blobs.delete(names[3])
    assert len([name async for name in blobs.names()]) == 19


async def test_reader_that_stops_lets_go(blobs: BlobStore) -> None:
    content = os.urandom(4 * CHUNK_BYTES)
    await blobs.put(digest_of(content), content)
    for _ in range(20):
        chunks = await blobs.read(digest_of(content))
        assert chunks is not None
        async for _chunk in chunks:
            break
        await chunks.aclose()  # type: ignore[attr-defined]


async def test_folder_has_whole_blobs_alone_whatever_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    unfinished = folder / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "abandoned").write_bytes(b"half")
    os.utime(unfinished / "abandoned", (1, 1))
    (unfinished / "under-way").write_bytes(b"half")
    await FileBlobs(folder).put(digest_of(b"x"), b"x")
    assert [path.name for path in unfinished.iterdir()] == ["under-way"]
    assert (folder / digest_of(b"x")[:2] / digest_of(b"x")).read_bytes() == b"x"


async def test_folder_that_cannot_be_written_is_a_store_that_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    blobs = FileBlobs(tmp_path / "file")
    with pytest.raises(StoreError):
        await blobs.put(digest_of(b"x"), b"x")


async def test_bucket_that_does_not_answer_is_a_store_that_fails() -> None:
    blobs = open_blobs("s3://images?endpoint=http://127.0.0.1:9", "key", "secret")
    with pytest.raises(StoreError):
        await blobs.put(digest_of(b"x"), b"x")


async def test_bucket_that_is_not_there_is_a_store_that_fails(s3_server: str) -> None:
    blobs = open_blobs(f"s3://none?endpoint={s3_server}", "key", "secret")
    with pytest.raises(StoreError):
        await blobs.put(digest_of(b"x"), b"x")


@pytest.mark.parametrize("url", ["", "images", "http://x/y", "s3://", "ftp://x"])
def test_place_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        open_blobs(url)
