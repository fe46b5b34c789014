import re

from app.audit import audit_kind
from app.audit.coalescing import RULES
from tests.integration.server import ROOT

KINDS = {value for name, value in vars(audit_kind).items() if name.isupper()}


def test_the_page_names_every_kind() -> None:
    page = (ROOT / "docs" / "audit.md").read_text()
    table = page.partition("| kind |")[2].partition("\n\n")[0]
    named = {
        each
        for row in table.splitlines()[2:]
        for each in re.findall(r"`([^`]+)`", row.split("|")[1])
    }
    assert named == KINDS


def test_kinds_are_short_and_plain() -> None:
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", kind) for kind in KINDS)


def test_only_kinds_that_there_are_have_a_rule() -> None:
    assert set(RULES) <= KINDS
