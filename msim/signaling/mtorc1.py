"""mTORC1, the kinase on which TrkB and the glutamate surge act."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

MTORC1 = Mechanism(
    name="mtorc1",
    meaning="mTORC1 activated above rest by TrkB and by a surge of glutamate",
    scale="slow",
    # The surge is what rises above the glutamate of the last hours: potentiated synapses raise firing for days,
    # and a surge that they could keep up would feed itself. For the same reason the part that drives the
    # synthesis of BDNF is that of glutamate alone, without what TrkB activates.
    equations="""
    dusual/dt = (G - usual) / tau_G : 1
    released = clip(G - usual - g_0, 0, inf) : 1
    able = mTOR * mTOR_local : 1
    surge = able * released : 1
    drive = a_T * p_TrkB + a_G * released : 1
    activity = able * drive / (1 + drive) : 1
    """,
    inputs=(
        Port("G", 1, "glutamate that spikes release, relative to rest", at_rest=1),
        Port("p_TrkB", 1, "fraction of TrkB activated above rest"),
    ),
    parameters=(
        Parameter("mTOR", 1, "share of mTORC1 that no systemic inhibitor holds", low=0),
        Parameter("mTOR_local", 1, "share of mTORC1 that no inhibitor infused into the tissue holds", low=0),
        Parameter("tau_G", second, "time over which mTORC1 gets used to glutamate", low=0, low_is_allowed=False),
        Parameter("g_0", 1, "surge that mTORC1 does not notice", low=0),
        Parameter("a_T", 1, "how strongly TrkB activates mTORC1; 1/a_T of it activates half", low=0),
        Parameter("a_G", 1, "how strongly the surge activates mTORC1; 1/a_G of it activates half", low=0),
    ),
    outputs=(
        Port("surge", 1, "mTORC1 that a surge of glutamate activates"),
        Port("activity", 1, "fraction of mTORC1 activated above rest"),
    ),
    rest={"usual": "1"},
    reference="krystal2024",
)
