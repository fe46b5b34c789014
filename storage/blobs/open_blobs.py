"""The choice of a store of blobs by its URL."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.blobs.blob_store import BlobStore
from storage.blobs.file_blobs import FileBlobs
from sync.port import StoreError


def open_blobs(url: str, access_key: str = "", secret_key: str = "") -> BlobStore:
    """Return the store of blobs at `file:///FOLDER` or `s3://BUCKET/PREFIX?endpoint=…&region=…`.

    Raises:
        StoreError: the URL names neither, or the library for S3 is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileBlobs(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        try:
            # Imported only here: who keeps files need not have it.
            from storage.blobs.s3_blobs import S3Blobs
        except ModuleNotFoundError as error:
            raise StoreError("images in S3 need the extra: pip install 'quire[s3]'") from error
        return S3Blobs(url, access_key, secret_key)
    raise StoreError("images are kept at file:///FOLDER or s3://BUCKET/PREFIX")
