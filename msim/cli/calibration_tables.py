"""Results of a calibration as tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msim.calibration.fit import Direction, Problem, Tried
from msim.calibration.space import texts_of
from msim.cli.tables import print_table, say

MOST_EFFECTS = 30


def print_calibration(
    problem: Problem, first: Tried, best: Tried, flat: Sequence[Direction] | None, effects: Sequence[Any] | None
) -> None:
    """Print values before and after, rows with their misses, directions, and the sensitivity of rows."""
    after = texts_of(problem.model, best.values)
    rows = [(path, problem.model.values[path].text, _moved(best, first, path, text)) for path, text in after.items()]
    print_table("values", ("value", "before", "after"), rows)
    before = {one.row: one for one in first.found}
    fitted = [
        (one.row, _margins(before[one.row].scaled), _margins(one.scaled),
         f"{one.margins:.2f}" if one.margins else "met")
        for one in best.found
    ]  # fmt: skip
    print_table("rows, effects in margins", ("row", "before", "after", "misses by"), fitted)
    say(f"loss {first.loss:.3f} before, {best.loss:.3f} after")
    if flat is not None:
        _print_directions(problem, flat)
    if effects is not None:
        table = [
            (one["parameter"], one["row"], f"{one['mu_star']:.2f}", f"{one['sigma']:.2f}")
            for one in effects[:MOST_EFFECTS]
        ]  # fmt: skip
        print_table("sensitivity (Morris), margins for all of a range", ("value", "row", "mean size", "spread"), table)


def _moved(best: Tried, first: Tried, path: str, text: object) -> str:
    return str(text) if best.values[path] != first.values[path] else "as before"


def _margins(scaled: float | None) -> str:
    return "cannot be run" if scaled is None else f"{scaled:+.2f}"


def _print_directions(problem: Problem, flat: Sequence[Direction]) -> None:
    say(f"The rows determine {len(problem.axes) - len(flat)} of {len(problem.axes)} directions of these values.")
    rows = [
        (f"{one.margins:.2f}", ", ".join(f"{path} {weight:+.2f}" for path, weight in one.weights.items()))
        for one in flat
    ]  # fmt: skip
    if rows:
        print_table("not determined: all of a range moves no row by a margin", ("margins", "direction"), rows)
