"""Dendritic BDNF from mRNA to TrkB."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

BDNF_TRKB = Mechanism(
    name="bdnf_trkb",
    meaning="BDNF translated in the dendrite activates TrkB where there is more of it than the cell is used to",
    scale="slow",
    # The cell adapts to its long-term BDNF (set_point), so that only a recent rise acts: an animal
    # born without the kinase makes more protein for life and is not potentiated for life.
    equations="""
    dmRNA/dt = (BDNF_gene * transcription - mRNA) / tau_mRNA : 1
    dBDNF/dt = (trafficking * mRNA * translation - BDNF) / tau_B : 1
    dset_point/dt = (BDNF - set_point) / tau_set : 1
    released = clip(BDNF - set_point, 0, inf) * release : 1
    dp_TrkB/dt = (TrkB * endocytosis * released / (released + K_T) - p_TrkB) / tau_T : 1
    """,
    inputs=(
        Port("translation", 1, "rate of protein synthesis, relative to rest", at_rest=1),
        Port("release", 1, "share of newly made BDNF that reaches TrkB, relative to rest", at_rest=1),
    ),
    parameters=(
        Parameter("BDNF_gene", 1, "working share of the BDNF gene in the postsynaptic cell", low=0),
        Parameter("transcription", 1, "capacity of transcription, relative to normal", low=0),
        Parameter("trafficking", 1, "share of BDNF mRNA that reaches the dendrite, relative to normal", low=0),
        Parameter("tau_mRNA", second, "turnover time of BDNF mRNA in the dendrite", low=0, low_is_allowed=False),
        Parameter("tau_B", second, "turnover time of dendritic BDNF", low=0, low_is_allowed=False),
        Parameter("tau_set", second, "time over which the cell adapts to its BDNF", low=0, low_is_allowed=False),
        Parameter("TrkB", 1, "amount of postsynaptic TrkB, relative to normal", low=0),
        Parameter("endocytosis", 1, "share of activated TrkB that dynamin takes up to signal", low=0, high=1),
        Parameter("K_T", 1, "new BDNF that activates half of TrkB", low=0, low_is_allowed=False),
        Parameter("tau_T", second, "time constant of TrkB activation", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("mRNA", 1, "BDNF mRNA in the dendrite, relative to rest"),
        Port("BDNF", 1, "BDNF in the dendrite, relative to rest"),
        Port("set_point", 1, "BDNF to which the cell has adapted"),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
    ),
    rest={
        "mRNA": "BDNF_gene * transcription",
        "BDNF": "trafficking * BDNF_gene * transcription",
        "set_point": "trafficking * BDNF_gene * transcription",
        "p_TrkB": "0",
    },
    reference="autry2011",
)
