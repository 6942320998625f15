"""BDNF synthesis and release, TrkB activation."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

BDNF_TRKB = Mechanism(
    name="bdnf_trkb",
    meaning="BDNF translated when the brake is off or glutamate surges; its release activates TrkB",
    scale="slow",
    # beta_d is the direct route (block at rest frees translation), beta_a the route through
    # disinhibition (glutamate surge). Release is permitted by AMPA drive D: without AMPA
    # receptors newly made BDNF stays where it is.
    equations="""
    surge = clip(G - 1 - g_0, 0, inf) : 1
    translation = T_prot * (1 + beta_d * relief + beta_a * surge) : 1
    dBDNF/dt = (BDNF_gene * translation - BDNF) / tau_B : 1
    drive = clip(D, 0, inf)**h : 1
    permission = drive * (1 + D_R**h) / (D_R**h + drive) : 1
    released = clip(BDNF - 1, 0, inf) * permission : 1
    dp_TrkB/dt = (TrkB * released / (released + K_T) - p_TrkB) / tau_T : 1
    """,
    inputs=(
        Port("relief", 1, "fall of p_eEF2 below the adapted level, relative to rest"),
        Port("G", 1, "evoked glutamate release, relative to rest", at_rest=1),
        Port("D", 1, "AMPA receptor conductance, relative to rest", at_rest=1),
    ),
    parameters=(
        Parameter("BDNF_gene", 1, "working share of the BDNF gene", low=0),
        Parameter("TrkB", 1, "amount of postsynaptic TrkB, relative to normal", low=0),
        Parameter("T_prot", 1, "capacity of protein synthesis, relative to normal", low=0),
        Parameter("beta_d", 1, "gain from relief of the brake to translation", low=0),
        Parameter("beta_a", 1, "gain from the glutamate surge to translation", low=0),
        Parameter("g_0", 1, "surge that translation does not notice", low=0),
        Parameter("tau_B", second, "turnover time of BDNF", low=0, low_is_allowed=False),
        Parameter("h", 1, "steepness of the permission to release", low=1),
        Parameter("D_R", 1, "AMPA drive of half-maximal permission", low=0, low_is_allowed=False),
        Parameter("K_T", 1, "released BDNF above rest that activates half of TrkB", low=0, low_is_allowed=False),
        Parameter("tau_T", second, "time constant of TrkB activation", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("BDNF", 1, "BDNF, relative to rest"),
        Port("translation", 1, "rate of protein synthesis, relative to rest"),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
    ),
    # More synthesis than normal releases BDNF at rest too; permission is 1 there.
    rest={
        "BDNF": "BDNF_gene * T_prot",
        "p_TrkB": "TrkB * clip(BDNF_gene * T_prot - 1, 0, inf) / (clip(BDNF_gene * T_prot - 1, 0, inf) + K_T)",
    },
    reference="autry2011",
)
