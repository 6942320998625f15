"""msim calibrate [MODEL]: fitted values from published outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from msim.backends.registry import TARGETS_HELP
from msim.cli.executor_options import ExecutorName, Profile, Scheduler, Slurm, Workers, chosen_executor

if TYPE_CHECKING:
    from msim.calibration.fit import Direction, Problem, Tried
    from msim.executors.executor import Executor

MODEL = "circuits/cortical_column"


def calibrate(
    model: str = typer.Argument(MODEL, help="A model file or the name of a shipped model."),
    rows: list[str] = typer.Option([], "--rows", help="Files of evidence rows instead of the shipped ones."),
    only: str | None = typer.Option(None, help="Fit to these rows or facts only, by commas, such as T1,T20,ME1."),
    parameters: str | None = typer.Option(None, help="Move these values only, by commas; else all fitted slow ones."),
    trials: int = typer.Option(60, min=1, help="Guesses in all, those that --store holds included."),
    span: float = typer.Option(2.0, min=1.01, max=100, help="How far a value may move, as a factor up and down."),
    store: str = typer.Option("calibration.journal", help="File of the study; the same command goes on from it."),
    target: str = typer.Option("cpp", help=TARGETS_HELP),
    cells: int = typer.Option(200, min=20, help="Cells of the column that guesses are tried on."),
    seeds: str = typer.Option("1,2", help="Seeds of each guess, separated by commas."),
    sensitivity: int = typer.Option(0, min=0, help="Trajectories of Morris over all values that notes ask to sweep."),
    directions: bool = typer.Option(False, "--directions", help="Also say what the rows do not determine."),
    write: bool = typer.Option(False, "--write", help="Write the values into the model's files."),
    workers: Workers = 0,
    executor: ExecutorName = "local",
    slurm: Slurm = [],
    profile: Profile = "",
    scheduler: Scheduler = "",
    as_json: bool = typer.Option(False, "--json", help="Print JSON, without progress."),
) -> None:
    """Fit values of the slow scale whose source is 'fitted' to evidence rows with the role CAL, and to nothing else.

    The loss is the sum over rows of the squared number of margins by which the mean effect misses what is wanted, with
    half a margin to spare. Rates of the circuit are left to msim tune-background-rates.

    Example: msim calibrate --only T1,T20,ME1 --parameters mecp2_loop.X_50,mecp2_loop.tau_M --trials 30 --write

    Example: msim calibrate --trials 1 --sensitivity 4 --target emulator
    """
    from msim.calibration.fit import derivatives, fit, morris, undetermined
    from msim.calibration.write import write_values
    from msim.cli.calibration_tables import print_calibration
    from msim.cli.evidence import stoppable
    from msim.cli.options import parse_file
    from msim.cli.tables import print_json

    journal = parse_file(store, "--store")
    where = {"workers": workers, "slurm": slurm, "profile": profile, "scheduler": scheduler}
    with chosen_executor(executor, where) as chosen_one:
        if chosen_one is None:
            return
        problem, sweep = _problems(model, rows, only, parameters, span, target, cells, seeds, chosen_one)
        with stoppable():
            first, best = fit(problem, trials, journal, _nothing if as_json else _told)
            flat = undetermined(derivatives(problem, best), problem.axes) if directions else None
            effects = morris(sweep, sensitivity) if sensitivity else None
    if as_json:
        print_json(_record(problem, first, best, flat, effects))
    else:
        print_calibration(problem, first, best, flat, effects)
    if write:
        moved = {path: value for path, value in best.values.items() if value != first.values[path]}
        for file in write_values(problem.model, moved, [one.row for one in best.found if one.scaled is not None]):
            typer.echo(f"written: {file}", err=True)


def _problems(
    model: str, rows: list[str], only: str | None, parameters: str | None, span: float, target: str, cells: int,
    seeds: str, executor: Executor,
) -> tuple[Problem, Problem]:  # fmt: skip
    from dataclasses import replace

    from msim.calibration.fit import Problem
    from msim.calibration.objective import rows_to_fit
    from msim.calibration.space import fitted_axes, swept_axes
    from msim.cli.evidence import context_of, kept_in
    from msim.cli.options import parse_names, parse_seeds
    from msim.definitions.evidence.rows import chosen, read_evidence, shipped_evidence
    from msim.definitions.models.read_model import read_model

    every = read_evidence(rows or shipped_evidence())
    asked = rows_to_fit(chosen(every, parse_names(only, "--only")))
    definition = read_model(model)
    changes = {"column.n_cells": cells}
    axes = fitted_axes(definition, span, parse_names(parameters, "--parameters"))
    context = context_of(target, asked, every, definition, changes)
    problem = Problem(
        definition, tuple(asked), tuple(every), tuple(axes), changes, "", tuple(parse_seeds(seeds) or ()), context,
        kept_in(""), executor,
    )  # fmt: skip
    return problem, replace(problem, axes=tuple(swept_axes(definition, span)))


def _told(number: int, loss: float, best: float) -> None:
    typer.echo(f"guess {number}: loss {loss:.3f}, best {best:.3f}", err=True)


def _nothing(*_: Any) -> None:
    pass


def _record(
    problem: Problem, first: Tried, best: Tried, flat: list[Direction] | None, effects: list[dict[str, Any]] | None
) -> dict[str, Any]:
    from msim.calibration.objective import as_record
    from msim.calibration.space import texts_of

    return {
        "loss_before": first.loss, "loss": best.loss,
        "values": [
            {"value": path, "before": problem.model.values[path].text, "after": text}
            for path, text in texts_of(problem.model, best.values).items()
        ],
        "rows": [as_record(one) for one in best.found],
        "undetermined": None if flat is None else [{"margins": one.margins, **one.weights} for one in flat],
        "sensitivity": effects,
    }  # fmt: skip
