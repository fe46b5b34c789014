"""sync.permission: the role of a reader, and which role allows which action."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.names import Role
from sync.permission import (
    Action,
    Claim,
    LinkGrant,
    Reader,
    Standing,
    claimed_role,
    effective_role,
    highest,
    is_claim_pattern,
    is_subject,
    may,
    next_expiry_ms,
    subject_user,
    user_subject,
)

NOW_MS = 1_000
ADA = Reader("ada", is_signed_in=True)
GUEST = Reader("guest-1", is_signed_in=False)
UNPROVEN = Reader("", is_signed_in=False, is_unproven=True)

roles = st.sampled_from(get_args(Role))
maybe_roles = st.none() | roles
links = st.builds(LinkGrant, roles, st.none() | st.integers(0, 2 * NOW_MS))
standings = st.builds(
    Standing,
    st.sampled_from(["ada", "bob", ""]),
    maybe_roles,
    maybe_roles,
    maybe_roles,
    st.lists(links, max_size=3).map(tuple),
)


@given(standings, st.sampled_from([ADA, GUEST, UNPROVEN]), maybe_roles, st.booleans())
def test_read_only_document_has_viewers_alone(
    standing: Standing, reader: Reader, claimed: Role | None, is_scoped: bool
) -> None:
    claims = () if claimed is None else (Claim("notes", claimed),)
    asking = replace(reader, claims=claims, is_scoped=is_scoped)
    role = effective_role(standing, asking, "notes", NOW_MS)
    lowered = effective_role(replace(standing, is_read_only=True), asking, "notes", NOW_MS)
    assert lowered == (None if role is None else "viewer")


def test_owner_owns() -> None:
    assert effective_role(Standing("ada"), ADA, "notes", NOW_MS) == "owner"


def test_without_a_row_there_is_no_document() -> None:
    assert effective_role(Standing("bob"), ADA, "notes", NOW_MS) is None


@pytest.mark.parametrize(
    ("standing", "reader", "role"),
    [
        (Standing("bob", everyone="viewer"), GUEST, "viewer"),
        (Standing("bob", everyone="editor"), UNPROVEN, "viewer"),
        (Standing("", everyone=None), UNPROVEN, None),
        (Standing("bob", signed_in="editor"), ADA, "editor"),
        (Standing("bob", signed_in="editor"), GUEST, None),
        (Standing("bob", personal="commenter", everyone="viewer"), ADA, "commenter"),
        (Standing("bob", links=(LinkGrant("editor", None),)), GUEST, "editor"),
        (Standing("bob", links=(LinkGrant("editor", NOW_MS + 1),)), GUEST, "editor"),
        (Standing("bob", links=(LinkGrant("editor", NOW_MS),)), GUEST, None),
    ],
)
def test_highest_row_that_applies_counts(
    standing: Standing, reader: Reader, role: Role | None
) -> None:
    assert effective_role(standing, reader, "notes", NOW_MS) == role


def test_scoped_token_has_its_claims_alone() -> None:
    reader = Reader("ada", True, (Claim("team-*", "viewer"),), is_scoped=True)
    standing = Standing("ada", everyone="editor", personal="owner")
    assert effective_role(standing, reader, "team-notes", NOW_MS) == "viewer"
    assert effective_role(standing, reader, "notes", NOW_MS) is None


def test_claim_adds_to_the_rows_of_a_user() -> None:
    reader = Reader("ada", True, (Claim("notes", "editor"),))
    assert effective_role(Standing("bob", everyone="viewer"), reader, "notes", NOW_MS) == "editor"
    assert effective_role(Standing("ada"), reader, "notes", NOW_MS) == "owner"


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("notes", "notes", True),
        ("notes", "notes2", False),
        ("notes*", "notes", True),
        ("team-*", "team-", True),
        ("team-*", "Team-1", False),
        ("*", "anything", True),
        ("a.b", "aXb", False),
    ],
)
def test_only_a_star_at_the_end_is_special(pattern: str, name: str, matches: bool) -> None:
    assert (claimed_role([Claim(pattern, "viewer")], name) is not None) == matches


@pytest.mark.parametrize("text", ["notes", "team-*", "*", "a:b.c_d-*"])
def test_patterns(text: str) -> None:
    assert is_claim_pattern(text)


@pytest.mark.parametrize("text", ["", "a*b", "**", "../x", "a\n", "-x*", "x" * 200])
def test_no_patterns(text: str) -> None:
    assert not is_claim_pattern(text)


def test_subjects() -> None:
    assert subject_user(user_subject("ada")) == "ada"
    assert subject_user("everyone") is None
    assert all(map(is_subject, ["everyone", "signed-in", "user:ada", "user:guest-1"]))
    refused = ["", "user:", "ada", "Everyone", "user:a\nb", "user:" + "x" * 129]
    assert not any(map(is_subject, refused))


def test_next_expiry() -> None:
    standing = Standing("a", links=(LinkGrant("viewer", 5), LinkGrant("viewer", 9)))
    assert [next_expiry_ms(standing, now_ms) for now_ms in (0, 5, 9)] == [5, 9, None]
    assert next_expiry_ms(Standing("a", links=(LinkGrant("viewer", None),)), 0) is None


def test_roles_are_ordered() -> None:
    order: list[Role] = ["viewer", "commenter", "editor", "owner"]
    for low, high in product(range(4), repeat=2):
        assert highest([order[low], None, order[high]]) == order[max(low, high)]
    assert highest([]) is None


@given(standings, st.booleans(), maybe_roles)
def test_another_row_never_lowers_a_role(
    standing: Standing, is_signed_in: bool, added: Role | None
) -> None:
    reader = Reader("ada", is_signed_in)
    before = effective_role(standing, reader, "notes", NOW_MS)
    more = Standing(
        standing.owner_id,
        standing.everyone,
        standing.signed_in,
        highest((standing.personal, added)),
        standing.links,
    )
    after = effective_role(more, reader, "notes", NOW_MS)
    assert highest((before, after)) == after


@given(standings)
def test_who_is_not_proven_gets_what_everyone_has_and_only_reads(standing: Standing) -> None:
    found = effective_role(standing, UNPROVEN, "notes", NOW_MS)
    assert found == (None if standing.everyone is None else "viewer")


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        (Action.READ, {"owner", "editor", "commenter", "viewer"}),
        (Action.WRITE, {"owner", "editor"}),
        (Action.RENAME, {"owner", "editor"}),
        (Action.MANAGE, {"owner"}),
    ],
)
def test_action_is_allowed_to_exactly_these_roles(action: Action, allowed: set[str]) -> None:
    assert {role for role in get_args(Role) if may(role, action)} == allowed


def test_every_action_is_decided() -> None:
    for action in Action:
        assert may("owner", action)
