import msgspec
import pytest

from sync.client.past_answer import Blame, HttpProblem, NamedVersion, TakenBack


def test_answers_are_read_by_the_names_of_http_whatever_else_they_have() -> None:
    span = {
        "len": 5,
        "version": 1,
        "actor": {"id": "ada", "name": "Ada", "color": "#000000"},
        "at": "2026-11-20T09:30:00.131Z",
    }
    body = msgspec.json.encode({"version": 3, "spans": [span], "next": 7, "later": 1})
    blame = msgspec.json.decode(body, type=Blame)
    (read,) = blame.spans
    assert (blame.next, read.length, read.actor.name, read.at.microsecond) == (7, 5, "Ada", 131_000)
    taken = {"id": "", "version": 9, "ops": [{"retain": 2}], "after": 1, "upto": 3, "events": 2}
    assert msgspec.json.decode(msgspec.json.encode(taken), type=TakenBack).events == 2


def test_problem_without_fields_is_empty_and_an_answer_without_them_is_none() -> None:
    assert msgspec.json.decode(b"{}", type=HttpProblem) == HttpProblem("", "", None, None)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"version": 3}', type=NamedVersion)
