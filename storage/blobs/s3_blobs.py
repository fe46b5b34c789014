"""Blobs in a bucket of Amazon S3, or of a server that speaks its protocol: MinIO, Ceph, Garage.

The library waits in threads, which cannot be stopped. Therefore they are few, and of this store
alone; each request of theirs ends within a bounded time, and nobody waits for one longer than that.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
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

DEADLINE_S: Final = 20.0
"""The longest wait for the bucket: for a thread, and for the answer to one request or chunk."""
_TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=8.0)
# A `Retry-After` could have a thread sleep for an hour.
_RETRIES: Final = urllib3.Retry(
    total=2,
    backoff_factor=0.2,
    status_forcelist=(500, 502, 503, 504),
    respect_retry_after_header=False,
)
_THREADS: Final = 8
_MISSING: Final = frozenset(("NoSuchKey", "NoSuchObject"))


class S3Blobs:
    """A `BlobStore` in a bucket, which exists. A put there is whole or not at all.

    Args:
        url: `s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION`; without an endpoint,
            Amazon's.
        deadline_s: how long to wait for the bucket at a time.
    """

    def __init__(
        self, url: str, access_key: str, secret_key: str, *, deadline_s: float = DEADLINE_S
    ) -> None:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = urlsplit(options.get("endpoint", "https://s3.amazonaws.com"))
        prefix = parts.path.strip("/")
        self._bucket = parts.netloc
        self._prefix = f"{prefix}/" if prefix else ""
        self._deadline_s = deadline_s
        self._threads = ThreadPoolExecutor(_THREADS, "quire-s3")
        self._client = Minio(
            endpoint=endpoint.netloc,
            access_key=access_key or None,
            secret_key=secret_key or None,
            secure=endpoint.scheme == "https",
            region=options.get("region", "us-east-1"),
            http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES, maxsize=_THREADS),
        )

    async def put(self, name: str, content: bytes) -> None:
        key = self._key(name)
        await self._in_thread(
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
            answer = await self._in_thread(
                lambda: self._client.get_object(bucket_name=self._bucket, object_name=key)
            )
        except _MissingError:
            return None
        return self._chunks(answer)

    async def delete(self, name: str) -> None:
        key = self._key(name)
        with suppress(_MissingError):
            await self._in_thread(
                lambda: self._client.remove_object(bucket_name=self._bucket, object_name=key)
            )

    async def names(self) -> AsyncIterator[str]:
        objects = self._client.list_objects(
            bucket_name=self._bucket, prefix=self._prefix, recursive=True
        )
        while (found := await self._in_thread(lambda: next(objects, None))) is not None:
            yield str(found.object_name).rpartition("/")[2]

    async def aclose(self) -> None:
        """Take nothing more; the connections go with the object."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name[:2]}/{name}"

    async def _chunks(self, answer: Any) -> AsyncIterator[bytes]:
        try:
            while chunk := await self._in_thread(lambda: answer.read(CHUNK_BYTES)):
                yield chunk
        finally:
            answer.close()
            answer.release_conn()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await loop.run_in_executor(self._threads, work)
        except TimeoutError as error:
            raise StoreError("the bucket of images does not answer in time") from error
        except S3Error as error:
            if error.code in _MISSING:
                raise _MissingError from error
            raise StoreError(f"the bucket of images refused: {error.code}") from error
        except (MinioException, HTTPError, OSError) as error:
            raise StoreError(
                f"the bucket of images does not answer: {type(error).__name__}"
            ) from error
        except (ValueError, SyntaxError) as error:
            # It is not XML, or no text at all: a proxy in between has answered, say.
            raise StoreError("the bucket of images gave an answer that is none") from error


class _MissingError(Exception):
    """There is no such object."""
