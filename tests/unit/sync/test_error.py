"""`sync.error`: its tables are those of `docs/protocol.md`."""

import pytest

from sync.error import (
    CLIENT_ACTIONS,
    ClientAction,
    CloseCode,
    ErrorCode,
    QuireError,
    Refusal,
    client_action,
    refusal,
)


def test_error_codes_are_the_ones_that_are_documented() -> None:
    assert [code.value for code in ErrorCode] == [
        "invalid_json",
        "invalid_message",
        "unknown_type",
        "auth_required",
        "auth_failed",
        "forbidden",
        "not_joined",
        "unknown_document",
        "not_created",
        "base_unknown",
        "out_of_range",
        "duplicate_id",
        "too_large",
        "rate_limited",
        "document_full",
        "malformed_update",
        "read_only",
        "store_unavailable",
    ]


def test_close_codes_are_the_ones_that_are_documented() -> None:
    assert [int(code) for code in CloseCode] == [
        *(1001, 1008, 1009, 1011, 1012, 1013),
        *(4400, 4401, 4403, 4404, 4429),
    ]


def test_every_close_code_tells_the_client_what_to_do() -> None:
    assert set(CLIENT_ACTIONS) == set(CloseCode)
    stops = [code for code in CloseCode if client_action(code) is ClientAction.STOP]
    assert stops == [1008, 1009, 4400, 4403, 4404]
    assert client_action(4401) is ClientAction.REAUTHENTICATE
    assert client_action(4999) is ClientAction.BACK_OFF


@pytest.mark.parametrize("code", list(ErrorCode))
def test_refusal_is_retryable_when_time_may_help(code: ErrorCode) -> None:
    temporary = {ErrorCode.RATE_LIMITED, ErrorCode.STORE_UNAVAILABLE, ErrorCode.READ_ONLY}
    assert refusal(code, "why").retryable == (code in temporary)


def test_exception_says_what_the_refusal_says() -> None:
    error = QuireError.of(Refusal(ErrorCode.TOO_LARGE, "Too large.", retryable=True))
    assert (error.code, error.message, error.retryable) == (
        ErrorCode.TOO_LARGE,
        "Too large.",
        True,
    )
    assert str(error) == "Too large."
    assert error.close_code is None
