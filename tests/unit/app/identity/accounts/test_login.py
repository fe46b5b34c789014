"""`app.identity.accounts.login`: one form, and none that misleads."""

import pytest

from app.identity.accounts.login import clean_login, require_login
from sync.error import ErrorCode, QuireError


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("ada", "ada"), (" Ada ", "ada"), ("Ada.L+x@Example.org", "ada.l+x@example.org"), ("7", "7")],
)
def test_login_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert clean_login(typed) == require_login(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        ".ada",
        "a da",
        "ada\0",
        "ada\n",
        "\u0430da",
        "\u202eada",
        "\ud800",
        "\u212aate",
        "x" * 65,
        "x" * 10_000_000,
    ],
)
def test_login_that_hides_something_is_none(typed: str) -> None:
    assert clean_login(typed) is None
    with pytest.raises(QuireError) as refused:
        require_login(typed)
    assert refused.value.code is ErrorCode.INVALID_MESSAGE
