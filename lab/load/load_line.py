"""A figure of a load scenario beside its target."""

from typing import Literal, NamedTuple


class LoadLine(NamedTuple):
    """One figure.

    Args:
        target: None if nothing is asked of it.
    """

    scenario: str
    figure: str
    value: float
    sign: Literal["<=", ">=", ""] = ""
    target: float | None = None

    @property
    def is_met(self) -> bool:
        """True if the target is reached, or there is none."""
        if self.target is None:
            return True
        return self.value <= self.target if self.sign == "<=" else self.value >= self.target

    @property
    def verdict(self) -> str:
        """A word for the table."""
        if self.target is None:
            return ""
        return "met" if self.is_met else "MISSED"


def at_most(scenario: str, figure: str, value: float, target: float) -> LoadLine:
    """Return a figure that is to stay below."""
    return LoadLine(scenario, figure, value, "<=", target)


def at_least(scenario: str, figure: str, value: float, target: float) -> LoadLine:
    """Return a figure that is to reach something."""
    return LoadLine(scenario, figure, value, ">=", target)
