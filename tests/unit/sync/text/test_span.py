from sync.text.span import Span, SpanRow, by_version, joined, part, sliced, versions_of


def test_typed_keys_are_one_span() -> None:
    assert joined(Span(1, 4, 0), Span(1, 5, 0)) == Span(2, 4, 1)
    assert joined(Span(2, 4, 1), Span(3, 6, 1)) == Span(5, 4, 1)
    assert joined(Span(2, 4, 0), Span(1, 4, 0)) == Span(3, 4, 0)


def test_spans_of_other_versions_are_not_one() -> None:
    assert joined(Span(2, 4, 0), Span(1, 5, 0)) is None
    assert joined(Span(2, 4, 1), Span(1, 4, 0)) is None
    assert joined(Span(1, 4, 0), Span(2, 5, 0)) is None
    assert joined(Span(1, 5, 0), Span(1, 4, 0)) is None


def test_part_keeps_its_versions() -> None:
    assert part(Span(5, 4, 1), 2, 2) == Span(2, 6, 1)
    assert part(Span(5, 4, 1), 2, 1) == Span(1, 6, 0)
    assert part(Span(5, 4, 0), 2, 2) == Span(2, 4, 0)


def test_versions_are_told_one_by_one_and_merged() -> None:
    row = [Span(2, 1, 0), Span(1, 1, 0), Span(3, 2, 1), Span(2, 4, 0)]
    assert list(by_version(row)) == [(3, 1), (1, 2), (1, 3), (3, 4)]
    assert list(by_version([])) == []


def test_slice_is_of_the_text() -> None:
    row = [Span(3, 1, 0), Span(3, 5, 1)]
    assert list(sliced(row, 2, 3)) == [Span(1, 1, 0), Span(2, 5, 1)]
    assert list(sliced(row, 6, 1)) == list(sliced(row, 1, 0)) == []


def test_row_is_edited_in_its_middle() -> None:
    row = SpanRow([Span(4, 1, 0)])
    row.edit(2, 1, [Span(1, 2, 0)])
    row.edit(3, 0, [Span(1, 3, 0)])
    assert row.spans() == [Span(2, 1, 0), Span(2, 2, 1), Span(1, 1, 0)]


def test_versions_of_spans_are_those_of_all_their_parts() -> None:
    row = [Span(3, 7, 1), Span(5, 2, 0), Span(1, 40, 0), Span(2, 8, 1)]
    assert versions_of(row) == {version for _, version in by_version(row)} == {2, 7, 8, 9, 40}
    assert versions_of([]) == set()
