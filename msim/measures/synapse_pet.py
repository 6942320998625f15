"""Binding of a tracer to SV2A, the vesicle protein by which PET counts presynaptic terminals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.equations import subexpressions
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


def sv2a_binding(spines: np.ndarray | float, values: Mapping[str, float]) -> np.ndarray:
    """Evaluate SV2A_PET: binding from spines, both relative to a healthy brain, same shape.

    values: parameters of the form
    """
    known = {**values, "n": checked_amount(spines, "spines")}
    return np.asarray(subexpressions(SV2A_PET.equations, known)["binding"])


def sv2a_change(
    spines: np.ndarray | float, baseline: np.ndarray | float, values: Mapping[str, float]
) -> np.ndarray:
    """Compute the percent change of binding from a person's own baseline.

    spines, baseline: now and before treatment, both relative to a healthy brain; they broadcast
    values: parameters of SV2A_PET
    """
    return np.asarray(100 * (sv2a_binding(spines, values) / sv2a_binding(baseline, values) - 1))
