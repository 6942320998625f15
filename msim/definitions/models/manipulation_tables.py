"""Manipulations of a model as tables: effect, cells, place, time and source of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msim.base.quantities import quantity_text, second
from msim.base.sources import Source
from msim.definitions.files.citations import cited, known_sources
from msim.definitions.models.interventions import Intervention
from msim.definitions.models.model import Manipulation, ModelDefinition, Part


def manipulation_records(model: ModelDefinition) -> list[dict[str, Any]]:
    """Return one record for each part of each manipulation of a model."""
    known = known_sources()
    return [
        {
            "name": one.name, "kind": one.kind, "meaning": one.meaning, "cells": list(part.cells), "place": part.place,
            "acute": one.acute, "amount": model[one.amount] if one.amount else 1.0,
            "sets": {path: model.resolved(kept).text for path, kept in part.changes.items()},
            "leaves": {path: model[kept] for path, kept in part.pulses.items()},
            "sources": _sources(model, part, known), "file": one.file,
        }
        for one in model.manipulations.values() for part in one.parts
    ]  # fmt: skip


def manipulation_rows(model: ModelDefinition) -> list[tuple[str, str, str]]:
    """Return a row for each manipulation: name with kind, cells with place and time, meaning with values it sets."""
    known = known_sources()
    return [
        (f"{one.name}\n{one.kind}", f"{where_text(model, one)}\n{when_text(one)}",
         f"{one.meaning}\n{sets_text(model, one, known)}")
        for one in model.manipulations.values()
    ]  # fmt: skip


def where_text(model: ModelDefinition, one: Manipulation) -> str:
    """Return the cells and places of a manipulation, a line for each."""
    return "\n".join(dict.fromkeys(label for part in one.parts if (label := _label(model, part)))) or "all"


def _label(model: ModelDefinition, part: Part) -> str:
    cells = "all cells" if set(part.cells) == set(model.populations) else ", ".join(part.cells)
    return " ".join(text for text in (cells, part.place) if text)


def when_text(one: Manipulation) -> str:
    """Return the time at which a manipulation may begin, in words."""
    if any(part.pulses for part in one.parts):
        return "at an instant"
    return "birth or acute" if one.acute else "from birth"


def sets_text(model: ModelDefinition, one: Manipulation, known: Mapping[str, Source]) -> str:
    """Return the values that a manipulation sets, with sources, a line for each."""
    lines = []
    for part in one.parts:
        label = _label(model, part)
        start = f"{label}: " if label and len(one.parts) > 1 else ""
        for path, kept in part.changes.items():
            value = model.resolved(kept)
            lines.append(f"{start}{path} = {value.text} ({cited(value.source, known)})")
        for path, kept in part.pulses.items():
            value = model.resolved(kept)
            lines.append(f"{start}{path} x {value.text} ({cited(value.source, known)})")
    if one.amount:
        lines.append(f"usual amount {model.resolved(one.amount).text}")
    return "\n".join(lines)


def intervention_text(intervention: Intervention) -> str:
    """Describe an intervention: 'treatment NBQX 0.8 on pv, postsynaptic, from -30 minute until 2 hour'."""
    amount = f" {intervention.amount:g}" if intervention.amount != 1 else ""
    cells = f" on {', '.join(intervention.cells)}" if intervention.cells else ""
    place = f", {intervention.place}" if intervention.place else ""
    since = f", from {quantity_text(intervention.since * second)}" if intervention.since > -math.inf else ""
    until = f", until {quantity_text(intervention.until * second)}" if intervention.until < math.inf else ""
    return f"{intervention.kind} {intervention.name}{amount}{cells}{place}{since}{until}"


def _sources(model: ModelDefinition, part: Part, known: Mapping[str, Source]) -> list[str]:
    kept = [*part.changes.values(), *part.pulses.values()]
    return list(dict.fromkeys(cited(model.resolved(path).source, known) for path in kept))
