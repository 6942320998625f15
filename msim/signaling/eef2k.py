"""eEF2 kinase and phosphorylated eEF2, the brake on translation."""

from __future__ import annotations

from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.units import second

EEF2K = Mechanism(
    name="eef2k",
    meaning="eEF2 kinase driven by calcium; p-eEF2 brakes translation",
    scale="slow",
    # Amount and activity are apart: a knock-out takes the one, an inhibitor the other.
    equations="""
    dK/dt = (eEF2K * activity * clip(u, 0, inf)**n - K) / tau_K : 1
    dp_eEF2/dt = (K * odds * (1 - p_eEF2) - p_eEF2) / tau_P : 1
    brake = p_eEF2 / p_rest : 1
    """,
    inputs=(Port("u", 1, "resting calcium, relative to rest", at_rest=1),),
    parameters=(
        Parameter("eEF2K", 1, "amount of the kinase, relative to normal", low=0),
        Parameter("activity", 1, "share of the kinase that no inhibitor holds", low=0, high=1),
        Parameter("n", 1, "cooperativity of calmodulin's activation of the kinase", low=1),
        Parameter("tau_K", second, "time constant of kinase activity", low=0, low_is_allowed=False),
        Parameter("tau_P", second, "dephosphorylation time of eEF2", low=0, low_is_allowed=False),
        Parameter("p_rest", 1, "phosphorylated fraction of eEF2 at rest", low=0, high=1, low_is_allowed=False),
    ),
    derived=(Derived("odds", 1, "p_rest / (1 - p_rest)"),),
    outputs=(
        Port("K", 1, "activity of eEF2 kinase, relative to rest"),
        Port("p_eEF2", 1, "phosphorylated fraction of eEF2"),
        Port("brake", 1, "p_eEF2, relative to that of a normal cell at rest"),
    ),
    rest={
        "K": "eEF2K * activity",
        "p_eEF2": "eEF2K * activity * odds / (1 + eEF2K * activity * odds)",
    },
    reference="autry2011",
)
