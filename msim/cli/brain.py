"""msim brain: resting scans of many columns, and the coupling at which they agree best with measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from msim.cli import brain_task

if TYPE_CHECKING:
    from msim.brain.connectome import Connectome
    from msim.brain.field import Field
    from msim.definitions.brains.brain import BrainDefinition
    from msim.imaging.scan import Scan

app = typer.Typer(
    no_args_is_help=True, help="Brains of many columns (docs/BRAIN.md).",
    epilog="Example: msim brain scan brains/brain19 --minutes 12 --out results/rest",
)  # fmt: skip
app.command("task")(brain_task.task)
FIDELITIES = ("mean-field", "spiking")
CELLS = 250
TR, SEED = 2.2, 1  # of the scans that couplings are compared by
BRAIN = typer.Argument(help="A brain file or the name of a shipped one, such as brains/brain19.")


@app.command("scan")
def scan(
    brain: str = BRAIN,
    out: str = typer.Option(..., "--out", help="Folder of BIDS derivatives; must not hold anything yet."),
    minutes: float = typer.Option(12.0, min=0.1, max=1000, help="Length of each scan."),
    tr: float = typer.Option(2.2, min=0.05, max=30, help="Time between volumes, s."),
    subjects: int = typer.Option(1, min=1, max=1000, help="How many; each has slow fluctuations of its own."),
    coupling: float | None = typer.Option(None, min=0, max=1, help="In place of the file's."),
    seed: int = typer.Option(1, min=0, max=2**30, help="Seed of the slow fluctuations, and of spiking cells."),
    fidelity: str = typer.Option("mean-field", help="What regions are: mean-field, or spiking cells."),
    cells: int | None = typer.Option(None, min=10, max=100_000, help="Of every spiking region; 250 if left out."),
    ranks: int = typer.Option(0, min=0, help="MPI ranks that share out spiking regions."),
) -> None:
    """Simulate BOLD at rest and write it as files that imaging tools open, with functional connectivity beside it.

    Example: msim brain scan brains/brain19 --minutes 12 --tr 2.2 --subjects 2 --out results/rest
    """
    from msim.base.errors import InputError, nearest
    from msim.base.new_folder import new_folder
    from msim.base.paths import given_new_folder
    from msim.brain.scans import resting_scans, scan_seed, validate_short_scan
    from msim.cli.brain_spiking import spiking
    from msim.imaging.scan import Label

    if fidelity not in FIDELITIES:
        raise InputError(f"--fidelity: unknown fidelity '{fidelity}'{nearest(fidelity, FIDELITIES)}")
    folder = given_new_folder(out, "--out")
    labels = [Label(f"{one:02d}", "rest") for one in range(1, subjects + 1)]
    seeds = [scan_seed(seed, one) for one in labels]
    if fidelity != "spiking" and (cells or ranks):
        raise InputError(f"{'--cells' if cells else '--ranks'}: wants --fidelity spiking; mean fields have no cells")
    validate_short_scan(minutes * 60, tr, labels[0])
    definition, connectome = _read(brain)
    if fidelity == "spiking":
        options = coupling, cells or CELLS, ranks
        spiking(definition, connectome, folder, (minutes * 60, tr), labels, seeds, *options, _write)
        return
    with new_folder(folder) as partial:
        field = _field(definition, connectome, coupling)
        _write(definition, connectome, resting_scans(definition, field, minutes * 60, tr, labels, seeds), partial)
    typer.echo(f"Written to {folder}")


def _write(definition: BrainDefinition, connectome: Connectome, scans: Sequence[Scan], folder: Path) -> None:
    import numpy as np

    from msim.brain.files import start_brain
    from msim.imaging.bids import write_connectivity, write_scan
    from msim.imaging.connectivity import functional_connectivity

    matrices = [functional_connectivity(one) for one in scans]
    spread = np.mean([one.signal.std(axis=0) for one in scans])
    typer.echo(f"{len(scans)} scans of {len(scans[0].signal)} volumes, mean SD {spread:.3g} %")
    derivatives = start_brain(folder, definition.name, connectome, definition.title)
    for one, matrix in zip(scans, matrices, strict=True):
        write_scan(derivatives, one)
        write_connectivity(derivatives, one.label, one.regions, matrix)


@app.command("coupling")
def coupling(
    brain: str = BRAIN,
    values: str = typer.Option("0,0.1,0.2,0.3,0.36", "--values", help="Couplings, separated by commas."),
    minutes: float = typer.Option(12.0, min=4, max=1000, help="Length of each scan."),
    scans: int = typer.Option(16, min=1, max=100, help="Scans at each coupling, over which Fisher z is averaged."),
    figure: str = typer.Option("", "--figure", help="Also draw the scan and the matrices into this PNG file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Hold functional connectivity at several couplings against the measured one, with its ceiling and its floor.

    Example: msim brain coupling brains/brain19 --figure coupling.png
    """
    from msim.base.errors import SimulationError
    from msim.brain.scans import correspondence, measured_connectivity, resting_scans, scan_connectivity, scan_seed
    from msim.cli.options import parse_figure
    from msim.cli.tables import print_json, print_table
    from msim.imaging.scan import Label

    asked, page = _couplings(values), parse_figure(figure)
    definition, connectome = _read(brain)
    measured, _ = measured_connectivity(definition, connectome)
    labels = [Label(f"{number:02d}", "rest") for number in range(1, scans + 1)]
    seeds = [scan_seed(SEED, one) for one in labels]
    matrices, reached = [], []
    for one in asked:
        try:
            field = _field(definition, connectome, one)
            found = resting_scans(definition, field, minutes * 60, TR, labels, seeds)
        except SimulationError as problem:
            typer.echo(f"coupling {one:g}: {problem}", err=True)
            continue
        matrices.append(scan_connectivity(found))
        reached.append(one)
    if not reached:
        raise SimulationError(
            f"{definition.file}: at none of the couplings do all regions stay where the emulator holds"
        )
    result = correspondence(definition, connectome, reached, matrices)
    rows = [(f"{one:g}", f"{r:+.3f}") for one, r in zip(result.coupling, result.simulated, strict=True)]
    if page:
        from msim.plots.coupling import write_coupling_figure

        best = matrices[reached.index(result.best)]
        typer.echo(write_coupling_figure(result, connectome, best, measured, page), err=as_json)
    if as_json:
        print_json({"coupling": reached, "r": [float(one) for one in result.simulated], "best": result.best,
                    "ceiling_subject": result.subject, "floor_fibres": result.fibres})  # fmt: skip
        return
    print_table("", ("coupling", "r with measured Fisher z"), rows)
    typer.echo(f"best {result.best:g}; one subject with the mean of the others {result.subject:+.3f} (ceiling), "
               f"fibres alone {result.fibres:+.3f} (floor)")


def _couplings(text: str) -> list[float]:
    from msim.base.errors import InputError
    from msim.cli.options import parse_names

    found = []
    for one in parse_names(text, "--values") or []:
        try:
            found.append(float(one))
        except ValueError:
            raise InputError(f"--values: wants numbers from 0 to 1, got '{one}'") from None
        if not 0 <= found[-1] <= 1:
            raise InputError(f"--values: wants numbers from 0 to 1, got '{one}'")
    if len(set(found)) < len(found):
        raise InputError("--values: wants each coupling once")
    return found


def _read(brain: str) -> tuple[BrainDefinition, Connectome]:
    from msim.brain.connectome import connectome_of
    from msim.definitions.brains.brain import read_brain

    definition = read_brain(brain)
    return definition, connectome_of(definition)


def _field(definition: BrainDefinition, connectome: Connectome, coupling: float | None) -> Field:
    import functools

    from msim.brain.emulator_axes import brain_emulator
    from msim.brain.field import field_of
    from msim.cli.emulator_progress import fit_progress

    with fit_progress() as progress:
        emulator = brain_emulator(definition, progress=functools.partial(progress, definition.column.name))
    return field_of(definition, connectome, emulator, coupling)
