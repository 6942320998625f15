"""Protein synthesis in the dendrite: a brake that is let go, and a drive by glutamate."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port

TRANSLATION = Mechanism(
    name="translation",
    meaning="protein synthesis, freed where p-eEF2 falls and driven by mTORC1 where glutamate surges",
    scale="slow",
    # beta_d is the direct route (block at rest lets the brake go), beta_a that of disinhibition.
    # More p-eEF2 than at rest slows synthesis by the same rule, down to none.
    equations="rate = T_prot * clip(1 + beta_d * (1 - brake) + beta_a * surge, 0, inf) : 1",
    inputs=(
        Port("brake", 1, "p_eEF2, relative to that of a normal cell at rest", at_rest=1),
        Port("surge", 1, "mTORC1 that a surge of glutamate activates"),
    ),
    parameters=(
        Parameter("T_prot", 1, "capacity of protein synthesis, relative to normal", low=0),
        Parameter("beta_d", 1, "gain from the fall of the brake to synthesis", low=0),
        Parameter("beta_a", 1, "gain from the glutamate surge to synthesis", low=0),
    ),
    outputs=(Port("rate", 1, "rate of protein synthesis, relative to that of a normal cell at rest"),),
    reference="autry2011",
)
