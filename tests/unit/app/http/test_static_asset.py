import pytest

from app.http.static_asset import accepted_coding


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000", None),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("*;q=0", None),
        ("identity", None),
        ("br;q=high", None),
        ("brotli, x-gzip", None),
        ("", None),
    ],
)
def test_best_coding_that_is_taken_is_chosen(accept: str, coding: str | None) -> None:
    assert accepted_coding(accept) == coding
