"""Blobs in a bucket of Amazon S3, or of a server that speaks its protocol: MinIO, Ceph, Garage."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from io import BytesIO
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from storage.blobs.blob_store import CHUNK_BYTES
from sync.port import StoreError

T = TypeVar("T")

_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=30.0)
_RETRIES: Final = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
_MISSING: Final = frozenset(("NoSuchKey", "NoSuchObject"))


class S3Blobs:
    """A `BlobStore` in a bucket, which exists. A put there is whole or not at all.

    Args:
        url: `s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION`; without an endpoint,
            Amazon's.
    """

    def __init__(self, url: str, access_key: str, secret_key: str) -> None:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = urlsplit(options.get("endpoint", "https://s3.amazonaws.com"))
        prefix = parts.path.strip("/")
        self._bucket = parts.netloc
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = Minio(
            endpoint=endpoint.netloc,
            access_key=access_key or None,
            secret_key=secret_key or None,
            secure=endpoint.scheme == "https",
            region=options.get("region", "us-east-1"),
            http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES, maxsize=10),
        )

    async def put(self, name: str, content: bytes) -> None:
        key = self._key(name)
        await _in_thread(
            lambda: self._client.put_object(
                bucket_name=self._bucket,
                object_name=key,
                data=BytesIO(content),
                length=len(content),
            )
        )

    async def read(self, name: str) -> AsyncIterator[bytes] | None:
        key = self._key(name)
        try:
            answer = await _in_thread(
                lambda: self._client.get_object(bucket_name=self._bucket, object_name=key)
            )
        except _MissingError:
            return None
        return _chunks(answer)

    async def delete(self, name: str) -> None:
        key = self._key(name)
        with suppress(_MissingError):
            await _in_thread(
                lambda: self._client.remove_object(bucket_name=self._bucket, object_name=key)
            )

    async def aclose(self) -> None:
        """The connections go with the object."""

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name[:2]}/{name}"


class _MissingError(Exception):
    """There is no such object."""


async def _chunks(answer: Any) -> AsyncIterator[bytes]:
    try:
        while chunk := await _in_thread(lambda: answer.read(CHUNK_BYTES)):
            yield chunk
    finally:
        answer.close()
        answer.release_conn()


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except S3Error as error:
        if error.code in _MISSING:
            raise _MissingError from error
        raise StoreError(f"the bucket of images refused: {error.code}") from error
    except (MinioException, HTTPError, OSError) as error:
        raise StoreError(f"the bucket of images does not answer: {type(error).__name__}") from error
