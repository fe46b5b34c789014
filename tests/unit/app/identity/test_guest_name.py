"""`app.identity.guest_name`: there are enough names."""

from app.identity.display_name import clean_name
from app.identity.guest_name import _ADJECTIVES, _ANIMALS, draw_name


def test_some_fifteen_thousand_names_can_be_drawn() -> None:
    adjectives, animals = _ADJECTIVES.split(), _ANIMALS.split()
    assert len(adjectives) == len(set(adjectives))
    assert len(animals) == len(set(animals))
    assert len(adjectives) * len(animals) > 14_000


def test_drawn_names_are_usable_and_differ() -> None:
    names = [draw_name() for _ in range(300)]
    assert all(clean_name(name) == name for name in names)
    # Of 300 out of 14,790, some three pairs are alike; 60 would be no accident.
    assert len(set(names)) > 240
