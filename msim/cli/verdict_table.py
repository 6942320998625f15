"""Table of verdicts for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from msim.base.quantities import quantity_text, second
from msim.cli.tables import VERDICT_COLORS, print_table, say
from msim.storage.run_store import Run
from msim.verdicts.verdict import Verdict
from msim.verdicts.verdict_text import SPREAD_OF_SEEDS, ci_text, effect_text, verdicts_text, wanted_text


def print_outcome(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Print the verdicts of a run, by hypothesis where its experiment is crossed with some."""
    from msim.cli.hypothesis_table import print_hypotheses
    from msim.storage.provenance import experiment_from_provenance

    experiment = experiment_from_provenance(run.provenance)
    if experiment.hypotheses and verdicts:
        print_hypotheses(run, experiment, verdicts)
    else:
        print_verdicts(run, verdicts)


def print_verdicts(run: Run, verdicts: Sequence[Verdict]) -> None:
    """Print one row per prediction, and the number of each verdict."""
    from rich.text import Text

    if not verdicts:
        say("No prediction can be settled with these arms and times.")
        return
    rows = [
        (
            f"{one.id}, {quantity_text(one.time * second)}\n{one.claim}\n{one.quantity}\n",
            Text(one.verdict, style=f"bold {VERDICT_COLORS[one.verdict]}"),
            one.outcome_was,
            f"{effect_text(one)}\n{ci_text(one)}\nwanted {wanted_text(one)}",
        )
        for one in verdicts
    ]
    seeds = len(run.seeds)
    title = f"{run.provenance['experiment']['name']}: {seeds} seed{'s' if seeds > 1 else ''}"
    print_table(title, ("prediction", "verdict", "outcome was", "effect, 95 % interval"), rows)
    say(f"{verdicts_text(verdicts)}.")
    say(SPREAD_OF_SEEDS if seeds > 1 else "With one seed there is no interval, so nothing can be decided.")
