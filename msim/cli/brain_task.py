"""msim brain task: scans during a task, behavior in it, and the GLM of every region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from msim.brain.connectome import Connectome
    from msim.brain.field import Field
    from msim.brain.go_nogo import TaskResult
    from msim.definitions.brains.brain import BrainDefinition


def task(
    brain: str = typer.Argument(help="A brain file or the name of a shipped one, such as brains/brain19."),
    what: str = typer.Argument(help="A task file or the name of a shipped one, such as tasks/go_nogo."),
    out: str = typer.Option(..., "--out", help="Folder of BIDS derivatives; must not hold anything yet."),
    tr: float = typer.Option(0.8, min=0.05, max=30, help="Time between volumes, s."),
    subjects: int = typer.Option(4, min=1, max=1000, help="How many; each has trials and fluctuations of its own."),
    coupling: float | None = typer.Option(None, min=0, max=1, help="In place of the file's."),
    seed: int = typer.Option(1, min=0, max=2**30, help="Seed of trials and slow fluctuations."),
    figure: str = typer.Option("", "--figure", help="Also draw behavior and the contrast into this PNG file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Simulate BOLD during a Go/NoGo task, and estimate NoGo over Go of every region.

    Example: msim brain task brains/brain19 tasks/go_nogo --coupling 0.25 --out results/task --figure task.png
    """
    from msim.base.new_folder import new_folder
    from msim.base.paths import given_new_folder
    from msim.brain.connectome import connectome_of
    from msim.brain.files import start_brain, write_task
    from msim.brain.go_nogo import go_nogo
    from msim.brain.scans import scan_seed
    from msim.brain.task import wiring_of
    from msim.cli.options import parse_figure
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.brains.brain import read_brain
    from msim.definitions.brains.task import read_task
    from msim.imaging.scan import Label
    from msim.measures.scan_times import simulated_seconds

    folder, page = given_new_folder(out, "--out"), parse_figure(figure)
    definition, given = read_brain(brain), read_task(what)
    connectome = connectome_of(definition)
    wiring_of(given, connectome.names)
    simulated_seconds(given["duration"], tr)
    labels = [Label(f"{one:02d}", given.name.replace("_", "")) for one in range(1, subjects + 1)]
    with new_folder(folder) as partial:
        field = _field(definition, connectome, coupling)
        found = go_nogo(definition, field, given, tr, labels, [scan_seed(seed, one) for one in labels])
        write_task(start_brain(partial, definition.name, connectome, given.title), given, found)
    columns, rows = ("quantity", "mean", "SD over subjects", "t"), _rows(found)
    if as_json:
        print_json(as_records(columns, rows))
    else:
        print_table(f"{given.title}: {subjects} scans in {folder}", columns, rows)
    if page:
        from msim.plots.task import write_task_figure

        typer.echo(write_task_figure(found, connectome, page), err=as_json)


def _field(definition: BrainDefinition, connectome: Connectome, coupling: float | None) -> Field:
    import functools

    from msim.brain.emulator_axes import brain_emulator
    from msim.brain.field import field_of
    from msim.cli.emulator_progress import fit_progress

    with fit_progress() as progress:
        emulator = brain_emulator(definition, (), functools.partial(progress, definition.column.name))
    return field_of(definition, connectome, emulator, coupling)


def _rows(found: list[TaskResult]) -> list[tuple[str, str, str, str]]:
    import numpy as np

    from msim.base.rounding import is_constant

    def row(name: str, values: list[float], unit: str, test: bool) -> tuple[str, str, str, str]:
        known = np.array([one for one in values if np.isfinite(one)])
        if not known.size:
            return name, "none", "", ""
        sd = known.std(ddof=1) if known.size > 1 else float("nan")
        tells = test and known.size > 1 and not is_constant(known)
        t = f"{known.mean() / (sd / np.sqrt(known.size)):+.1f}" if tells else ""
        return name, f"{known.mean():.3g}{unit}", f"{sd:.2g}" if np.isfinite(sd) else "", t

    rows = [
        row("right to Go", [one.behavior.go for one in found], "", False),
        row("right to NoGo", [one.behavior.nogo for one in found], "", False),
        row("reaction to Go", [one.behavior.reaction for one in found], " s", False),
    ]
    for index, region in enumerate(found[0].scan.regions):
        values = [float(one.estimates.contrast[index]) for one in found if one.estimates]
        rows.append(row(f"NoGo > Go in {region}", values, " %", True))
    return rows
