"""Retinoic acid signaling: a second way to scale synapses, which needs neither eEF2 kinase nor BDNF."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port

RETINOIC_ACID = Mechanism(
    name="retinoic_acid",
    meaning="retinoic acid on RARalpha lets AMPA receptors be made in the dendrite",
    scale="slow",
    # RARalpha frees the translation of receptor subunits, so it needs protein synthesis and nothing upstream of it.
    equations="insertion = T_prot * RARalpha * ligand / (1 + ligand) : 1",
    parameters=(
        Parameter("ligand", 1, "agonist on RARalpha above rest; 1 holds half of the receptors", low=0),
        Parameter("RARalpha", 1, "share of RARalpha that no antagonist holds", low=0),
        Parameter("T_prot", 1, "capacity of protein synthesis, relative to normal", low=0),
    ),
    outputs=(Port("insertion", 1, "drive of receptor insertion"),),
    reference="suzuki2021",
)
