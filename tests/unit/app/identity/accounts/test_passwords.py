"""`app.identity.accounts.passwords`: the rules for new passwords, and a hash that nobody has."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from app.identity.accounts.passwords import (
    MAX_PASSWORD_CHARS,
    MIN_PASSWORD_CHARS,
    Passwords,
    _hash_of_nothing,
    require_good_password,
)
from sync.error import ErrorCode, QuireError


@pytest.mark.parametrize(
    "password",
    [
        "x" * 7 + "yza",
        "correct horse battery staple",
        "pässwörter sind schön",
        "\U0001f600\U0001f601\U0001f602\U0001f603" * 3,
        " leading and trailing ",
        ("abcd" * 250)[:MAX_PASSWORD_CHARS],
    ],
)
def test_usable_password_is_taken(password: str) -> None:
    require_good_password(password, login="ada")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "abcdefghi"[: MIN_PASSWORD_CHARS - 1],
        "abcd" * 250 + "e",
        "ada.lovelace@example.org",
        "ADA.lovelace@example.ORG ",
        "gro.elpmaxe@ecalevol.ada",
        "password123",
        "Password1234",
        "1234567890",
        "aaaaaaaaaaaa",
        "ababababababab",
    ],
)
def test_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(QuireError) as refused:
        require_good_password(password, login="ada.lovelace@example.org")
    assert refused.value.code is ErrorCode.INVALID_MESSAGE
    assert not password or password not in refused.value.message


def test_hash_of_nobody_is_checked_with_the_costs_of_every_other() -> None:
    hasher = PasswordHasher()
    nothing = _hash_of_nothing(hasher)
    assert extract_parameters(nothing) == extract_parameters(hasher.hash("any"))
    with pytest.raises(VerifyMismatchError):
        hasher.verify(nothing, "")


def test_hash_of_other_costs_is_outdated() -> None:
    passwords = Passwords()
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("any")
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(PasswordHasher().hash("any"))
    passwords.close()
