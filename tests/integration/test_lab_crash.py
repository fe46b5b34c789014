"""The crash test of the laboratory in a short form: it finds nothing in Quire, and a planted loss.

The long form is `python -m lab crash`; see docs/proof.md. What the recorder can tell apart is in
`tests/unit/lab/test_document_record.py`.
"""

import os
from dataclasses import replace

import pytest

from lab.crash.quire_service import Plan
from lab.crash.rounds import run_plan
from tests.postgresql import PostgresqlMissing

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.p1,
    pytest.mark.p2,
    pytest.mark.p3,
    pytest.mark.p4,
    pytest.mark.p5,
]

ALONE = Plan("one process", "sqlite", 1, ("cuts", "disk", "clock"), kills=3, seed=1)
TOGETHER = Plan(
    "three processes", "postgresql", 3, ("redis", "cuts", "database"), kills=3, seed=2, documents=1
)


@pytest.mark.parametrize("plan", [ALONE, TOGETHER], ids=["one", "three"])
async def test_recorder_finds_all_that_anyone_was_told_or_shown(plan: Plan) -> None:
    try:
        outcome = await run_plan(plan)
    except PostgresqlMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL: {missing}")
    assert outcome.problems == []
    assert outcome.verdict.is_clean, outcome.verdict
    assert outcome.verdict.kills >= plan.kills
    assert outcome.verdict.acknowledged > 10 * plan.kills
    assert outcome.verdict.shown > 10 * plan.kills


async def test_recorder_sees_the_loss_of_a_server_that_acknowledges_before_it_commits() -> None:
    outcome = await run_plan(replace(ALONE, faults=(), kills=2, acks_first=True))
    assert outcome.verdict.lost_acknowledged
    assert outcome.verdict.lost_shown
