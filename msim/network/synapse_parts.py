"""Synapse mechanisms of a projection as equations and statements of its contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msim.base.equations import read_equations
from msim.base.expressions import evaluated, renamed
from msim.base.mechanism import Mechanism
from msim.base.units import unit_expression
from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition, Projection
from msim.network.cell_equations import line, names_of


@dataclass(frozen=True)
class SynapsePart:
    """A synapse mechanism of a projection.

    own: the name that each name of the form gets in a contact; receptors: those whose peak its factor scales
    """

    mechanism: Mechanism
    own: Mapping[str, str]
    constants: Mapping[str, float]
    receptors: tuple[str, ...]

    @property
    def equations(self) -> str:
        """Return the equations of the mechanism's states, integrated from event to event."""
        lines = (line(one, self.own) for one in read_equations(self.mechanism.equations).values())
        return "\n".join(f"{one} (event-driven)" for one in lines)

    @property
    def on_event(self) -> str:
        """Return the statements that a spike runs."""
        return renamed(self.mechanism.on_event, self.own)

    @property
    def units(self) -> dict[str, str]:
        """Return the units of the constants, by their names in a contact."""
        return {self.own[key]: unit_expression(unit) for key, unit in self.mechanism.constants.items()}

    @property
    def start(self) -> dict[str, float]:
        """Return the initial values of the states."""
        numbers = {name: self.constants[self.own[name]] for name in self.mechanism.constants}
        return {self.own[state]: evaluated(text, numbers) for state, text in self.mechanism.rest.items()}


def synapse_parts(model: ModelDefinition, one: Projection) -> tuple[SynapsePart, ...]:
    """Return the synapse mechanisms of a projection, release first."""
    named = ([("release", one.release, one.receptors)] if one.release else []) + [
        (f"saturation_{receptor}", mechanism, (receptor,)) for receptor, mechanism in one.saturation
    ]
    parts = []
    for prefix, mechanism, receptors in named:
        form = model.instances[mechanism].mechanism
        own = {name: f"{prefix}_{name}" for name in (*names_of(form), "factor")}
        numbers = {own[key]: value for key, value in constants(model, mechanism).items()}
        parts.append(SynapsePart(form, own, numbers, receptors))
    return tuple(parts)


def delivered(peak: str, receptor: str, parts: Sequence[SynapsePart]) -> str:
    """Write the conductance that a spike adds to a receptor: the peak of the contact times every factor on it."""
    return "*".join([peak, *(one.own["factor"] for one in parts if receptor in one.receptors)])
