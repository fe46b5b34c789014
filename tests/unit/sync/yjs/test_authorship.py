"""sync.yjs.authorship: who made what a session sends."""

import pytest

from sync.yjs.authorship import NO_CLAIMS, Claims, Shares, share

pytestmark = pytest.mark.p9

ANN, BOB = "u-ann", "u-bob"


class Announced:
    """The own client id of each session, and its user."""

    def __init__(self, **own: tuple[int, str]) -> None:
        self._own = own

    def own(self, session: str) -> int | None:
        return self._own[session][0] if session in self._own else None

    def claimant(self, client: int) -> str | None:
        return next((user for own, user in self._own.values() if own == client), None)


def of_bob(
    clients: list[int],
    owners: dict[int, str],
    claims: Claims = NO_CLAIMS,
    *,
    is_past: bool = False,
) -> Shares:
    return share(clients, owners, claims, session="bob", user_id=BOB, is_past=is_past)


def test_session_that_announces_nothing_authors_on_the_one_id_that_it_edits_under() -> None:
    assert of_bob([5], {}) == Shares(bound=(5,))
    assert of_bob([5, 6], {}) == Shares()
    assert of_bob([5, 6], {5: BOB}) == Shares(bound=(6,))


def test_session_that_announces_nothing_delivers_what_it_has_of_the_past() -> None:
    assert of_bob([5], {}, is_past=True) == Shares()
    assert of_bob([5], {5: ANN}, is_past=True) == Shares(foreign=frozenset({5}))


def test_session_that_announces_nothing_may_not_edit_under_another_s_id() -> None:
    assert of_bob([5], {5: ANN}) == Shares(foreign=frozenset({5}), is_forged=True)
    assert of_bob([5, 6], {5: ANN}).is_forged


@pytest.mark.parametrize("is_past", [False, True])
def test_session_authors_on_the_id_that_it_announces_and_delivers_all_others(
    is_past: bool,
) -> None:
    claims = Announced(bob=(6, BOB))
    assert of_bob([6], {}, claims, is_past=is_past) == Shares(bound=(6,))
    assert of_bob([5], {}, claims, is_past=is_past) == Shares()
    assert of_bob([5, 6], {}, claims, is_past=is_past) == Shares(bound=(6,))
    assert of_bob([5, 6], {6: BOB}, claims, is_past=is_past) == Shares()
    carried = of_bob([5, 6], {5: ANN}, claims, is_past=is_past)
    assert carried == Shares(bound=(6,), foreign=frozenset({5}))


def test_id_that_another_announces_is_that_user_s_already() -> None:
    claims = Announced(bob=(6, BOB), ann=(5, ANN))
    assert of_bob([5], {}, claims) == Shares(foreign=frozenset({5}))
    assert share([5], {}, claims, session="ann", user_id=ANN, is_past=False) == Shares(bound=(5,))


def test_unbound_id_that_another_announces_is_contested_and_not_forged() -> None:
    both = Announced(ann=(5, ANN), bob=(5, BOB))
    # Ann announced it first.
    assert of_bob([5], {}, both) == Shares(foreign=frozenset({5}), is_contested=True)
    # Also what a session that announces nothing edits under it.
    anns = Announced(ann=(5, ANN))
    assert of_bob([5], {}, anns) == Shares(foreign=frozenset({5}), is_contested=True)
    assert of_bob([5], {}, anns, is_past=True) == Shares(foreign=frozenset({5}))


def test_session_that_announces_another_s_id_as_its_own_writes_under_it() -> None:
    claims = Announced(bob=(5, BOB))
    assert of_bob([5], {5: ANN}, claims, is_past=True).is_forged
