"""msim emulator: fit and show the mean-field emulator of a model, and print its averages at a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from msim.emulator.emulator import Emulator

app = typer.Typer(
    no_args_is_help=True, help="Averages of a model's spiking cells as fitted surfaces (docs/EMULATOR.md).",
    epilog="Example: msim emulator show circuits/cortical_column",
)  # fmt: skip


@app.command("fit")
def fit(
    model: str = typer.Argument(help="A model file or the name of a shipped model."),
    out: str = typer.Option("", "--out", help="File; default: the cache; msim run finds one of the usual effort."),
    axes: list[str] = typer.Option([], "--axis", help="One more axis: a receptor's input or a value; may be repeated."),
    ranges: list[str] = typer.Option([], "--range", help="How far an axis reaches: NAME=LOW:HIGH; may be repeated."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model first: path=value."),
    points: int = typer.Option(0, min=0, max=100_000, help="Bursts; 0 for a number that suits the axes."),
    seconds: float = typer.Option(2.0, min=0.2, max=600, help="Length of each burst, s."),
    seed: int = typer.Option(1, min=0, max=2**31 - 1, help="Seed of wiring, background and points."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, without progress."),
) -> None:
    """Simulate bursts of a model's cells all over its axes, fit surfaces to their averages, and say what these miss.

    Axes are what links hand down to the cells, and the rates of drives.

    Example: msim emulator fit circuits/cortical_column --range 'block_pv.b=0:0.5' --out column.json
    """
    from dataclasses import replace

    from msim.base.paths import given_path
    from msim.cli.emulator_progress import fit_progress
    from msim.cli.emulator_tables import emulator_tables, parse_ranges, print_emulator, require_cells
    from msim.cli.options import parse_changes
    from msim.cli.tables import print_json
    from msim.definitions.experiments.effects import validate_decisive
    from msim.definitions.models.read_model import read_model
    from msim.definitions.models.values import with_changes
    from msim.emulator.axes import axes_of
    from msim.emulator.files import validate_own_file, write_emulator
    from msim.emulator.fit import FitBudget, fit_emulator
    from msim.emulator.library import emulator_folder, emulator_name, kept_name

    bare, given, wide = read_model(model), parse_changes(changes), parse_ranges(ranges)
    definition = require_cells(with_changes(bare, given, "--set"))
    known = axes_of(definition, axes, wide)
    budget = FitBudget(points, seconds, seed=seed)

    def identity(some: dict[str, Any]) -> str:
        changed = with_changes(bare, some, "--set")
        return kept_name(changed, axes_of(changed, axes, wide), budget)

    validate_decisive(bare, given, identity, "the emulator")
    path = given_path(out, "--out") if out else emulator_folder() / kept_name(definition, known, budget)
    validate_own_file(path)
    with fit_progress() as progress:
        emulator = fit_emulator(
            definition, known, budget, lambda done, of: None if as_json else progress(definition.name, done, of)
        )
    emulator = replace(emulator, about={**emulator.about, "name": emulator_name(definition, known, budget)})
    write_emulator(emulator, path)
    if as_json:
        print_json({"file": str(path), **emulator_tables(emulator)})
        return
    print_emulator(emulator)
    typer.echo(f"Written: {path}")


@app.command("show")
def show(
    what: str = typer.Argument(help="A file of msim emulator fit, or a model whose emulator is fitted already."),
    figure: str = typer.Option("", "--figure", help="Also draw surfaces and errors into this PNG file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print an emulator's axes, averages and errors.

    Example: msim emulator show circuits/cortical_column --figure emulator.png
    """
    from msim.cli.emulator_tables import emulator_tables, print_emulator
    from msim.cli.options import parse_figure
    from msim.cli.tables import print_json

    page = parse_figure(figure)
    emulator = _emulator(what)
    print_json(emulator_tables(emulator)) if as_json else print_emulator(emulator)
    if page:
        from msim.plots.emulator import write_emulator_figure

        typer.echo(write_emulator_figure(emulator, page), err=as_json)


@app.command("ask")
def ask(
    what: str = typer.Argument(help="A file of msim emulator fit, or a model whose emulator is fitted already."),
    at: list[str] = typer.Option([], "--at", help="Value of an axis: NAME=VALUE; others are at rest."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print all averages at a point of the axes; a point outside the domain is refused.

    Example: msim emulator ask circuits/cortical_column --at block_pv.b=0.3 --at block_sst.b=0.3
    """
    from msim.cli.emulator_tables import answers, parse_point
    from msim.cli.tables import as_records, print_json, print_table

    emulator = _emulator(what)
    columns, rows = answers(emulator, parse_point(at, emulator.axes))
    print_json(as_records(columns, rows)) if as_json else print_table("", columns, rows)


def _emulator(what: str) -> Emulator:
    """Read an emulator from a file, or from the cache by the name of its model."""
    from msim.base.errors import InputError
    from msim.base.paths import given_path
    from msim.cli.emulator_tables import require_cells
    from msim.definitions.models.read_model import read_model
    from msim.emulator.axes import axes_of
    from msim.emulator.files import read_emulator
    from msim.emulator.library import emulator_path

    file = given_path(what, "emulator")
    if file.suffix == ".json" or (file.is_file() and file.suffix != ".toml"):
        return read_emulator(file)
    model = require_cells(read_model(what))
    path = emulator_path(model, axes_of(model))
    if not path.is_file():
        missing = "no emulator of these cells is in the cache or came with msim"
        raise InputError(f"{what}: {missing}; fit one: msim emulator fit {what}")
    return read_emulator(path)
