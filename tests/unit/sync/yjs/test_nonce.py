"""Nonces: the same again from the key, and no others."""

from itertools import islice

from sync.yjs.nonce import KeyedNonces, SessionNonces, key_number, nonce_key, nonces_from

SECRET = bytes(range(32))


def test_nonces_are_made_again_from_their_keys() -> None:
    made = SessionNonces(SECRET, "session")
    for number in [*range(25), 999, 1000, 1001, 999_999_999, 3]:
        key = nonce_key(SECRET, "session", key_number(number))
        assert len(made.of(number)) == 6
        assert made.of(number) == KeyedNonces(key).of(number)


def test_nonces_differ_by_number_session_and_secret() -> None:
    made = SessionNonces(SECRET, "session")
    nonces = {made.of(number) for number in range(3000)}
    assert len(nonces) == 3000
    assert SessionNonces(SECRET, "other").of(5) not in nonces
    assert SessionNonces(SECRET[::-1], "session").of(5) not in nonces


def test_key_makes_the_nonces_of_its_thousand_alone() -> None:
    key = KeyedNonces(nonce_key(SECRET, "session", 0))
    made = SessionNonces(SECRET, "session")
    assert key.of(999) == made.of(999)
    assert key.of(1000) != made.of(1000)


def test_nonces_stay_as_they_are() -> None:
    """A change would make old ids incompressible, and be seen nowhere else."""
    assert SessionNonces(SECRET, "session").of(12).hex() == "23ba54799dd1"


def test_nonces_one_after_the_other_are_those_of_their_numbers() -> None:
    made = SessionNonces(SECRET, "session")
    for first in (1, 9, 10, 995, 2_000):
        taken = list(islice(nonces_from(SECRET, "session", first), 40))
        assert taken == [made.of(first + n).hex() for n in range(40)]
