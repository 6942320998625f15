"""Release of BDNF: from both sides of the synapse, with and without the permission of network activity."""

from __future__ import annotations

from msim.base.mechanism import Derived, Mechanism, Parameter, Port

BDNF_RELEASE = Mechanism(
    name="bdnf_release",
    meaning="share of newly made BDNF that reaches TrkB, relative to rest",
    scale="slow",
    # Three ways out of the dendrite: constitutive; after single miniatures, whose AMPA current
    # depolarises one spine and needs no spike; and after network activity. A silent network keeps
    # the second way, an AMPA receptor antagonist shuts the last two.
    # Ambient BDNF of the presynaptic cell keeps TrkB where dendritic BDNF can find it, so that the two
    # sources multiply: that either deletion blocks says that neither suffices (Lin 2021); in series
    # rather than over a threshold is an assumption.
    equations="""
    drive = clip(D, 0, inf)**h : 1
    permission = drive * (1 + D_R**h) / (D_R**h + drive) : 1
    from_dendrite = w_constitutive + w_miniature * AMPAR + w_regulated * regulated * permission : 1
    ambient = BDNF_pre * (1 - w_autocrine + w_autocrine * TrkB_pre) : 1
    release = ambient * from_dendrite * (1 - scavenged) : 1
    """,
    inputs=(Port("D", 1, "AMPA receptor conductance that spikes cause, relative to rest", at_rest=1),),
    parameters=(
        Parameter("BDNF_pre", 1, "working share of the BDNF gene in presynaptic cells", low=0),
        Parameter("TrkB_pre", 1, "amount of TrkB on presynaptic terminals, relative to normal", low=0),
        Parameter("w_autocrine", 1, "share of ambient BDNF that presynaptic TrkB calls forth", low=0, high=1),
        Parameter("scavenged", 1, "share of released BDNF that an antibody holds", low=0, high=1),
        Parameter("w_constitutive", 1, "share of release that needs no activity", low=0, high=1),
        Parameter("w_miniature", 1, "share of release that miniatures permit", low=0, high=1),
        Parameter("AMPAR", 1, "share of AMPA receptors that no antagonist holds", low=0, high=1),
        Parameter("regulated", 1, "regulated secretion of BDNF, relative to normal", low=0),
        Parameter("h", 1, "steepness of the permission by activity", low=1),
        Parameter("D_R", 1, "AMPA drive of half-maximal permission", low=0, low_is_allowed=False),
    ),
    derived=(Derived("w_regulated", 1, "clip(1 - w_constitutive - w_miniature, 0, 1)"),),
    outputs=(
        Port("permission", 1, "permission by network activity, relative to rest"),
        Port("release", 1, "share of newly made BDNF that reaches TrkB, relative to rest"),
    ),
    reference="lin2021",
)
