"""A brief volley of long-range input to all populations: what a touch sends, and what msim physiology answers to."""

from __future__ import annotations

from dataclasses import dataclass

from msim.definitions.files.read import find
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_part


@dataclass(frozen=True)
class Volley:
    """Numbers of the touch of models/imaging/meg.toml: rate over that of rest, and how long it lasts, s."""

    factor: float
    duration: float


def read_volley() -> Volley:
    """The shipped numbers."""
    return Volley(**read_part(find("imaging/meg", "models")).parameters("touch"))


def during_volley(model: ModelDefinition, factor: float) -> ModelDefinition:
    """The model while long-range afferents fire so many times as fast as at rest."""
    louder = model
    for one in model.drives.values():
        if one.colour and not model.values[f"{one.name}.rate"].same_as:
            louder = louder.with_value(f"{one.name}.rate", f"{factor * model[f'{one.name}.rate']:.6g} Hz")
    return louder
