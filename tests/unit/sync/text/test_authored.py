from sync.text.authored import AuthoredDeltas, TextWriter


def test_last_version_follows_from_the_number_of_events() -> None:
    writer = TextWriter("u1", "Ada", "s1")
    assert AuthoredDeltas(7, [writer], [0, 0], [1, 2], [("a",), ()]).upto == 9
    assert AuthoredDeltas(7, [], [], [], []).upto == 7
