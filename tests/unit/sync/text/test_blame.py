from sync.text.authored import AuthoredDeltas, TextWriter
from sync.text.blame import Blame, BlameWalk, Contribution, Person, returned_by
from sync.text.span import Span

WRITERS = [TextWriter("a", "Ada", "s1"), TextWriter("b", "Ben", "s2")]


def walked() -> Blame:
    walk = BlameWalk(Blame())
    deltas = [("Hello",), (5, "!"), (1, -4)]
    walk.take(AuthoredDeltas(0, WRITERS, [0, 1, 1], [10, 20, 30], deltas), 3)
    return walk.blame()


def test_walk_tells_authors_and_sums() -> None:
    blame = walked()
    assert (blame.version, blame.spans, blame.length()) == (3, [Span(2, 1, 1)], 2)
    assert blame.people == [Person("a", "Ada"), Person("b", "Ben")]
    assert blame.contributions == [Contribution(1, 5, 0, 10, 10), Contribution(2, 1, 4, 20, 30)]
    assert blame.standing() == [1, 1]
    assert blame.pruned().written == {1: (0, 10), 2: (1, 20)}


def test_restored_text_comes_from_where_it_was() -> None:
    source = [Span(5, 1, 0), Span(1, 2, 0)]
    # The text of version 2 is back, and somebody wrote `?` behind it meanwhile.
    assert returned_by(source, (6, "?"), (1, "ello", 1)) == [Span(4, 1, 0)]
    assert returned_by(source, (2, "X"), (1, "eXl")) == [
        Span(1, 1, 0),
        Span(1, 0, 0),
        Span(1, 1, 0),
    ]


def test_sums_of_nothing_are_those_of_the_other() -> None:
    one = Contribution(1, 2, 3, 4, 5)
    assert Contribution().plus(one) == one
    assert one.plus(Contribution(1, 1, 1, 2, 9)) == Contribution(2, 3, 4, 2, 9)
