"""Tables of a model or an experiment, for msim show."""

from __future__ import annotations

from typing import Any

from msim.base.quantities import quantity_text, unit_text
from msim.base.sources import cite_text, read_sources
from msim.definitions.experiment import ExperimentDefinition
from msim.definitions.model import ModelDefinition, Value
from msim.definitions.read import shipped

Table = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]


def model_tables(model: ModelDefinition) -> list[Table]:
    """Equations and values of every mechanism, then populations, projections, drives, links, manipulations."""
    return [
        ("Equations", ("mechanism", "form", "on", "equations"), _equations(model)),
        ("Values", ("value", "is", "unit", "source", "note"), [_row(one) for one in model.values.values()]),
        ("Links", ("from", "to", "how", "file"), _links(model)),
        (
            "Manipulations",
            ("name", "kind", "meaning", "changes"),
            [(one.name, one.kind, one.meaning, ", ".join(one.changes)) for one in model.manipulations.values()],
        ),
    ]


def _equations(model: ModelDefinition) -> list[tuple[Any, ...]]:
    return [
        (one.name, one.form.name, one.on, "\n".join(line.strip() for line in one.form.equations.strip().splitlines()))
        for one in model.instances.values()
        if one.form.equations.strip()
    ]


def _row(value: Value) -> tuple[Any, ...]:
    if value.same_as:
        return (value.path, f"= {value.same_as}", unit_text(value.unit), "", "")
    return (value.path, value.text, unit_text(value.unit), _cited(value.source), value.note)


def _cited(key: str) -> str:
    known = read_sources(shipped("models") / "sources.bib")
    return f"{cite_text(known[key])} [{key}]" if key in known else key


def _links(model: ModelDefinition) -> list[tuple[Any, ...]]:
    rows = []
    for one in model.links.values():
        how = "relative to rest of " + " + ".join(one.relative_to) if one.relative_to else "as it is"
        if one.has_share:
            share = model.resolved(f"{one.name}.share")
            how += f"; a share of {share.text} of the change from 1"
        rows.append((" + ".join(one.origin), one.to, how, one.file))
    return rows


def experiment_tables(experiment: ExperimentDefinition) -> list[Table]:
    """Hypothesis, arms, recordings and predictions."""
    about = [
        ("hypothesis", " ".join(experiment.hypothesis.split())),
        ("source", _cited(experiment.source)),
        ("model", experiment.model.name),
        ("seeds", ", ".join(str(one) for one in experiment.seeds)),
        ("time", f"{_time(experiment.begin)} to {_time(experiment.end)}"),
        ("body weight", f"{experiment.body_weight:g} kg"),
    ]
    arms = [
        (one.name, one.meaning, "; ".join(_dose(dose) for dose in one.doses), _changes(experiment.model, one.model))
        for one in experiment.arms
    ]
    records = [(one.text, unit_text(one.unit), one.meaning) for one in experiment.quantities.values()]
    predictions = [
        (one.id, one.quantity, _time(one.time), one.claim.text, f"{one.margin:g}", _cited(one.source))
        for one in experiment.predictions
    ]
    return [
        (experiment.title, ("", "is"), about),
        ("Arms", ("arm", "meaning", "doses", "changes of the model"), arms),
        ("Recorded", ("quantity", "unit", "meaning"), records),
        ("Predictions", ("id", "quantity", "at", "claim", "margin", "source"), predictions),
    ]


def _time(seconds: float) -> str:
    from brian2.units import second

    return quantity_text(seconds * second)


def _dose(dose: Any) -> str:
    over = f" over {_time(dose.duration_s)}" if dose.duration_s else ""
    return f"{dose.amount_mol * 1e6:.4g} umol {dose.drug} {dose.route} at {_time(dose.start_s)}{over}"


def _changes(base: ModelDefinition, arm: ModelDefinition) -> str:
    changed = [path for path, value in arm.values.items() if value.si != base.values[path].si]
    return ", ".join(f"{path} = {arm.values[path].text}" for path in changed if not path.startswith("manipulations."))
