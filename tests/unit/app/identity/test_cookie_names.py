"""The names of the cookies of an installation."""

from app.identity.cookie_names import CookieNames

OLD, KEY = "quire_session", b"k" * 32


def test_names_are_those_of_the_installation_in_every_process() -> None:
    one, again, other = CookieNames.of(KEY), CookieNames.of(KEY), CookieNames.of(b"o" * 32)
    assert one == again
    assert len({one.session.name, other.session.name, one.guest.name, other.guest.name, OLD}) == 5


def test_old_name_counts_only_without_the_new_one() -> None:
    name = CookieNames.of(KEY).session
    assert name.value_in({}) is None
    assert name.value_in({OLD: "a"}) == "a"
    assert name.value_in({OLD: "a", name.name: "b"}) == "b"
    assert name.is_old_in({OLD: "a"})
    assert not name.is_old_in({OLD: "a", name.name: "b"})
    assert not name.is_old_in({})
