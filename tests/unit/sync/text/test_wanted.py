"""Queries, and where in a text they are met."""

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from sync.text.segment import segment
from sync.text.wanted import (
    MAX_TERMS,
    Place,
    Term,
    excerpts,
    has_all,
    hits,
    parse_query,
)


def words(text: str) -> list[str]:
    return [word.folded for word in segment(text)]


def shown(text: str, query: str) -> list[str]:
    places = hits(list(segment(text)), parse_query(query))
    return [text[each.pos : each.pos + each.len] for each in places]


def test_words_are_beginnings_and_quoted_ones_are_exact() -> None:
    assert parse_query('Wor "hello"') == (Term(("wor",), True), Term(("hello",), False))
    assert shown("Hello wide World, hello worlds", 'wor "hello"') == [
        "Hello",
        "Wor",
        "hello",
        "wor",
    ]


def test_quoted_words_stand_one_after_the_other() -> None:
    assert shown("a b, a c b", '"a b"') == ["a b"]
    assert shown("a b", "“a b”") == ["a b"]


def test_word_with_punctuation_is_a_phrase() -> None:
    assert parse_query("foo-bar") == (Term(("foo", "bar"), True),)


def test_part_of_a_sentence_without_spaces_is_found() -> None:
    assert shown("これは全文検索の例です", "検索") == ["検索"]
    assert shown("これは全文検索の例です", "文") == ["文"]
    assert shown("検査の索引", "検索") == []


def test_accent_and_width_do_not_matter() -> None:
    assert shown("Ein Résumé", "resu") == ["Résu"]
    assert shown("ＡＢＣ", "abc") == ["ＡＢＣ"]


def test_odd_queries_are_taken_literally_or_mean_nothing() -> None:
    for query in ('"', '"""', "AND OR", "NEAR(a b)", "a*", "{title}: x", "'; DROP", "--", "a:b"):
        for term in parse_query(query):
            assert all(word.isalnum() for word in term.words)
    assert parse_query(' "" !! ') == ()
    assert parse_query("a a A") == (Term(("a",), True),)
    assert len(parse_query(" ".join(f"w{n}" for n in range(50)))) == MAX_TERMS


def test_all_terms_must_be_somewhere() -> None:
    terms = parse_query("one two")
    assert has_all([["one"], ["twofold"]], terms)
    assert not has_all([["one"], ["tw"]], terms)


def test_excerpts_are_around_hits_and_on_borders_of_words() -> None:
    text = "x " * 200 + "needle " + "y " * 400 + "Needles"
    one, other = excerpts(text, parse_query("needle"), most=2, around=20)
    assert one.text.startswith("x x")
    assert one.text.endswith("y y")
    assert text[one.pos :].startswith(one.text)
    assert one.hits == (Place(one.text.index("needle"), 6),)
    assert other.text.endswith("Needles")


def test_excerpt_of_a_word_with_an_accent() -> None:
    (found,) = excerpts("mein Résumé hier", parse_query("resume"), most=2, around=20)
    assert [found.text[each.pos : each.pos + each.len] for each in found.hits] == ["Résumé"]


def test_no_text_makes_an_excerpt_slow() -> None:
    """No emoji and no mark of Thai is a letter to `re`: it tried all ways to skip some."""
    for sign, end in ("\u2600\u2605", "\u0e31\u0e01"):
        query = sign * 4 + end
        started_s = process_time()
        (found,) = excerpts(f"{sign * 120} x {query}", parse_query(f'"{query}"'), most=2, around=60)
        assert process_time() - started_s < 2  # it took 10 s, and each further sign 30 times that
        assert query in found.text


def test_signs_that_stand_alone_are_found_between_words() -> None:
    for text in ("x a \u2600 b", "x a \u2600 \u2600 b"):
        terms = parse_query(f'"{text[2:]}"')
        (found,) = excerpts(text, terms, most=2, around=60)
        assert [found.text[each.pos :][: each.len] for each in found.hits] == [text[2:]]


@given(st.text(), st.text(max_size=30))
def test_hits_lie_in_the_text_and_are_apart(text: str, query: str) -> None:
    terms = parse_query(query)
    places = hits(list(segment(text)), terms)
    assert bool(places) >= (bool(terms) and has_all([words(text)], terms))
    after = -1
    for place in places:
        assert place.pos > after
        assert place.len > 0
        after = place.pos + place.len
    assert after <= len(text)
    for excerpt in excerpts(text, terms, most=3, around=10):
        assert text[excerpt.pos : excerpt.pos + len(excerpt.text)] == excerpt.text
        assert excerpt.hits
        assert all(each.pos + each.len <= len(excerpt.text) for each in excerpt.hits)
