"""Requests that fit the OpenAPI description, and ones that do not, are answered as it says.

schemathesis makes requests of the description, valid and invalid ones, and sends them to a real
server. Each answer must have a status, a media type and a body that the operation documents, and
none may be a defect of the server. What is not valid is refused, and a wrong credential is never
passed over.

Mutants seen caught here: a route that fails on a query that it does not expect; a refusal that the
description does not have; an answer that does not fit its schema.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from app.main import create_app
from app.settings import Settings
from tests.integration.server import ServerProcess
from tests.patience import PATIENCE_S, SOAK

pytestmark = [pytest.mark.p8]

EXAMPLES: Final = 300 if SOAK else 5
"""For each operation, against a document that is there and against any."""
STREAMS: Final = "/api/documents/{document}/events"
"""Its answer does not end; `test_http_events.py` is about it."""
ANSWERS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
REFUSALS: Final = ("negative_data_rejection", "unsupported_method")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("openapi")) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=PATIENCE_S) as client:
        yield client


load_all_checks()
schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
operations = schema.exclude(path=STREAMS)


def fresh_document(http: httpx.Client) -> str:
    """A document of Ana's with three versions."""
    name = f"made-{next(_numbers)}"
    body = {"name": name, "text": "one\n"}
    http.post("/api/documents", json=body, headers={"X-Quire-Name": "Ana"}).raise_for_status()
    for text in ("two\n", "three\n"):
        edit = {"base": None, "ops": [{"insert": text}]}
        http.post(f"/api/documents/{name}/edits", json=edit).raise_for_status()
    return name


@operations.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_request_is_answered_as_described(case: Any, server: ServerProcess) -> None:
    case.validate_response(
        case.call(base_url=server.url), checks=CHECKS.get_by_names([*ANSWERS, *REFUSALS])
    )
    assert server.is_running


@operations.parametrize()
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_request_about_a_document_is_answered_as_described(
    case: Any, server: ServerProcess, http: httpx.Client
) -> None:
    if "document" not in case.path_parameters:
        return
    case.path_parameters["document"] = fresh_document(http)
    answer = case.call(base_url=server.url, headers={"X-Quire-Name": "Ana"})
    case.validate_response(answer, checks=CHECKS.get_by_names(ANSWERS))
    assert server.is_running


@pytest.mark.parametrize(
    "token", ["qt_nobody", "qk_nobody", "a.b.c", "nonsense", "qt_" + "x" * 9_000]
)
def test_wrong_credential_is_never_passed_over(http: httpx.Client, token: str) -> None:
    """Open mode lets everybody in; but not those who show something that is not so."""
    asked = 0
    for path, methods in schema.raw_schema["paths"].items():
        for method in methods:
            if not path.startswith("/api/documents"):
                continue
            asked += 1
            url = path.replace("{document}", fresh_document(http)).replace("{version}", "1")
            answer = http.request(method, url, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, f"{method} {url}: {answer.text}"
            assert answer.headers["www-authenticate"]
    assert asked >= 12
