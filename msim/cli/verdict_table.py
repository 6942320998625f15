"""The table of verdicts as a terminal shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from msim.base.quantities import quantity_text, second
from msim.cli.tables import print_table
from msim.storage.run_store import Run
from msim.study.verdict import Verdict

COLORS = {"yes": "green", "no": "red", "undecided": "yellow"}
SPREAD_OF_SEEDS = (
    "Intervals are over seeds, that is over wiring and background; they hold for this one parameter set and say "
    "nothing of differences between people."
)


def print_verdicts(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Print one row a prediction, and how many were borne out."""
    import typer
    from rich.text import Text

    if not verdicts:
        typer.echo("No prediction can be settled with these arms and times.")
        return
    rows = [
        (
            f"{one.id}, {quantity_text(one.time * second)}\n{one.claim}\n{one.quantity}\n",
            Text(one.verdict, style=f"bold {COLORS[one.verdict]}"),
            f"{number_text(one.effect, one.margin)}\n{interval_text(one.ci, one.margin)}",
            wanted_text(one),
        )
        for one in verdicts
    ]
    seeds = len(run.seeds)
    title = f"{run.provenance['experiment']['name']}: {seeds} seed{'s' if seeds > 1 else ''}"
    print_table(title, ("prediction", "verdict", "effect, 95 % interval", "wanted"), rows)
    counts = {word: sum(one.verdict == word for one in verdicts) for word in COLORS}
    typer.echo("   ".join(f"{word}: {count}" for word, count in counts.items()))
    typer.echo(SPREAD_OF_SEEDS if seeds > 1 else "With one seed there is no interval, so nothing can be decided.")


def wanted_text(one: Verdict) -> str:
    """The effect that the claim wants."""
    if "=" in one.claim:
        return f"within {one.margin:g}"
    return f"> {one.margin:g}" if ">" in one.claim else f"< {-one.margin:g}"


def number_text(value: float, margin: float) -> str:
    """A number with two digits more than the margin has, so that it can be held against it."""
    if not np.isfinite(value):
        return "-"
    if margin == 0:
        return f"{value:+.3g}"
    decimals = max(0, 2 - math.floor(math.log10(margin)))
    return f"{value:+.{decimals}f}" if decimals <= 6 else f"{value:+.3g}"


def interval_text(ci: tuple[float, float], margin: float) -> str:
    """An interval, or a dash where it has no bounds."""
    if not np.all(np.isfinite(ci)):
        return "-"
    return " .. ".join(number_text(value, margin) for value in ci)
