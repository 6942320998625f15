"""msim evidence [MODEL]: published outcomes against simulated ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from msim.backends.registry import TARGETS_HELP
from msim.cli.executor_options import ExecutorName, Profile, Scheduler, Slurm, Workers, chosen_executor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msim.backends.context import Context
    from msim.definitions.evidence.rows import EvidenceRow
    from msim.definitions.models.model import ModelDefinition
    from msim.evidence.trials import Report

MODEL = "circuits/cortical_column"


def evidence(
    model: str = typer.Argument(MODEL, help="A model file or the name of a shipped model."),
    rows: list[str] = typer.Option([], "--rows", help="A further file of rows; may be repeated."),
    only: str | None = typer.Option(None, help="Only these rows or facts, by commas, such as T3,T20_sustained."),
    quick: bool = typer.Option(False, "--quick", help="A column of 200 cells and three seeds, as CI runs it."),
    seeds: str | None = typer.Option(None, help="These seeds, separated by commas, and no further ones."),
    most_seeds: int | None = typer.Option(
        None, min=1, help="Seeds that a row with a wide interval may have; 20 unless --seeds or --quick is given."
    ),
    hypothesis: str = typer.Option("", help="Run the model under one of its hypotheses, such as H1."),
    variant: str = typer.Option("", help="Run the model with one of its variants, another set of values."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model: path=value; may be repeated."),
    target: str = typer.Option("cpp", help=TARGETS_HELP),
    out: str = typer.Option("", "--out", help="Folder that keeps the values of trials; else msim's cache."),
    workers: Workers = 0,
    executor: ExecutorName = "local",
    slurm: Slurm = [],
    profile: Profile = "",
    scheduler: Scheduler = "",
    as_json: bool = typer.Option(False, "--json", help="Print JSON, without progress."),
) -> None:
    """Run every manipulation whose published outcome the model has to meet, and print expected, simulated, agreement.

    A row that the model cannot run counts as not agreeing; where a trial of it failed, the status is 3. A row that its
    seeds leave open gets further ones, one after another, until its interval is half as wide as the range that it is
    held against: power of a band needs more of them than a gain. The table says how many each had. Trials are kept: the
    same command goes on where it was stopped, and runs anew only what a change of the model, the rows or the code
    concerns.

    Example: msim evidence --quick

    Example: msim evidence --only T3,T20 --rows my_rows.toml --json
    """
    from msim.base.errors import InputError, SimulationError
    from msim.cli.evidence_table import print_evidence
    from msim.cli.options import parse_changes, parse_names, parse_seeds
    from msim.cli.tables import print_json
    from msim.definitions.evidence.rows import chosen, read_evidence, shipped_evidence, under_variant
    from msim.definitions.experiments.effects import validate_decisive
    from msim.definitions.models.hypotheses import under
    from msim.definitions.models.preparations import prepared
    from msim.definitions.models.read_model import read_model
    from msim.definitions.models.values import with_changes
    from msim.evidence.evidence import MOST_SEEDS, QUICK, QUICK_SEEDS, SEEDS, as_records
    from msim.evidence.evidence import evidence as judged
    from msim.evidence.plan import deciding_on

    definition = read_model(model)
    model_run = prepared(under(definition, hypothesis, "--hypothesis"), "variants", variant, "--variant")
    every = under_variant(read_evidence([*shipped_evidence(), *rows]), variant)
    asked = chosen(every, parse_names(only, "--only"))
    small, own = QUICK if quick else {}, parse_changes(changes)
    given: dict[str, str | int | float] = {**small, **own}
    validate_decisive(
        with_changes(model_run, small, "--quick"), own,
        lambda some: deciding_on(asked, definition, {**small, **some}, hypothesis, every), "the rows that are run",
    )  # fmt: skip
    numbers = parse_seeds(seeds) or (QUICK_SEEDS if quick else SEEDS)
    most = most_seeds or (0 if quick or seeds else MOST_SEEDS)
    if most_seeds is not None and most_seeds < len(numbers):
        raise InputError(f"--most-seeds: wants at least the {len(numbers)} that every row has, got {most_seeds}")
    raised: list[str] = []
    where = {"workers": workers, "slurm": slurm, "profile": profile, "scheduler": scheduler}
    with chosen_executor(executor, where) as chosen_one:
        if chosen_one is None:
            return
        context = context_of(target, asked, every, definition, given, hypothesis)
        with stoppable(), progress(as_json) as report:
            results = judged(
                asked, definition, given, hypothesis, numbers, context, kept_in(out), chosen_one,
                _noting(raised, report), every, most,
            )  # fmt: skip
    print_json(as_records(results)) if as_json else print_evidence(results, len(numbers), most, definition.name)
    if raised:
        raise SimulationError(f"{len(raised)} trials failed: {'; '.join(dict.fromkeys(raised))}")


def context_of(
    target: str, rows: Sequence[EvidenceRow], every: Sequence[EvidenceRow], model: ModelDefinition,
    changes: Mapping[str, Any], hypothesis: str = "",
) -> Context:  # fmt: skip
    """Return the settings of trials; target emulator gets emulators of all conditions, fitted where there are none."""
    from msim.backends.context import Context

    if target != "emulator":
        return Context(target)
    from msim.cli.emulator_progress import fit_progress
    from msim.emulator.library import emulators_of, models_of
    from msim.evidence.plan import plan_rows

    models = {}
    for number, trial in enumerate(plan_rows(rows, model, changes, hypothesis, every)[1].values()):
        for name, one in models_of(trial.experiment).items():
            models[f"{number} {name}"] = one
    with fit_progress() as report:
        return Context(target, emulators=emulators_of(models, None, report))


def kept_in(out: str) -> Path:
    """Return the folder that keeps the values of trials."""
    from msim.backends.cpp.cache import cache_folder
    from msim.base.made import make_shared
    from msim.base.paths import given_folder

    if out:
        return given_folder(out, "--out")
    with suppress(OSError):  # writing says what is wrong
        make_shared(cache_folder() / "evidence")
    return cache_folder() / "evidence"


@contextmanager
def stoppable() -> Iterator[None]:
    """End the processes of the body with Ctrl-C and with SIGTERM, and print that finished trials are kept."""
    from msim.cli.running import stop_exit, terminable

    try:
        with terminable():
            yield
    except KeyboardInterrupt as stop:
        raise stop_exit(stop, "finished trials are kept, the same command goes on from there") from None


def _noting(raised: list[str], report: Report) -> Report:
    """Return a report that also keeps the reasons for which trials failed."""

    def noted(what: str, done: int, total: int, why: str) -> None:
        if what == "raised":
            raised.append(why)
        report(what, done, total, why)

    return noted


@contextmanager
def progress(quiet: bool) -> Iterator[Report]:
    """Show trials as they end, on standard error: a bar in a terminal, a line from time to time in a log."""
    from msim.cli.bars import bars
    from msim.cli.terminal import shows_bars

    if quiet or not shows_bars():
        yield lambda what, done, total, why: _line(what, done, total, why, quiet)
        return
    with bars("trials", 1) as (shown, whole):
        yield lambda what, done, total, why: shown.update(
            whole, completed=done, total=total, phase=f"{done} of {total}"
        )


def _line(what: str, done: int, total: int, why: str, quiet: bool) -> None:
    if what not in ("kept", "done") or (not quiet and (done % 10 == 0 or done == total)):
        typer.echo(f"{done} of {total} trials{': ' + why if why else ''}", err=True)
