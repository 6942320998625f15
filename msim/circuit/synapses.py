"""Memory of a contact for its last spikes: short-term plasticity and receptors still bound."""

from __future__ import annotations

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second

_FACTOR = Port("factor", 1, "what a spike delivers, in units of what it delivers after a long pause")

SHORT_TERM_PLASTICITY = Mechanism(
    name="short_term_plasticity",
    meaning="release that facilitates by calcium left over and depresses by vesicles used up",
    scale="synapse",
    # Release at a spike is u x after u has jumped; in units of U, so that a peak is that of a rested contact.
    equations="""
    du/dt = -u/tau_facil : 1
    dx/dt = (1 - x)/tau_rec : 1
    """,
    parameters=(
        Parameter("U", 1, "share of the vesicles that a rested contact releases", low=0, high=1, low_is_allowed=False),
        Parameter("tau_facil", second, "decay of facilitation", low=0, low_is_allowed=False),
        Parameter("tau_rec", second, "recovery of vesicles", low=0, low_is_allowed=False),
    ),
    outputs=(_FACTOR,),
    rest={"u": "0", "x": "1"},
    on_event="""
    u += U*(1 - u)
    factor = u*x/U
    x -= u*x
    """,
    reference="markram1998",
)

SATURATION = Mechanism(
    name="saturation",
    meaning="receptors of a contact that the last spikes left bound, and the next one cannot bind again",
    scale="synapse",
    equations="ds/dt = -s/dwell : 1",
    parameters=(
        Parameter("quantal_share", 1, "share of the free receptors that a spike binds", low=0, high=1),
        Parameter("dwell", second, "time for which they stay bound", low=0, low_is_allowed=False),
    ),
    outputs=(_FACTOR,),
    rest={"s": "0"},
    on_event="""
    factor = 1 - s
    s += quantal_share*factor
    """,
)
