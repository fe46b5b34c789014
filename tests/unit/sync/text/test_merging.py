from random import Random

import pytest

from sync.text.authored import TextWriter
from sync.text.delta import Delta, apply, canonical
from sync.text.merging import Share, composed, merge_shares, spread

ADA = TextWriter("ada", "Ada", "s1")
BOB = TextWriter("bob", "Bob", "s2")
CARL = TextWriter("carl", "Carl", "s3")


def share(version: int, writer: TextWriter, ops: Delta) -> Share:
    return Share(writer, 1, 100 * version, 100 * version, version, ops)


def test_each_writer_keeps_what_is_left() -> None:
    typed = [
        share(3, ADA, ("ab",)),
        share(4, BOB, (2, "c")),
        share(5, ADA, (-1,)),
        share(6, ADA, (2, "d")),
    ]
    assert merge_shares(0, "bcd", typed) == [
        Share(BOB, 1, 400, 400, 4, ("c",)),
        Share(ADA, 3, 300, 600, 6, ("b", 1, "d")),
    ]


def test_last_share_deletes_what_stood_before() -> None:
    typed = [share(1, ADA, (1, -2)), share(2, BOB, (1, "x")), share(3, ADA, (2, -1))]
    merged = merge_shares(4, "ax", typed)
    assert merged == [
        Share(BOB, 1, 200, 200, 2, (1, "x")),
        Share(ADA, 2, 100, 300, 3, (2, -3)),
    ]
    assert apply("abcd", composed(merged)) == "ax"


def test_writer_that_is_known_better_gets_its_text() -> None:
    restored = [share(1, BOB, ("xy",)), share(2, BOB, (2, "z"))]
    known = [(1, share(0, CARL, ())), (2, share(0, BOB, ()))]
    merged = merge_shares(0, "xyz", restored, known)
    assert merged == [
        Share(CARL, 0, 0, 0, 1, ("x",)),
        Share(BOB, 2, 100, 200, 2, (1, "yz")),
    ]


def test_without_room_for_it_the_text_stays_that_of_the_writer() -> None:
    merged = merge_shares(0, "x", [share(1, BOB, ("x",))], [(1, share(0, CARL, ()))])
    assert merged == [share(1, BOB, ("x",))]


def test_columns_have_every_event_of_each_writer() -> None:
    found = spread(3, [Share(BOB, 2, 350, 500, 5, ("c",)), Share(ADA, 3, 300, 700, 7, (1, "b"))])
    assert found.upto == 7
    assert [found.writers[index] for index in found.writer] == [BOB, ADA, BOB, ADA, ADA]
    assert found.ops == [(), (), ("c",), (), (1, "b")]
    assert found.at_ms == [350, 300, 500, 300, 700]


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="characters after"):
        merge_shares(0, "abc", [share(1, ADA, ("ab",))])
    with pytest.raises(ValueError, match="text ends"):
        merge_shares(1, "", [share(1, ADA, (-2,))])


@pytest.mark.parametrize("seed", range(40))
def test_merged_shares_give_the_text_of_all(seed: int) -> None:
    random = Random(seed)
    text = before = "".join(random.choices("abc", k=random.randrange(6)))
    typed: list[Share] = []
    for version in range(1, random.choice([2, 5, 40])):
        at = random.randrange(len(text) + 1)
        gone = random.randrange(min(3, len(text) - at) + 1)
        ops = canonical((at, random.choice(["", "x", "yz"]), -gone))
        typed.append(share(version, random.choice([ADA, BOB, CARL]), ops))
        text = apply(text, ops)
    merged = merge_shares(len(before), text, typed)
    assert apply(before, composed(merged)) == text
    assert sum(each.events for each in merged) == len(typed)
    once_more = [
        share
        for part in (typed[: len(typed) // 2], typed[len(typed) // 2 :])
        for share in _merged(before, typed, part)
    ]
    assert composed(merge_shares(len(before), text, once_more)) == composed(merged)


def _merged(before: str, typed: list[Share], part: list[Share]) -> list[Share]:
    if not part:
        return []
    begin = before
    for each in typed[: typed.index(part[0])]:
        begin = apply(begin, each.ops)
    end = begin
    for each in part:
        end = apply(end, each.ops)
    return merge_shares(len(begin), end, part)
