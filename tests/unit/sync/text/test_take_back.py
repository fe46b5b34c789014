import pytest

from sync.text.span import Span
from sync.text.take_back import Piece, Strand, visible_text


def strand(text: str) -> Strand:
    return Strand(text, lambda version: False)


def test_deleted_text_stays_in_its_place() -> None:
    made = strand("one two")
    made.take((3, -4), 1)
    made.take((3, "!"), 2)
    assert visible_text(made.pieces()) == "one!"
    assert made.without(lambda version: version == 1).ops == (4, " two")
    assert made.without(lambda version: version == 2).ops == (3, -1)
    assert made.without(lambda version: True).ops == (3, " two", -1)


def test_typed_keys_are_one_piece_until_one_is_deleted() -> None:
    made = strand("")
    for version, key in enumerate("abc", 1):
        made.take((version - 1, key) if version > 1 else (key,), version)
    assert [each.span for each in made.pieces()] == [Span(3, 1, 1)]
    made.take((1, -1), 4)
    assert [(each.text, each.span, each.turns) for each in made.pieces()] == [
        ("a", Span(1, 1, 0), ()),
        ("b", Span(1, 2, 0), (4,)),
        ("c", Span(1, 3, 0), ()),
    ]


def test_piece_knows_when_it_stood() -> None:
    piece = Piece("x", Span(1, 3, 0), turns=(5, 8))
    assert [piece.visible_at(version) for version in (2, 3, 4, 5, 7, 8)] == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]
    assert piece.visible_without(lambda version: version == 3), "somebody brought it back"
    assert not Piece("x", Span(1, 3, 0)).visible_without(lambda version: version == 3)
    assert Piece("x", Span(1, 3, 0), turns=(5,)).visible_without(lambda version: version == 5)


def test_event_beyond_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="ends"):
        strand("ab").take((3, "x"), 1)
    with pytest.raises(ValueError, match="ends"):
        strand("ab").take((1, -2), 1)


def test_text_that_comes_back_is_what_was_there() -> None:
    made = strand("one two")
    made.take((3, -4), 1)
    made.take((3, " two"), 2, lambda piece: True)
    assert made.without(lambda version: version == 1).ops == ()
    assert [each.turns for each in made.pieces()] == [(), (1, 2)]
