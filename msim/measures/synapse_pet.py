"""Binding of a tracer to SV2A, the vesicle protein by which PET counts presynaptic terminals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.measures.glutamate_cycle import checked_amount

SV2A_PET = Mechanism(
    name="sv2a_pet",
    meaning="distribution volume of a tracer of synaptic vesicles, part of which goes by the number of spines",
    scale="readout",
    equations="binding = 1 - specific * on_spines * terminals_lost * (1 - n) : 1",
    inputs=(Port("n", 1, "spines relative to a healthy brain", at_rest=1),),
    parameters=(
        Parameter("specific", 1, "share of the tracer that is bound to SV2A in a healthy brain", low=0, high=1),
        Parameter("on_spines", 1, "share of terminals that end on a spine", low=0, high=1),
        Parameter("terminals_lost", 1, "SV2A of terminals on spines that goes with a lost spine", low=0, high=1),
    ),
    outputs=(Port("binding", 1, "binding relative to a healthy brain"),),
    reference="holmes2019",
)


@dataclass(frozen=True)
class SynapsePet:
    """Values of the parameters of SV2A_PET."""

    specific: float
    on_spines: float
    terminals_lost: float


def sv2a_binding(spines: np.ndarray | float, values: SynapsePet) -> np.ndarray:
    """Compute binding from spines, both relative to a healthy brain, same shape."""
    share = values.specific * values.on_spines * values.terminals_lost
    return np.asarray(1 - share * (1 - checked_amount(spines, "spines")))


def sv2a_change(spines: np.ndarray | float, baseline: np.ndarray | float, values: SynapsePet) -> np.ndarray:
    """Compute the percent change of binding from a person's own baseline.

    spines, baseline: now and before treatment, both relative to a healthy brain; they broadcast
    """
    return np.asarray(100 * (sv2a_binding(spines, values) / sv2a_binding(baseline, values) - 1))
