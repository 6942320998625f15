"""A brief volley of long-range input to all populations: of a touch in MEG, and of msim physiology."""

from __future__ import annotations

from dataclasses import dataclass

from msim.definitions.files.read import find
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_part


@dataclass(frozen=True)
class Volley:
    """Numbers of the touch of models/imaging/meg.toml: rate relative to rest, and duration in s."""

    factor: float
    duration: float


def read_volley() -> Volley:
    """Read the volley with its shipped numbers."""
    return Volley(**read_part(find("imaging/meg", "models")).parameters("touch"))


def during_volley(model: ModelDefinition, factor: float) -> ModelDefinition:
    """Return the model with the rates of long-range afferents multiplied by a factor."""
    louder = model
    for one in model.drives.values():
        if one.colour and not model.values[f"{one.name}.rate"].same_as:
            louder = louder.with_value(f"{one.name}.rate", f"{factor * model[f'{one.name}.rate']:.6g} Hz")
    return louder
