"""`app.http.etag`: versions as entity tags."""

import pytest

from app.http.etag import etag, matches, read_if_match
from sync.error import ErrorCode, QuireError


def test_version_is_quoted() -> None:
    assert etag(812) == '"812"'


@pytest.mark.parametrize("header", ['"812"', 'W/"812"', '"1", "812"', "*", ' W/"7" , "812" '])
def test_if_none_match_knows_the_version(header: str) -> None:
    assert matches(header, 812)


@pytest.mark.parametrize("header", [None, "", '"81"', '"8120"', "812", '"a"', "\xff"])
def test_if_none_match_does_not_know_the_version(header: str | None) -> None:
    assert not matches(header, 812)


@pytest.mark.parametrize(("header", "version"), [('"812"', 812), ("812", 812), ('"0"', 0)])
def test_if_match_names_a_version(header: str, version: int) -> None:
    assert read_if_match(header) == version


def test_if_match_of_any_is_none() -> None:
    assert read_if_match(" * ") is None


@pytest.mark.parametrize(
    "header", ["", "x", '"-1"', '"1", "2"', 'W/"1"', '"9007199254740992"', '"' + "9" * 5000 + '"']
)
def test_if_match_of_anything_else_is_refused(header: str) -> None:
    with pytest.raises(QuireError) as refused:
        read_if_match(header)
    assert refused.value.code is ErrorCode.INVALID_MESSAGE
