"""A model or an experiment as tables of plain values, for `msim show --json` and for reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msim.base.quantities import quantity_text, second, unit_text
from msim.base.sources import Source, kind_of
from msim.base.units import kilogram
from msim.definitions.experiments.definition import Arm, ExperimentDefinition
from msim.definitions.files.citations import cited, known_sources
from msim.definitions.models.manipulation_tables import intervention_text, manipulation_records
from msim.definitions.models.model import Hypothesis, Link, ModelDefinition, Preparation, Value
from msim.definitions.models.readouts import recordable
from msim.pharmacology.regimen import Dose

APART = ("manipulations.", "hypotheses.", "variants.")
Tables = dict[str, list[dict[str, Any]]]


def model_tables(model: ModelDefinition) -> Tables:
    """Return equations, values and wiring of a model as tables."""
    known = known_sources()
    return {
        "mechanisms": [
            {"mechanism": one.name, "form": one.mechanism.name, "on": one.on, "meaning": one.mechanism.meaning,
             "equations": equation_lines(one.mechanism.equations), "file": one.file}
            for one in model.instances.values()
        ],
        "values": [_value(model, one, known) for one in model.values.values()],
        "populations": [
            {"population": one.name, "membrane": one.membrane, "receptors": list(one.receptors), "file": one.file}
            for one in model.populations.values()
        ],
        "projections": [
            {"projection": one.name, "from": one.origin, "to": one.to, "receptors": list(one.receptors),
             "file": one.file}
            for one in model.projections.values()
        ],
        "drives": [
            {"drive": one.name, "to": one.to, "receptors": list(one.receptors), "file": one.file}
            for one in model.drives.values()
        ],
        "links": [
            {"link": one.name, "from": list(one.origin), "to": one.to, "how": link_text(model, one), "file": one.file}
            for one in model.links.values()
        ],
        "quantities": [
            {"quantity": one.text, "unit": unit_text(one.unit), "meaning": one.meaning}
            for one in recordable(model).values()
        ],
        "manipulations": manipulation_records(model),
        "hypotheses": _sets_of(model, "hypothesis", model.hypotheses),
        "variants": _sets_of(model, "variant", model.variants),
    }  # fmt: skip


def _sets_of(
    model: ModelDefinition, kind: str, sets: Mapping[str, Hypothesis] | Mapping[str, Preparation]
) -> list[dict[str, Any]]:
    return [
        {kind: one.name, "meaning": one.meaning,
         "sets": {path: model.resolved(kept).text for path, kept in one.changes.items()}, "file": one.file}
        for one in sets.values()
    ]  # fmt: skip


def experiment_tables(experiment: ExperimentDefinition) -> Tables:
    """Return hypothesis, arms, recordings and predictions of an experiment as tables."""
    known = known_sources()
    return {
        "about": [{"key": key, "is": text} for key, text in about(experiment, known)],
        "arms": [
            {"arm": one.name, "meaning": one.meaning, "doses": [dose_text(one, dose) for dose in one.doses],
             "hypothesis": one.hypothesis, "variant": one.variant,
             "changes": changed_values(experiment.model, one),
             "acts": [intervention_text(each) for each in one.interventions]}
            for one in experiment.arms
        ],
        "recorded": [
            {"quantity": one.text, "unit": unit_text(one.unit), "meaning": one.meaning,
             "when": when_text(experiment, one.text)}
            for one in experiment.quantities.values()
        ],
        "predictions": [
            {"id": one.id, "quantity": one.quantity, "at": time_text(one.time), "claim": one.claim.text,
             "margin": one.margin, "unit": unit_text(experiment.quantities[one.quantity].unit),
             "row": one.row, "outcome_was": one.outcome_was, "source": cited(one.source, known), "note": one.note}
            for one in experiment.predictions
        ],
    }  # fmt: skip


def equation_lines(equations: str) -> list[str]:
    """Return equations one a line, without the indentation of the code."""
    return [line.strip() for line in equations.strip().splitlines() if line.strip()]


def about(experiment: ExperimentDefinition, known: Mapping[str, Source]) -> list[tuple[str, str]]:
    """Return the entries of an experiment that hold for all arms, with their labels."""
    samples, probes = experiment.recording.samples, experiment.recording.probes
    return [
        ("title", experiment.title),
        ("hypothesis", " ".join(experiment.hypothesis.split())),
        ("source", cited(experiment.source, known)),
        ("model", experiment.model.name),
        ("seeds", ", ".join(str(one) for one in experiment.seeds)),
        ("time", f"{time_text(experiment.begin)} to {time_text(experiment.end)}"),
        ("body weight", weights_text(experiment)),
        ("samples", f"{len(samples)} times"),
        ("probes", some([time_text(one) for one in probes]) or "none"),
        ("file", experiment.file),
    ]


def value_text(model: ModelDefinition, value: Value) -> str:
    """Return a value as its file gives it; in a part of a model, the value that it follows may be in another file."""
    if value.same_as and value.same_as not in model.values:
        return f"that of {value.same_as}"
    return model.resolved(value.path).text


def link_text(model: ModelDefinition, link: Link) -> str:
    """Describe how a link changes the value that it passes on; '' where it does not."""
    parts = []
    if link.relative_to == link.origin:
        parts.append("relative to rest")
    elif link.relative_to:
        parts.append("relative to the rest of " + " + ".join(link.relative_to))
    if link.has_share:
        parts.append(f"{model.resolved(f'{link.name}.share').text} of the change from {model.rest_of(link):g}")
    return ", ".join(parts)


def weights_text(experiment: ExperimentDefinition) -> str:
    """Format the body weights of the arms, 'none' where all are slices."""
    known = experiment.model.preparations
    bodies = [one for one in experiment.arms if not (one.preparation and known[one.preparation].bath)]
    return ", ".join(dict.fromkeys(quantity_text(one.body_weight * kilogram) for one in bodies)) or "none"


def dose_text(arm: Arm, dose: Dose) -> str:
    """Return a dose in words: '0.5 mg/kg ketamine (35 mg) intravenous at 0 s over 40 minute'."""
    milligrams = dose.amount_mol * arm.model[f"{dose.drug}.molar_mass"] * 1e6
    over = f" over {time_text(dose.duration_s)}" if dose.duration_s else ""
    amount = f"{milligrams / arm.body_weight:.4g} mg/kg {dose.drug} ({milligrams:.4g} mg)"
    if dose.bath_mM:
        amount = f"{1000 * dose.bath_mM:.4g} uM {dose.drug}"
    return f"{amount} {dose.route} at {time_text(dose.start_s)}{over}"


def changed_values(base: ModelDefinition, arm: Arm) -> dict[str, str]:
    """Return the values in which the model of an arm differs from the model of the experiment."""
    changed = [path for path, value in arm.model.values.items() if value != base.values[path]]
    return {path: arm.model.values[path].text for path in changed if not path.startswith(APART)}


def when_text(experiment: ExperimentDefinition, quantity: str) -> str:
    """Return whether a quantity is recorded at samples, probes or both, in words."""
    probed = quantity in experiment.recording.probed
    sampled = quantity in experiment.recording.sampled or not probed
    return "samples and probes" if probed and sampled else "probes" if probed else "samples"


def time_text(seconds: float) -> str:
    """Format a time in a unit that suits its size."""
    return quantity_text(seconds * second)


def some(texts: list[str], most: int = 8) -> str:
    """Join texts with commas, and state how many were left out."""
    left_out = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {left_out} more" if left_out > 0 else "")


def kinds_of_values(values: Iterable[Value]) -> dict[str, int]:
    """Count the values of each kind of source; one that follows another is counted there."""
    known = known_sources()
    return dict(Counter(kind_of(one.source, known) for one in values if not one.same_as))


def value_record(value: Value, text: str, known: Mapping[str, Source], holds: Value | None = None) -> dict[str, Any]:
    """Return a value as plain data.

    holds: the value that it follows, whose source and note count
    """
    origin = value if holds is None else holds
    return {
        "value": value.path, "is": text, "unit": unit_text(value.unit), "meaning": value.meaning,
        "source": cited(origin.source, known), "note": origin.note, "same_as": value.same_as, "file": value.file,
    }  # fmt: skip


def _value(model: ModelDefinition, value: Value, known: Mapping[str, Source]) -> dict[str, Any]:
    return value_record(value, value_text(model, value), known, model.values.get(value.same_as, value))
