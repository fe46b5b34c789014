"""sync.presence.claims: the client ids that sessions announce as their own."""

from sync.presence.claims import AnnouncedIds
from sync.yjs.awareness import encode_awareness


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
    ids.forget("s1")
    ids.forget("s1")
    assert ids.claimant(5) == "bob"
    assert ids.own("s1") is None
