"""eEF2 kinase, phosphorylated eEF2 and the brake on translation."""

from __future__ import annotations

from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.units import second

EEF2K = Mechanism(
    name="eef2k",
    meaning="eEF2 kinase driven by calcium; p-eEF2 brakes translation until the cell adapts to it",
    scale="slow",
    # The cell adapts to its long-term p_eEF2 (theta), so only a recent fall frees translation:
    # without theta an animal born without the kinase would be potentiated for life.
    equations="""
    dK/dt = (eEF2K * clip(u, 0, inf)**n - K) / tau_K : 1
    dp_eEF2/dt = (K * odds * (1 - p_eEF2) - p_eEF2) / tau_P : 1
    dtheta/dt = (p_eEF2 - theta) / tau_theta : 1
    relief = clip((theta - p_eEF2) / p_rest, 0, inf) : 1
    """,
    inputs=(Port("u", 1, "resting calcium, relative to rest", at_rest=1),),
    parameters=(
        Parameter("eEF2K", 1, "amount of the kinase, relative to normal", low=0),
        Parameter("n", 1, "cooperativity of calmodulin's activation of the kinase", low=1),
        Parameter("tau_K", second, "time constant of kinase activity", low=0, low_is_allowed=False),
        Parameter("tau_P", second, "dephosphorylation time of eEF2", low=0, low_is_allowed=False),
        Parameter("tau_theta", second, "time over which translation adapts to p_eEF2", low=0, low_is_allowed=False),
        Parameter("p_rest", 1, "phosphorylated fraction of eEF2 at rest", low=0, high=1, low_is_allowed=False),
    ),
    derived=(Derived("odds", 1, "p_rest / (1 - p_rest)"),),
    outputs=(
        Port("K", 1, "activity of eEF2 kinase, relative to rest"),
        Port("p_eEF2", 1, "phosphorylated fraction of eEF2"),
        Port("theta", 1, "p_eEF2 to which translation has adapted"),
        Port("relief", 1, "fall of p_eEF2 below the adapted level, in units of its resting value"),
    ),
    rest={
        "K": "eEF2K",
        "p_eEF2": "eEF2K * odds / (1 + eEF2K * odds)",
        "theta": "eEF2K * odds / (1 + eEF2K * odds)",
    },
    reference="autry2011",
)
