"""Addresses of outputs and inputs in a model, such as 'eef2k.p_eEF2' or 'pv.nmda.block'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Port
from msim.base.units import amp, hertz
from msim.definitions.models.model import ModelDefinition
from msim.measures.spikes import RANK_CORRELATION, RATE_PERCENTILES, rate_percentile_name

POPULATION_AVERAGES = (
    Port("firing_rate", hertz, "spikes per cell per second"),
    Port("excitatory_current", amp, "mean absolute current of excitatory receptors"),
    Port("inhibitory_current", amp, "mean absolute current of inhibitory receptors"),
    Port("synaptic_current", amp, "mean absolute current of all receptors"),
    Port("E_I_balance", 1, "excitatory over inhibitory charge"),
)
# What differs from cell to cell: known at probes, and only where cells are simulated one by one.
DISTRIBUTION = "distribution"
RATE_DISTRIBUTION = (
    *(Port(rate_percentile_name(one), hertz, f"firing rate that {one} % of the cells do not exceed")
      for one in RATE_PERCENTILES),
    Port(RANK_CORRELATION, 1, "Spearman correlation of the firing rates of the cells with those at rest"),
)  # fmt: skip
ACTIVATED_FRACTION = Port("activated_fraction", 1, "agonist-activated share of the receptors")


@dataclass(frozen=True)
class Address:
    """The place of a quantity in a model.

    kind: 'drug', 'slow', 'readout', 'population' (average of a burst), 'receptor' (such an average of one receptor) or
        'distribution' (what tells the cells of a population apart)
    owner: mechanism or population
    population: the cells that have it, or '' where it belongs to none
    """

    text: str
    kind: str
    owner: str
    receptor: str
    name: str
    unit: Any
    meaning: str
    population: str

    @property
    def is_fast(self) -> bool:
        """Return whether a quantity is known only where spikes are simulated."""
        return self.kind in ("population", "receptor", "readout", DISTRIBUTION)


def outputs(model: ModelDefinition) -> dict[str, Address]:
    """Return every output that a link, a recording or a prediction may name."""
    found: dict[str, Address] = {}
    for instance in model.instances.values():
        if instance.mechanism.scale in ("drug", "slow", "readout"):
            for port in instance.mechanism.outputs:
                _add(found, instance.mechanism.scale, instance.name, "", port, instance.on)
    for population in model.populations.values():
        for port in POPULATION_AVERAGES:
            _add(found, "population", population.name, "", port, population.name)
        for port in RATE_DISTRIBUTION:
            _add(found, DISTRIBUTION, population.name, "", port, population.name)
        for port in model.instances[population.membrane].mechanism.outputs:
            _add(found, "population", population.name, "", port, population.name)
        for receptor in population.receptors:
            form = model.instances[receptor].mechanism
            for port in form.outputs:
                _add(found, "receptor", population.name, receptor, port, population.name)
            if form.parameter("quantal_share"):
                _add(found, "receptor", population.name, receptor, ACTIVATED_FRACTION, population.name)
    return found


def inputs(model: ModelDefinition) -> dict[str, Address]:
    """Return every input that a link may feed."""
    found: dict[str, Address] = {}
    for instance in model.instances.values():
        if instance.mechanism.scale in ("slow", "readout"):
            for port in instance.mechanism.inputs:
                _add(found, instance.mechanism.scale, instance.name, "", port, instance.on)
    for population in model.populations.values():
        for receptor in population.receptors:
            for port in model.instances[receptor].mechanism.inputs:
                if port.name != "v":
                    _add(found, "receptor", population.name, receptor, port, population.name)
    return found


def look_up(text: str, known: dict[str, Address], where: str, what: str) -> Address:
    """Return the address with this text.

    what: 'output' or 'input', for the message
    raises: DefinitionError where the model has none
    """
    if text not in known:
        raise DefinitionError(where, f"the model has no {what} '{text}'{nearest(text, known)}")
    return known[text]


def _add(
    found: dict[str, Address], kind: str, owner: str, receptor: str, port: Port, population: str
) -> None:
    text = ".".join(part for part in (owner, receptor, port.name) if part)
    found[text] = Address(text, kind, owner, receptor, port.name, port.unit, port.meaning, population)
