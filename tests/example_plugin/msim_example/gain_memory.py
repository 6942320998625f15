"""A slow mechanism: a trace of a gain."""

from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.quantities import second

GAIN_MEMORY = Mechanism(
    name="gain_memory",
    meaning="a slow trace of a gain",
    scale="slow",
    # The trace follows what drives it and nothing else, so that it rests where its input does.
    equations="dm/dt = (gain - m) / tau_m : 1",
    inputs=(Port("gain", 1, "what is remembered", at_rest=1.0),),
    parameters=(Parameter("tau_m", second, "time constant of the trace", low=0, low_is_allowed=False),),
    outputs=(Port("m", 1, "the trace"),),
    rest={"m": "1"},  # where the gain is 1, as it is at rest
)
