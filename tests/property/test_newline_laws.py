"""What holds of normalised line ends, whatever the text and the edit.

Planted and caught: a `\\r` before a stored `\\n` becomes a second line break; the place after a
delete is not looked at; a lone `\\r` stays; the mark of a text that is not empty is dropped.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.text.delta import Delta, apply, base_length, canonical
from sync.text.newline import normalize_delta, normalize_newlines, normalize_text, with_newlines

_pieces = ["a", "😀", "\r", "\n", "\r\n", "\ufeff"]
texts = st.lists(st.sampled_from(_pieces), max_size=12).map("".join)
stored_texts = texts.map(normalize_text)


@st.composite
def edits(draw: st.DrawFn, of: st.SearchStrategy[str] = stored_texts) -> tuple[str, Delta]:
    """A text, and a canonical edit of it."""
    text = draw(of)
    ops: list[int | str] = []
    left = len(text)
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from("ikd"))
        if kind == "i":
            ops.append(draw(texts))
        elif left:
            count = draw(st.integers(1, min(left, 3)))
            left -= count
            ops.append(count if kind == "k" else -count)
    return text, canonical(ops)


@given(texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once
    assert "\r" not in once
    assert not once.startswith("\ufeff")


@given(texts, texts)
def test_texts_that_differ_in_line_ends_alone_are_one(text: str, other: str) -> None:
    lines = normalize_newlines(text).split("\n")
    for end in ("\n", "\r\n", "\r"):
        assert normalize_newlines(end.join(lines)) == "\n".join(lines)
    assert normalize_text("\ufeff" + text) == normalize_text(text)
    assert normalize_newlines(with_newlines(text, "crlf")) == normalize_newlines(text)


@settings(max_examples=1_000)
@given(edits())
def test_edit_of_a_stored_text_gives_the_stored_form_of_its_result(edit: tuple[str, Delta]) -> None:
    text, delta = edit
    result = apply(text, normalize_delta(delta, text))
    expected = apply(text, delta)
    assert result == (normalize_newlines(expected) if text else normalize_text(expected))


@given(edits(texts))
def test_edit_keeps_its_places_and_what_it_deletes(edit: tuple[str, Delta]) -> None:
    """Of any text, also of an old one that holds carriage returns."""
    text, delta = edit
    stored = normalize_delta(delta, text)
    assert stored == canonical(stored)
    assert base_length(stored) <= base_length(delta) <= len(text)
    kept = tuple(op for op in delta if not isinstance(op, str))
    assert canonical(kept) == canonical([op for op in stored if not isinstance(op, str)])
    assert not any(isinstance(op, str) and "\r" in op for op in stored)
    assert normalize_delta(stored, text) == stored


@given(stored_texts, st.lists(texts, max_size=6))
def test_stream_of_edits_never_brings_a_carriage_return_in(text: str, chunks: list[str]) -> None:
    """Chunks cut between `\\r` and `\\n` give two line breaks, and nothing worse."""
    for chunk in chunks:
        delta = canonical((len(text), chunk))
        text = apply(text, normalize_delta(delta, text))
    assert "\r" not in text
