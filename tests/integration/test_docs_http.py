"""The samples of `docs/http.md` are run, in order, on a real server, and answer what it says."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from app.http.problem import STATUS
from tests.integration.server import ROOT, ServerProcess
from tests.patience import PATIENCE_S

PAGE: Final = ROOT / "docs" / "http.md"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
VOLATILE: Final = frozenset({"epoch", "created_at", "updated_at", "at", "session"})
"""What differs from run to run; only its presence and type are compared."""
_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(slots=True)
class Sample:
    """A block of commands, and the answer to the last of them if the page shows it."""

    commands: list[str]
    form: str = ""
    answer: str = ""


@dataclass(slots=True)
class Curl:
    """One curl command, as far as the page uses curl."""

    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    follows: bool = False


def samples() -> Iterator[Sample]:
    sample: Sample | None = None
    for form, content in _BLOCK.findall(PAGE.read_text("utf-8")):
        if form == "sh":
            if sample is not None:
                yield sample
            sample = Sample(content.replace("\\\n", " ").strip().splitlines())
        else:
            assert sample is not None, "an answer stands before any command"
            assert not sample.answer, "two answers stand after one command"
            sample.form, sample.answer = form, content
    assert sample is not None, "the page has no samples"
    yield sample


def parsed(command: str, server: str) -> Curl:
    words = iter(shlex.split(command.replace("$QUIRE", server)))
    assert next(words) == "curl"
    curl = Curl()
    for word in words:
        match word:
            case "-X":
                curl.method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                curl.headers[name] = value
            case "-d" | "--data-binary":
                curl.body = next(words)
            case "-N":
                curl.follows = True
            case _:
                assert not word.startswith("-"), f"this test does not know {word}"
                curl.url = word
    return curl


def assert_alike(answer: Any, shown: Any, name: str = "") -> None:
    """Hold an answer against the page: same shape, same values but for volatile ones."""
    assert type(answer) is type(shown), name
    if isinstance(shown, dict):
        assert answer.keys() == shown.keys(), name
        for key, value in shown.items():
            made = key == "id" and str(value).startswith(("create-", "open-"))
            if key not in VOLATILE and not made:
                assert_alike(answer[key], value, key)
    elif isinstance(shown, list):
        assert len(answer) == len(shown), name
        for one, other in zip(answer, shown, strict=True):
            assert_alike(one, other, name)
    elif isinstance(shown, str) and TIME.fullmatch(shown):
        assert TIME.fullmatch(answer), name
    else:
        assert answer == shown, name


def follow(http: httpx.Client, curl: Curl, shown: str) -> None:
    """Read an event stream until all the lines that the page shows have come."""
    expected = shown.strip().splitlines()
    with http.stream(curl.method, curl.url, headers=curl.headers) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        for line in expected:
            assert line in lines


def test_samples_answer_what_the_page_says(tmp_path: Path) -> None:
    ran = 0
    with (
        ServerProcess(tmp_path) as server,
        httpx.Client(trust_env=False, timeout=PATIENCE_S) as http,
    ):
        for sample in samples():
            for command in sample.commands:
                curl = parsed(command, server.url)
                ran += 1
                if curl.follows:
                    follow(http, curl, sample.answer)
                    continue
                http.cookies.clear()  # curl keeps none
                response = http.request(
                    curl.method, curl.url, headers=curl.headers, content=curl.body
                )
                assert response.is_success or '"code"' in sample.answer, response.text
            if sample.form == "json":
                assert_alike(response.json(), json.loads(sample.answer))
            elif sample.form == "text" and not curl.follows:
                assert response.text.strip() == sample.answer.strip()
    assert ran >= 13


def test_page_names_every_code_that_http_answers() -> None:
    errors = PAGE.read_text("utf-8").partition("## Errors")[2]
    only_sockets = {"unknown_type", "not_joined", "malformed_update"}
    missing = {str(code) for code in STATUS if f"`{code}`" not in errors}
    assert missing <= only_sockets
