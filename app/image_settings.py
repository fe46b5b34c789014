"""The settings of images: where they are kept, and how much of them."""

from dataclasses import dataclass
from pathlib import Path

from app.setting_field import setting


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """A part of `app.settings.Settings`, which explains what a field is."""

    image_url: str = setting(
        "",
        "Where images are kept: `file:///FOLDER`, or `s3://BUCKET/PREFIX` with "
        "`?endpoint=https://HOST:PORT&region=REGION` behind it where it is not Amazon's, for which "
        "the extra `s3` is installed. Empty: a folder beside the SQLite file, named like it with "
        "`.images` behind; without one, `quire.images` in the working folder. Several machines "
        "need one place.",
    )
    s3_access_key: str = setting("", "The access key for images in S3.", is_shown=False)
    s3_secret_key: str = setting("", "The secret key for images in S3.", is_shown=False)
    max_image_bytes: int = setting(
        10 << 20, "One image, as it is uploaded; larger ones get 413.", unit="bytes", least=1 << 10
    )
    max_image_pixels: int = setting(
        50_000_000, "The pixels of one image; what has more is refused.", unit="pixels", least=1
    )
    max_document_image_bytes: int = setting(
        500 << 20,
        "All images of one document; more get 413.",
        unit="bytes",
        least=1 << 10,
    )
    max_user_image_bytes: int = setting(
        2 << 30,
        "All images that one user uploaded, each counted once; more get 413.",
        unit="bytes",
        least=1 << 10,
    )
    max_image_storage_bytes: int = setting(
        50 << 30,
        "All images of this installation, each counted once, to within what comes in 10 s; more "
        "get 507.",
        unit="bytes",
        least=1 << 10,
    )
    uploads_per_minute: int = setting(
        60,
        "Images that one user (in open mode: one address) uploads in a minute, in one process; "
        "more get 429.",
        least=1,
    )
    image_grace_days: int = setting(
        7,
        "How long an image is kept that no version of a document refers to. One that any version "
        "ever referred to is kept as long as its document.",
        unit="days",
        least=1,
        most=36_500,
    )


def image_place(image_url: str, database_url: str) -> str:
    """Return the URL of the place where images are kept, for both settings."""
    if image_url:
        return image_url
    scheme, _, path = database_url.partition(":///")
    is_file = scheme.startswith("sqlite")
    file = path.partition("?")[0] if is_file else ""
    return Path(f"{file or 'quire'}.images").absolute().as_uri()
