"""The table of verdicts as a terminal shows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msim.cli.tables import print_table
from msim.storage.run_store import Run
from msim.study.verdict import Verdict

COLORS = {"yes": "green", "no": "red", "undecided": "yellow"}


def print_verdicts(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Print one row a prediction, and how many were borne out."""
    import typer
    from rich.text import Text

    about = run.provenance
    rows = [
        (
            one.id,
            one.claim,
            one.quantity,
            Text(one.verdict, style=f"bold {COLORS[one.verdict]}"),
            f"{one.effect:+.3g}",
            interval_text(one.ci),
            f"{one.margin:g}",
            one.source,
        )
        for one in verdicts
    ]
    seeds = len(run.seeds)
    title = f"{about['experiment']['name']}: verdicts over {seeds} seed{'s' if seeds > 1 else ''}"
    columns = ("prediction", "claim", "of", "verdict", "effect", "95 % interval", "margin", "source")
    print_table(title, columns, rows)
    counts = {word: sum(one.verdict == word for one in verdicts) for word in COLORS}
    typer.echo("  ".join(f"{word}: {count}" for word, count in counts.items()))
    if seeds < 2:
        typer.echo("With one seed there is no interval, so nothing can be decided.")


def interval_text(ci: tuple[float, float]) -> str:
    """An interval, or a dash where it has no bounds."""
    if not np.all(np.isfinite(ci)):
        return "-"
    return f"{ci[0]:+.3g} to {ci[1]:+.3g}"
