"""sync.presence.claims: the client ids that sessions announce as their own."""

from sync.presence.claims import AnnouncedIds
from sync.yjs.awareness import encode_awareness


def has_nothing(_: str) -> bool:
    return False


def test_first_client_id_that_a_session_names_is_its_own() -> None:
    ids = AnnouncedIds()
    ids.note("s1", "ann", encode_awareness([(5, 1, "{}"), (6, 1, "{}")]))
    ids.note("s1", "ann", encode_awareness([(7, 1, "{}")]))
    ids.note("s2", "bob", encode_awareness([]))
    ids.note("s2", "bob", b"\xff")
    assert (ids.own("s1"), ids.own("s2")) == (5, None)
    assert (ids.claimant(5), ids.claimant(6)) == ("ann", None)


def test_of_several_who_announce_an_id_the_first_is_its_claimant_until_it_leaves() -> None:
    ids = AnnouncedIds()
    ids.note("s1", "ann", encode_awareness([(5, 1, "{}")]))
    ids.note("s2", "bob", encode_awareness([(5, 1, "{}")]))
    assert ids.claimant(5) == "ann"
    ids.leave("s1", has_nothing)
    ids.leave("s1", has_nothing)
    assert ids.claimant(5) == "bob"
    assert ids.own("s1") is None


def test_session_that_has_left_claims_nothing_but_its_own_id_is_known_until_all_is_merged() -> None:
    ids = AnnouncedIds()
    ids.note("s1", "ann", encode_awareness([(5, 1, "{}")]))
    ids.note("s2", "bob", encode_awareness([(6, 1, "{}")]))
    ids.leave("s1", lambda session: session == "s1")
    assert (ids.own("s1"), ids.claimant(5)) == (5, None)
    ids.leave("s2", has_nothing)
    assert (ids.own("s1"), ids.own("s2")) == (None, None)
