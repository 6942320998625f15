"""msim study FILE: simulate the virtual cohort of a study, run its own analysis, and print both tables side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from msim.cli.executor_options import ExecutorName, Profile, Scheduler, Slurm, Workers, chosen_executor

if TYPE_CHECKING:
    from pathlib import Path

    from msim.definitions.studies.study import StudyDefinition
    from msim.executors.executor import Executor
    from msim.studies.outcome import Outcome

EVERY = 10.0  # s


def study(
    file: str = typer.Argument(help="A study file or the name of a shipped one, such as siegel2021_resting_fc."),
    out: str = typer.Option("", "--out", help="Also write tables and imaging files into this folder, empty as yet."),
    figure: str = typer.Option("", "--figure", help="Also draw the study's figure into this PNG file."),
    seed: int | None = typer.Option(None, min=0, max=2**31 - 1, help="Seed of everybody, in place of the file's."),
    spiking: str = typer.Option(
        "", "--spiking", help="Scan this one participant, such as patients01, on spiking columns and on mean fields."
    ),
    cells: int = typer.Option(250, min=50, max=20000, help="Cells of each region with --spiking."),
    workers: Workers = 0,
    executor: ExecutorName = "local",
    slurm: Slurm = [],
    profile: Profile = "",
    scheduler: Scheduler = "",
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Simulate a study's participants, analyse them as the study did, and compare the outcome with what it reported.

    Example: msim study siegel2021_resting_fc --figure fc.png
    """
    from dataclasses import replace

    from msim.base.errors import InputError
    from msim.base.paths import given_new_folder
    from msim.cli.options import parse_figure
    from msim.cli.study_table import print_outcome, records
    from msim.cli.tables import print_json
    from msim.definitions.studies.read_study import read_study

    folder, page = given_new_folder(out, "--out") if out else None, parse_figure(figure)
    definition = read_study(file)
    if seed is not None:
        definition = replace(definition, seed=seed)
    if spiking:
        if folder or page:
            raise InputError(f"{'--out' if folder else '--figure'}: wants the whole study, got --spiking")
        _both(definition, spiking, cells, as_json)
        return
    where = {"workers": workers, "slurm": slurm, "profile": profile, "scheduler": scheduler}
    with chosen_executor(executor, where) as chosen:
        if chosen is None:
            return
        found = _run(definition, folder, chosen)
    if as_json:
        print_json(records(found))
    else:
        print_outcome(found)
        if folder is not None:
            typer.echo(f"Tables and files in {folder}")
    if page:
        typer.echo(_drawn(found, page), err=as_json)


def _run(definition: StudyDefinition, folder: Path | None, executor: Executor) -> Outcome:
    """Run a study, and write it into a folder, if one is given, that appears when it is complete."""
    from msim.base.new_folder import new_folder
    from msim.studies.checks import check_study
    from msim.studies.files import write_outcome
    from msim.studies.run import run_study

    if folder is None:
        with _told() as progress:
            return run_study(definition, progress, executor)
    check_study(definition)
    with new_folder(folder) as partial, _told() as progress:
        found = run_study(definition, progress, executor)
        write_outcome(partial, found)
    return found


def _both(definition: StudyDefinition, person: str, cells: int, as_json: bool) -> None:
    from msim.cli.study_table import fidelity_records, print_fidelity
    from msim.cli.tables import print_json
    from msim.studies.analyses.resting_connectivity.compare_mean_field_spiking import fidelity
    from msim.studies.run import emulators_for

    with _told() as progress:
        found = fidelity(definition, person, cells, lambda: emulators_for(definition, progress), progress)
    print_json(fidelity_records(found)) if as_json else print_fidelity(found, f"{person}, {cells} cells a region")


def _drawn(found: Outcome, page: object) -> object:
    from pathlib import Path

    from msim.studies.figure import write_study_figure

    return write_study_figure(found, Path(str(page)))


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Return a function that prints progress on standard error: all of it on a terminal, otherwise now and then."""
    from msim.cli.terminal import clear_progress, show_progress, shows_bars

    last, often = time.monotonic() - EVERY, shows_bars()

    def progress(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= (0.1 if often else EVERY):
            last = time.monotonic()
            show_progress(text, False)

    try:
        yield progress
    finally:
        clear_progress()
