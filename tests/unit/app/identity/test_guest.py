"""`app.identity.guest`: a guest stays the same, and nobody else can be it."""

import json
from base64 import urlsafe_b64encode

import pytest
from itsdangerous import URLSafeSerializer

from app.identity.display_name import PALETTE, color_of
from app.identity.guest import (
    GUEST_DAYS,
    Guest,
    GuestCookies,
    new_guest,
    renamed_guest,
)
from sync.error import QuireError

KEY = b"k" * 32
NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000
COOKIES = GuestCookies(KEY, is_open=True)


def test_cookie_brings_the_same_guest_back() -> None:
    guest = new_guest("Ada", NOW_MS)
    again = GuestCookies(KEY, is_open=False).decode(COOKIES.encode(guest), NOW_MS + 1)
    assert again == guest
    assert again is not None
    assert again.user == guest.user


def test_two_guests_of_one_name_are_two_people() -> None:
    guests = [new_guest("Ada", NOW_MS) for _ in range(64)]
    assert len({guest.id for guest in guests}) == 64
    assert len({guest.user.color for guest in guests}) > 3


def test_guest_keeps_id_and_color_under_another_name() -> None:
    guest = new_guest("Ada", NOW_MS)
    renamed = renamed_guest(guest, " Bea ", NOW_MS + 5)
    assert (renamed.id, renamed.name, renamed.issued_at_ms) == (guest.id, "Bea", NOW_MS + 5)
    assert renamed.user.color == guest.user.color


def test_guest_without_a_name_is_given_one() -> None:
    assert len(new_guest(None, NOW_MS).name) > 3
    with pytest.raises(QuireError):
        new_guest("\u202e", NOW_MS)


def test_every_character_of_a_cookie_counts() -> None:
    cookie = COOKIES.encode(new_guest("Ada", NOW_MS))
    for place in range(len(cookie)):
        for other in "Aa0-_.":
            changed = cookie[:place] + other + cookie[place + 1 :]
            # The last character of base64 has bits that mean nothing.
            if changed != cookie and place not in (len(cookie) - 1,):
                assert COOKIES.decode(changed, NOW_MS) is None, (place, other)


def _signed(content: object, salt: str = "quire.guest", key: bytes = KEY) -> str:
    from hashlib import sha256

    serializer = URLSafeSerializer(key, salt=salt, signer_kwargs={"digest_method": sha256})
    return str(serializer.dumps(content))


HONEST = ["guest-1", "Ada", NOW_MS]


def test_what_the_server_signs_itself_is_what_these_tests_sign() -> None:
    assert COOKIES.decode(_signed(HONEST), NOW_MS) == Guest("guest-1", "Ada", NOW_MS)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ".",
        "a.b",
        "\xff",
        "\ud800",
        "x" * 10_000_000,
        urlsafe_b64encode(json.dumps(HONEST).encode()).decode(),
        urlsafe_b64encode(json.dumps(HONEST).encode()).decode() + ".",
        _signed(HONEST, key=b"x" * 32),
        _signed(HONEST, salt="quire.other"),
        _signed({"id": "guest-1"}),
        _signed(["guest-1", "Ada"]),
        _signed(["guest-1", "Ada", "now"]),
        _signed(["guest-1", 7, NOW_MS]),
        _signed(["guest-1", "\u202e", NOW_MS]),
        _signed(7),
    ],
)
def test_cookie_that_is_not_ours_is_none(cookie: str) -> None:
    assert COOKIES.decode(cookie, NOW_MS) is None


def test_cookie_ends_and_is_renewed_long_before() -> None:
    guest = new_guest("Ada", NOW_MS)
    cookie = COOKIES.encode(guest)
    end_ms = NOW_MS + GUEST_DAYS * DAY_MS
    assert COOKIES.decode(cookie, end_ms - 1) == guest
    assert COOKIES.decode(cookie, end_ms) is None
    assert not guest.is_due(NOW_MS + DAY_MS)
    assert guest.is_due(NOW_MS + 8 * DAY_MS)


def test_guest_is_signed_in_in_open_mode_only() -> None:
    guest = new_guest("Ada", NOW_MS)
    here = COOKIES.principal(guest)
    assert (here.kind, here.is_signed_in, here.may_create) == ("guest", True, True)
    elsewhere = GuestCookies(KEY, is_open=False).principal(guest)
    assert (elsewhere.kind, elsewhere.is_signed_in, elsewhere.may_create) == ("guest", False, False)
    assert elsewhere.is_proven
    assert not elsewhere.is_operator


def test_longest_name_fits_into_a_cookie() -> None:
    guest = new_guest("\U0001f600" * 64, NOW_MS)
    cookie = COOKIES.encode(guest)
    assert len(cookie) < 3_000
    assert COOKIES.decode(cookie, NOW_MS) == guest


def test_chosen_color_is_kept_by_the_cookie_and_by_another_name() -> None:
    guest = new_guest("Ada", NOW_MS)
    chosen = next(color for color in PALETTE if color != guest.user.color)
    recolored = renamed_guest(guest, guest.name, NOW_MS, chosen)
    assert recolored.user.color == chosen
    assert COOKIES.decode(COOKIES.encode(recolored), NOW_MS) == recolored
    assert renamed_guest(recolored, "Bea", NOW_MS).user.color == chosen


def test_color_that_is_not_of_the_palette_is_none() -> None:
    for color in ("red", "#ffffff", "url(x)", ""):
        guest = COOKIES.decode(_signed([*HONEST, color]), NOW_MS)
        assert guest is not None
        assert guest.user.color == color_of("guest-1")
