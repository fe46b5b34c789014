import pytest
from starlette.requests import Request

from app.http.editor_page import accepts_html, wants_page

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def asked(path: str, accept: str = BROWSER, *, root_path: str = "") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": root_path,
            "query_string": b"",
            "headers": [(b"accept", accept.encode())],
        }
    )


@pytest.mark.parametrize(
    ("accept", "is_html"),
    [
        (BROWSER, True),
        ("application/json, TEXT/HTML ; charset=utf-8", True),
        ("text/html;q=0", False),
        ("text/html; q=0.000, */*", False),
        ("text/html;q=0.1", True),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_html_is_accepted_by_name_alone(accept: str, is_html: bool) -> None:
    assert accepts_html(accept) is is_html


@pytest.mark.parametrize("path", ["/nope", "/d/a/b", "/apiary", "/auth/oidc/start", "/"])
def test_person_gets_a_page(path: str) -> None:
    assert wants_page(asked(path))
    assert wants_page(asked(f"/pad{path}", root_path="/pad"))
    assert not wants_page(asked(path, "*/*"))


@pytest.mark.parametrize("path", ["/api", "/api/nope", "/assets/x.js", "/metrics", "/healthz"])
def test_path_of_programs_has_problem_documents_for_everybody(path: str) -> None:
    assert not wants_page(asked(path))
    assert not wants_page(asked(f"/pad{path}", root_path="/pad"))
