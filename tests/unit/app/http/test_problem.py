"""`app.http.problem`: every code has a status, and any detail can be sent."""

import json

import pytest

from app.http.problem import STATUS, Code, HttpCode, problem_response
from app.service.service_error import ServiceCode
from sync.error import ErrorCode

CODES: list[Code] = [*ErrorCode, *ServiceCode, *HttpCode]


@pytest.mark.parametrize("code", CODES)
def test_every_code_makes_a_problem_document(code: Code) -> None:
    response = problem_response(code, "Because.")
    body = json.loads(bytes(response.body))
    assert response.headers["content-type"] == "application/problem+json"
    assert body.keys() == {"type", "title", "status", "code", "detail"}
    assert (body["code"], body["status"]) == (code, response.status_code)
    assert ("retry-after" in response.headers) == (response.status_code in (429, 503))


def test_no_code_of_the_protocol_is_a_server_error_but_for_the_store() -> None:
    failing = {code for code in ErrorCode if STATUS[code] >= 500}
    assert failing == {ErrorCode.READ_ONLY, ErrorCode.STORE_UNAVAILABLE}


def test_detail_may_hold_what_json_cannot() -> None:
    response = problem_response(ErrorCode.INVALID_MESSAGE, "half \ud800 and NUL \0" + "x" * 9_999)
    body = json.loads(bytes(response.body))
    assert body["detail"].startswith("half \\ud800")
    assert len(response.body) < 2_000
