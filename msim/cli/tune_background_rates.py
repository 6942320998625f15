"""msim tune-background-rates MODEL: background rates that give the resting rates."""

from __future__ import annotations

import typer


def tune_background_rates(
    model: str = typer.Argument(help="A model file or the name of a shipped model."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model first: path=value."),
    seconds: float = typer.Option(4.0, min=0.5, max=3600, help="Seconds of activity in each round."),
    rounds: int = typer.Option(14, min=1, help="Most rounds."),
    seed: int = typer.Option(1, min=0, max=2**31 - 1, help="Seed of wiring and background."),
    write: bool = typer.Option(False, "--write", help="Write the rates into the model's files."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Find the background rates at which every population fires at its resting_rate.

    To be run after any change of weights: else a change of weights is a change of the baseline too.

    Example: msim tune-background-rates circuits/cortical_column --set pv_to_pv.in_degree=70
    """
    from msim.base.errors import InputError
    from msim.calibration.background_rates import background_rates, deciding_at_rest
    from msim.calibration.write import write_rates
    from msim.cli.options import parse_changes
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.experiments.effects import validate_decisive
    from msim.definitions.models.read_model import read_model
    from msim.definitions.models.values import with_changes

    bare, given = read_model(model), parse_changes(changes)
    definition = with_changes(bare, given, "--set")
    if not definition.populations:
        raise InputError(f"{model}: wants a model with populations, got one without any")
    validate_decisive(
        bare, given, lambda some: deciding_at_rest(with_changes(bare, some, "--set")), "the resting column"
    )
    found = background_rates(definition, seconds, rounds, seed)
    columns = ("drive", "rate before", "rate after", "population", "wanted", "reached")
    rows = [
        (one.path, one.before, one.after, one.population, f"{one.wanted:.3g} Hz", f"{one.reached:.3g} Hz")
        for one in found
    ]
    if as_json:
        print_json(as_records(columns, rows))
    else:
        print_table("Background rates", columns, rows)
    if write:
        for file in write_rates(definition, found):
            typer.echo(f"written: {file}", err=True)
