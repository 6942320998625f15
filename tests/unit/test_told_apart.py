"""What tells two hypotheses apart: a different answer before a difference of size alone."""

from __future__ import annotations

import math

import pytest

from msim.verdicts.hypothesis_discrimination import ToldApart, best_manipulation, clear_of_zero


@pytest.mark.parametrize(
    ("ci", "wanted"), [((0.1, 0.3), 0.1), ((-0.3, -0.1), 0.1), ((-0.1, 0.2), 0.0), ((-math.inf, math.inf), 0.0)]
)
def test_an_interval_is_as_clear_as_its_nearer_end(ci: tuple[float, float], wanted: float) -> None:
    assert clear_of_zero(ci) == wanted


def test_the_best_manipulation_is_answered_differently_by_most_pairs() -> None:
    """A large difference without another answer does not count."""
    def row(pair: tuple[str, str], asked: str, margins: float, *answers: str) -> ToldApart:
        return ToldApart(pair, asked, 0.0, (0.0, 0.0), margins, (answers[0], answers[1]))

    found = [
        row(("H1", "H2"), "large", 9.0, "yes", "yes"), row(("H1", "H3"), "large", 9.0, "yes", "undecided"),
        row(("H1", "H2"), "small", 0.5, "yes", "no"), row(("H1", "H3"), "small", 0.0, "yes", "no"),
    ]  # fmt: skip
    assert best_manipulation(found) == "small"
    assert best_manipulation(found[:2]) == ""
