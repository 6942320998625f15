"""msim run PATH: every arm and seed of an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from msim.backends.registry import TARGETS_HELP
from msim.base.errors import InputError
from msim.cli.executor_options import ExecutorName, Profile, Ranks, Scheduler, Slurm, Workers, executor_and_ranks
from msim.cli.options import read_asked, validate_effective

if TYPE_CHECKING:
    from msim.backends.fast_network import NetworkSource
    from msim.definitions.experiments.definition import ExperimentDefinition


def run(
    experiment: str = typer.Argument(help="A file or the name of a shipped experiment."),
    out: str = typer.Option(..., "--out", help="Folder of the run; must not hold anything yet."),
    arms: str | None = typer.Option(None, help="Only these arms, separated by commas."),
    seeds: str | None = typer.Option(None, help="These seeds instead of the experiment's, separated by commas."),
    until: str | None = typer.Option(None, help="End earlier, such as '2 hour'."),
    changes: list[str] = typer.Option(
        [], "--set", help="Change a value of the model, such as eef2k.tau_K='5 minute'; may be repeated."
    ),
    hypothesis: str = typer.Option("", help="Run all arms under one of the model's hypotheses, such as H1."),
    variant: str = typer.Option("", help="Run all arms with one of the model's variants, another set of values."),
    executor: ExecutorName = "local",
    workers: Workers = 0,
    ranks: Ranks = 0,
    partition: str = typer.Option("cell", help="What ranks share out: cell or region."),
    slurm: Slurm = [],
    profile: Profile = "",
    scheduler: Scheduler = "",
    target: str = typer.Option("cpp", help=TARGETS_HELP),
    emulator: str = typer.Option(
        "", help="A file of msim emulator fit, for target emulator; default: the model's own."
    ),
    precision: str = typer.Option("double", help="Of cells on target cpp: double, or single (faster; other spikes)."),
    as_json: bool = typer.Option(False, "--json", help="Print the verdicts as JSON, without progress."),
) -> None:
    """Run all trials of an experiment with progress and time left, store them, and print the verdicts.

    An interrupted run is taken up by the same command. Target emulator simulates no spikes: it takes their averages
    from surfaces that were fitted to bursts of the same cells, in seconds for weeks (docs/EMULATOR.md).

    Example: msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --until "4 hour" --out results/short

    Example: msim run ketamine_rapid_and_sustained --hypothesis H1 --out results/direct
    """
    from msim.backends.mpi import started_by_mpi
    from msim.executors.processes import prepare_workers

    where = {"workers": workers, "ranks": ranks, "slurm": slurm, "profile": profile, "scheduler": scheduler}
    if executor == "local" and ranks <= 1 and not started_by_mpi():
        prepare_workers()
    # A variant is an entry of the experiment, which --set may change as it may any other.
    changes = [*changes, *([f"variant={variant}"] if variant else [])]
    what = (experiment, out, arms, seeds, until, changes, hypothesis)

    def check() -> None:
        # What is wrong with the input is said before ranks are started, and by one of them.
        _validate_ranks(read_asked(*what)[0], ranks, target, partition)

    with executor_and_ranks(executor, where, check) as (chosen, processes):
        if chosen is None:
            return
        from msim.backends.context import Context

        if processes.size == 1 and partition != "cell":
            validate_effective("--partition", partition, "one rank has all cells")
        definition, folder = read_asked(*what)
        emulators = _emulators(definition, target, emulator)
        context = Context(target, definition.schedule, precision, processes, partition, emulators=emulators)
        from msim.cli.running import run_and_report

        run_and_report(definition, folder, context, chosen, as_json)


def _emulators(experiment: ExperimentDefinition, target: str, file: str) -> NetworkSource | None:
    """Return the emulators of all arms, and fit them now where there are none."""
    if target != "emulator":
        if file:
            raise InputError(f"--emulator: is for --target emulator, got --target {target}")
        return None
    from msim.base.paths import given_path
    from msim.cli.emulator_progress import fit_progress
    from msim.emulator.library import emulators_of, models_of, validate_emulated

    validate_emulated(experiment)
    with fit_progress() as progress:
        return emulators_of(models_of(experiment), given_path(file, "--emulator") if file else None, progress)


def _validate_ranks(experiment: ExperimentDefinition, ranks: int, target: str, partition: str) -> None:
    """Refuse more ranks than the smallest arm has cells or regions."""
    import numpy as np

    from msim.backends.context import Context
    from msim.backends.mpi import RankGroup
    from msim.backends.partition import partitioned

    Context(target=target, partition=partition, ranks=RankGroup(0, ranks))
    for arm in experiment.arms:
        sizes = {name: np.ones(arm.model.cells(name)) for name in arm.model.populations}
        partitioned(partition, sizes, dict.fromkeys(sizes, 0), ranks)
