"""Table of an experiment crossed with hypotheses: verdicts under each, and the best prediction for each pair."""

from __future__ import annotations

from collections.abc import Sequence

from msim.base.quantities import quantity_text, second
from msim.cli.tables import VERDICT_COLORS, print_table, say
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.storage.run_store import Run
from msim.verdicts.hypothesis_discrimination import ToldApart, best_manipulation, told_apart
from msim.verdicts.verdict import Verdict
from msim.verdicts.verdict_text import SPREAD_OF_SEEDS, ci_text, effect_text


def print_hypotheses(run: Run, experiment: ExperimentDefinition, verdicts: Sequence[Verdict]) -> None:
    """Print predictions by hypothesis, each with answer, effect and interval, and the best prediction for each pair."""
    import typer

    found = told_apart(run, experiment, verdicts)
    best = best_manipulation(found)
    asked = dict.fromkeys(one.asked for one in verdicts)
    rows = [_row(verdicts, one, experiment.hypotheses, best) for one in asked]
    count = len(run.seeds)
    title = f"{experiment.name}: predicted by each hypothesis, {count} seed{'s' if count > 1 else ''}"
    print_table(title, ("prediction", *experiment.hypotheses), rows)
    for name in experiment.hypotheses:
        say(f"{name}: {experiment.model.hypotheses[name].meaning}")
    typer.echo()
    if found:
        _print_best(found, verdicts)
    if best:
        say(f"* {best} gives different answers under most of them.")
    say(SPREAD_OF_SEEDS if count > 1 else "With one seed there is no interval, so nothing can be decided.")


def _row(verdicts: Sequence[Verdict], asked: str, hypotheses: Sequence[str], best: str) -> tuple[object, ...]:
    from rich.text import Text

    own = {one.hypothesis: one for one in verdicts if one.asked == asked}
    first = next(iter(own.values()))
    mark = "* " if asked == best else ""
    claim = first.claim.replace(f"_{first.hypothesis}", "")
    cells: list[object] = [
        f"{mark}{asked}, {quantity_text(first.time * second)}\n{claim}\noutcome {first.outcome_was}\n"
    ]
    for name in hypotheses:
        one = own.get(name)
        if one is None:
            cells.append("-")
            continue
        numbers = f"{effect_text(one)}\n{ci_text(one)}"
        cells.append(Text.assemble((one.verdict, f"bold {VERDICT_COLORS[one.verdict]}"), f"\n{numbers}"))
    return tuple(cells)


def _print_best(found: Sequence[ToldApart], verdicts: Sequence[Verdict]) -> None:
    of = {one.asked: one for one in verdicts}
    rows = []
    for pair in dict.fromkeys(one.hypotheses for one in found):
        one = next(row for row in found if row.hypotheses == pair)
        names = " and ".join(pair)
        if not one.margins:
            rows.append((names, "nothing here", "-", "-"))
            continue
        numbers = f"{effect_text(of[one.asked], one.difference)}\n{ci_text(of[one.asked], one.ci)}"
        rows.append((names, one.asked, " / ".join(one.verdicts), numbers))
    print_table("told apart best by", ("hypotheses", "prediction", "answers", "difference, 95 % interval"), rows)
