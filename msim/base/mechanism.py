"""Mechanism, Parameter, Port: equations in Brian2's notation and the names in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msim.base.quantities import dimensions_of

SCALES = ("membrane", "receptor", "synapse", "drive", "slow", "drug", "binding", "readout")


@dataclass(frozen=True)
class Port:
    """A quantity that a mechanism reads (input) or gives (output).

    at_rest: the value of an input, in SI units, where nothing is linked to it or before anything acts
    """

    name: str
    unit: Any
    meaning: str
    at_rest: float = 0.0


@dataclass(frozen=True)
class Parameter:
    """A constant whose value a model file gives; `low` and `high` are in SI units."""

    name: str
    unit: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    low_is_allowed: bool = True


@dataclass(frozen=True)
class Derived:
    """A constant that follows from the parameters by an expression."""

    name: str
    unit: Any
    expression: str


@dataclass(frozen=True)
class Compartment:
    """A part of a cell: the names of its potential and of the current that its receptors feed."""

    name: str
    potential: str = "v"
    current: str = "I_syn"


SOMA = Compartment("soma")


@dataclass(frozen=True)
class Mechanism:
    """A form: equations and the declared names in them, and no biological number.

    scale: 'membrane' and 'receptor' are integrated with the spikes, 'slow' between bursts;
        'synapse' follows each contact from event to event and scales what it delivers, 'drive' scales background
        events in time; 'drug' is linear and solved exactly; 'binding' is what a drug does to its receptor,
        numbers only; 'readout' turns recorded activity into a signal
    equations: Brian2 text; a subexpression may be an output
    rest: for each state, an expression in the parameters that makes the equations stand still
        when every input is at its resting value
    on_event: statements that an event runs: at a receptor an event of conductance `peak`, at a synapse a spike,
        where `factor` is the share of its peak that the contact delivers
    sign: +1 for an excitatory receptor, -1 for an inhibitory one
    ascending: pairs of parameters of which the first has to be the smaller one
    shares: groups of parameters that must not add up to more than 1
    compartments: parts of a membrane; receptors sit on the first unless a model says otherwise
    """

    name: str
    meaning: str
    scale: str
    equations: str = ""
    inputs: tuple[Port, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    derived: tuple[Derived, ...] = ()
    outputs: tuple[Port, ...] = ()
    rest: dict[str, str] = field(default_factory=dict)
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    on_event: str = ""
    sign: int = 0
    ascending: tuple[tuple[str, str], ...] = ()
    shares: tuple[tuple[str, ...], ...] = ()
    compartments: tuple[Compartment, ...] = (SOMA,)
    reference: str = ""

    @property
    def constants(self) -> dict[str, Any]:
        """Return the units of parameters and derived constants, by name."""
        return {one.name: one.unit for one in self.parameters} | {one.name: one.unit for one in self.derived}

    @property
    def declared(self) -> dict[str, Any]:
        """Return the units of everything that the equations may read besides their own left sides, by name."""
        return {one.name: one.unit for one in self.inputs} | self.constants

    def input(self, name: str) -> Port | None:
        """Return the input with this name, if there is one."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        """Return the output with this name, if there is one."""
        return next((port for port in self.outputs if port.name == name), None)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter with this name, if there is one."""
        return next((one for one in self.parameters if one.name == name), None)


def same_dimensions(left: Any, right: Any) -> bool:
    """Return whether two units measure the same physical dimension."""
    return dimensions_of(left) == dimensions_of(right)
