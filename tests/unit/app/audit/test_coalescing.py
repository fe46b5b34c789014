import pytest

from app.audit.coalescing import Coalescing, Rule
from storage.audit_rows import AuditRecord

KIND = "access.refused"
OTHER = "document.joined"


def refusal(
    address: str = "192.0.2.1", *, user: str = "ada", document: str = "notes", at_ms: int = 1_000
) -> AuditRecord:
    return AuditRecord(at_ms, KIND, user, user, address, document, detail={"code": "forbidden"})


def coalescing(max_windows: int = 100) -> Coalescing:
    rule = Rule(window_s=10.0, max_per_address=3, max_windows=max_windows, share=0.5)
    return Coalescing({KIND: rule, OTHER: rule})


def test_the_first_record_goes_on_at_once() -> None:
    assert coalescing().add(refusal(), 0.0) == refusal()


def test_those_like_it_become_one_that_has_their_number() -> None:
    held = coalescing()
    held.add(refusal(), 0.0)
    assert [held.add(refusal(at_ms=at), 1.0) for at in (2_000, 3_000, 4_000)] == [None] * 3
    assert list(held.summaries(9.9, 10)) == []
    (summary,) = held.summaries(10.0, 10)
    assert summary.detail == {"code": "forbidden", "count": 3, "since": "1970-01-01T00:00:02.000Z"}
    assert (summary.at_ms, summary.user_id, summary.document) == (4_000, "ada", "notes")


def test_a_flood_that_goes_on_is_one_record_a_window() -> None:
    held = coalescing()
    written = 0
    for tenth in range(1_000):
        written += held.add(refusal(), tenth / 10) is not None
        written += len(list(held.summaries(tenth / 10, 10)))
    assert written == 10


def test_a_window_without_more_of_them_is_forgotten() -> None:
    held = coalescing()
    held.add(refusal(), 0.0)
    assert list(held.summaries(10.0, 10)) == []
    assert held.is_empty
    assert held.add(refusal(), 10.0) is not None


@pytest.mark.parametrize(
    "other",
    [refusal("192.0.2.2"), refusal(user="bob"), refusal(document="other")],
    ids=["address", "user", "document"],
)
def test_different_ones_are_not_taken_together(other: AuditRecord) -> None:
    held = coalescing()
    held.add(refusal(), 0.0)
    assert held.add(other, 0.0) == other


def test_past_its_share_all_of_an_address_are_one() -> None:
    held = coalescing()
    shown = [held.add(refusal(document=f"d{n}"), 0.0) for n in range(1_000)]
    # Three of their own, and the first of the shared one.
    assert [each is not None for each in shown] == [True] * 4 + [False] * 996
    (summary,) = held.summaries(10.0, 10)
    assert (summary.address, summary.user_id, summary.document) == ("192.0.2.1", "", None)
    assert summary.detail["various"] is True
    assert summary.detail["count"] == 996
    assert held.add(refusal("192.0.2.2"), 0.0) is not None


def test_addresses_of_one_ipv6_network_share_its_share() -> None:
    held = coalescing()
    shown = [held.add(refusal(f"2001:db8:1:2::{n:x}"), 0.0) for n in range(100)]
    assert sum(each is not None for each in shown) == 4
    (summary,) = held.summaries(10.0, 10)
    assert summary.address == "2001:db8:1:2::/64"


def test_past_the_bound_all_addresses_are_one() -> None:
    held = coalescing(max_windows=50)
    shown = [held.add(refusal(f"192.0.{n // 250}.{n % 250}"), 0.0) for n in range(1_000)]
    assert sum(each is not None for each in shown) == 51
    (summary,) = held.summaries(10.0, 10)
    assert (summary.address, summary.detail["count"]) == ("", 949)


def test_a_flood_of_one_kind_hides_nothing_of_another() -> None:
    held = coalescing(max_windows=50)
    for number in range(1_000):
        held.add(refusal(f"192.0.{number // 250}.{number % 250}"), 0.0)
    joined = AuditRecord(1, OTHER, "ada", "Ada", "192.0.2.1", "notes")
    assert held.add(joined, 0.0) == joined


def test_no_room_keeps_the_count() -> None:
    held = coalescing()
    held.add(refusal(), 0.0)
    held.add(refusal(), 0.0)
    assert list(held.summaries(20.0, 0)) == []
    held.add(refusal(), 20.0)
    (summary,) = held.summaries(20.0, 1)
    assert summary.detail["count"] == 2


def test_closing_tells_of_all_that_was_counted() -> None:
    held = coalescing()
    for user in ("ada", "bob", "ada"):
        held.add(refusal(user=user), 0.0)
    assert [each.detail["count"] for each in held.close()] == [1]
    assert held.is_empty


def test_an_address_that_is_none_is_taken_as_it_is() -> None:
    held = coalescing()
    for address in ("", "unknown", "fe80::1%eth0", ":::", "x" * 1_000):
        assert held.add(refusal(address), 0.0) is not None


def test_one_link_redeemed_by_ever_new_guests_does_not_fill_the_trail() -> None:
    held = Coalescing()
    detail = {"link": "a", "role": "viewer"}
    redeemed = [
        AuditRecord(1, "link.redeemed", f"guest-{n}", "", "192.0.2.1", "notes", detail=detail)
        for n in range(1_000)
    ]
    assert held.rule("link.redeemed") is not None
    shown = [held.add(each, 0.0) for each in redeemed]
    assert sum(each is not None for each in shown) == 101
    (summary,) = held.summaries(60.0, 10)
    assert summary.detail["count"] == 899
