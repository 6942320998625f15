"""msim exposure: drugs of a model in plasma, beside published curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from msim.definitions.evidence.exposures import ExposureEntry
    from msim.evidence.exposure import Predicted


def exposure(
    model: str = typer.Argument("circuits/cortical_column", help="A model file or the name of a shipped model."),
    file: str = typer.Option("exposures", help="A file of published exposures, or the name of a shipped one."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model first: path=value."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Compute plasma levels after published doses, each beside the published value. No cells are simulated.

    Example: msim exposure --set ketamine.F_oral=0.08
    """
    from msim.cli.options import parse_changes
    from msim.cli.tables import print_json, print_table, say
    from msim.definitions.evidence.exposures import read_exposures
    from msim.definitions.experiments.effects import validate_decisive
    from msim.definitions.models.read_model import read_model
    from msim.definitions.models.values import with_changes
    from msim.evidence.exposure import predicted

    given, bare = parse_changes(changes), read_model(model)
    rows = read_exposures(file).rows
    validate_decisive(
        bare, given, lambda some: [one.value for one in predicted(rows, with_changes(bare, some, "--set"))], "exposures"
    )
    found = predicted(rows, with_changes(bare, given, "--set"))
    if as_json:
        print_json([
            {"id": one.exposure.entry.id, "predicted": one.value, "published": [one.exposure.low, one.exposure.high],
             "ratio": one.ratio, "kind": one.exposure.entry.kind, "source": one.exposure.entry.source}
            for one in found
        ])  # fmt: skip
        return
    print_table(
        f"{bare.name}: {len(found)} exposures", ("dose", "reading", "predicted", "published", "ratio"),
        [_row(one) for one in found],
    )  # fmt: skip
    say(
        "Ratio: predicted over published, over the nearer end of a range. Notes of the file (msim show exposures) say "
        "which values of the model come from the same source."
    )


def _row(one: Predicted) -> tuple[str, ...]:
    from msim.base.quantities import written_unit

    entry = one.exposure.entry
    bounds = dict.fromkeys((one.exposure.low, one.exposure.high))
    unit, size = written_unit(str(entry.published[0]), "1")
    return (
        f"{entry.statement} [{entry.source}, {entry.kind}]",
        reading_text(entry) + ("" if unit == "1" else f"\n{unit}"),
        _digits(one.value / size), " to ".join(_digits(bound / size) for bound in bounds), f"{one.ratio:.2f}",
    )  # fmt: skip


def reading_text(entry: ExposureEntry) -> str:
    """Return what is read of a curve, in words."""
    of = "" if entry.of == "drug" else f"{entry.of}: "
    return f"{of}{entry.reading}" + (f", {entry.time}" if entry.time else "")


def _digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"
