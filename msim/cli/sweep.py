"""msim sweep EXPERIMENT: every point of the axes of an experiment; msim sweep status DIR: the state of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from msim.backends.registry import TARGETS_HELP
from msim.cli.executor_options import ExecutorName, Profile, Ranks, Scheduler, Slurm, Workers, executor_and_ranks

if TYPE_CHECKING:
    from pathlib import Path

    from msim.definitions.experiments.axes import Design
    from msim.definitions.experiments.definition import ExperimentDefinition


def sweep(
    experiment: str = typer.Argument(help="A file or the name of a shipped experiment; or: status."),
    folder: str = typer.Argument("", metavar="[DIR]", help="After 'status': the folder of a sweep."),
    out: str = typer.Option("", "--out", help="Folder of the sweep; what is stored there already is not run again."),
    over: list[str] = typer.Option(
        [], "--over", help="An axis: path=value,value or path='LOW to HIGH in COUNT log'; may be repeated."
    ),
    sample: str | None = typer.Option(None, help="Instead of a grid: random, latin, sobol or saltelli."),
    points: int | None = typer.Option(None, min=1, help="Points of a sample."),
    sample_seed: int | None = typer.Option(None, "--sample-seed", min=0, help="Seed of the sample."),
    arms: str | None = typer.Option(None, help="Only these arms, separated by commas."),
    seeds: str | None = typer.Option(None, help="These seeds instead of the experiment's, separated by commas."),
    until: str | None = typer.Option(None, help="End earlier, such as '2 hour'."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of every trial: path=value; may be repeated."),
    executor: ExecutorName = "local",
    workers: Workers = 0,
    ranks: Ranks = 0,
    slurm: Slurm = [],
    profile: Profile = "",
    scheduler: Scheduler = "",
    target: str = typer.Option("cpp", help=TARGETS_HELP),
    precision: str = typer.Option("double", help="Of cells on target cpp: double or single."),
    limit: str | None = typer.Option(None, help="Longest time that a trial may take by the clock, such as '2 hour'."),
    memory: str | None = typer.Option(None, help="Most memory of a trial, such as 4GB."),
    checkpoint_every: str = typer.Option("30 second", help="Time between checkpoints of a trial."),
    log: str | None = typer.Option(None, help="Write a line a minute into this file."),
    log_json: str | None = typer.Option(None, help="Write progress as a JSON object a line into this file."),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON, without progress."),
) -> None:
    """Run an experiment at every point of its axes: \\[sweep] of its file, and --over. Or say how a sweep stands.

    The same command runs only what is missing; failed trials are tried again. Its status says how trials failed: 3
    raised, 5 killed, 6 out of memory, 7 disk full, 9 took too long.

    Example: msim sweep dose_window --out results/doses; msim sweep status results/doses
    """
    from msim.cli.sweeping import print_status, sweep_and_report

    if experiment == "status":
        print_status(folder, as_json)
        return
    if folder:
        from msim.base.errors import InputError

        raise InputError(f"msim sweep wants one experiment and --out, got '{experiment} {folder}'")
    from msim.backends.context import Context
    from msim.base.paths import given_path
    from msim.cli.sweep_options import parse_limits

    where = {"workers": workers, "ranks": ranks, "slurm": slurm, "profile": profile, "scheduler": scheduler}
    limits = parse_limits(limit, memory, checkpoint_every)
    logs = [given_path(one, option) if one else None for one, option in ((log, "--log"), (log_json, "--log-json"))]
    what = ((experiment, out, arms, seeds, until, changes), over, sample, points, sample_seed)
    with executor_and_ranks(executor, where, memory=limits.memory) as (chosen, processes):
        if chosen is not None:
            definition, root, design = _read(*what)
            context = Context(target, definition.schedule, precision, processes)
            sweep_and_report(definition, design, root, context, limits, chosen, as_json, *logs)


def _read(
    what: tuple[str, str, str | None, str | None, str | None, list[str]], over: list[str], sample: str | None,
    points: int | None, sample_seed: int | None,
) -> tuple[ExperimentDefinition, Path, Design]:  # fmt: skip
    from msim.base.errors import InputError, nearest
    from msim.cli.options import read_asked
    from msim.definitions.experiments.axes import read_design
    from msim.definitions.experiments.samples import SAMPLES

    if sample is not None and sample not in ("grid", *SAMPLES):
        raise InputError(f"--sample: unknown sample '{sample}'{nearest(sample, ('grid', *SAMPLES))}")
    definition, folder = read_asked(*what)
    return definition, folder, read_design(definition, over, sample, points, sample_seed)
