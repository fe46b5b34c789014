"""sync.document.outcome: the refusal of somebody who may only read."""

import pytest

from sync.document.outcome import may_not_write
from sync.error import ErrorCode
from sync.names import Role


@pytest.mark.parametrize("role", ["viewer", "commenter"])
def test_refusal_names_the_role(role: Role) -> None:
    why = may_not_write(role)
    assert (why.code, why.retryable) == (ErrorCode.FORBIDDEN, False)
    assert role in why.message
