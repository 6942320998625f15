"""msim physiology MODEL: a column at rest, after a volley and in baths of a drug, beside published values."""

from __future__ import annotations

import typer


def physiology(
    model: str = typer.Argument("circuits/cortical_column", help="A model file or the name of a shipped model."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model first: path=value."),
    variant: str = typer.Option("", help="Measure the model with one of its variants, another set of values."),
    seconds: float = typer.Option(10.0, min=2, max=3600, help="Seconds of activity in each condition."),
    drug: str = typer.Option("ketamine", help="The drug in the bath."),
    concentrations: str = typer.Option("0.1,0.3,1,3,10,30", help="Concentrations in the bath, uM, with commas."),
    seed: int = typer.Option(1, min=0, max=2**31 - 1, help="Seed of wiring and background."),
    out: str = typer.Option("", "--out", help="PNG file of the figure; none if left out."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Measure rates, intervals, spectrum, latencies and the response to a drug, each beside its published row.

    Wants specparam, which the extra 'spectra' brings.

    Example: msim physiology --out physiology.png
    """
    from msim.cli.options import parse_changes, parse_figure, parse_numbers
    from msim.cli.physiology_rows import COLUMNS, rows_of
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.experiments.effects import deciding_in_bath, validate_decisive
    from msim.definitions.models.preparations import prepared
    from msim.definitions.models.read_model import read_model
    from msim.definitions.models.values import with_changes
    from msim.evidence.physiology import physiology as measured

    page = parse_figure(out, "--out")
    given, bare = parse_changes(changes), prepared(read_model(model), "variants", variant, "--variant")
    definition = with_changes(bare, given, "--set")
    validate_decisive(
        bare, given, lambda some: deciding_in_bath(with_changes(bare, some, "--set"), drug), "physiology"
    )
    baths = parse_numbers(concentrations, "--concentrations")
    tell = (lambda text: None) if as_json else (lambda text: typer.echo(text, err=True))
    found = measured(definition, seconds, baths, drug, seed, tell)
    rows = rows_of(found)
    if as_json:
        print_json(as_records(COLUMNS, rows))
    else:
        print_table(f"{definition.name}, {definition['column.n_cells']:g} cells, seed {seed}", COLUMNS, rows)
    if page:
        from msim.plots.physiology import write_physiology

        typer.echo(write_physiology(found, page), err=as_json)
