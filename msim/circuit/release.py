"""Spontaneous release and ambient glutamate: the activation of NMDA receptors at rest."""

from __future__ import annotations

from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.units import hertz, mmolar, second

RESTING_ACTIVATION = Mechanism(
    name="resting_activation",
    meaning="share of the resting pool that miniatures and ambient glutamate keep activated",
    scale="slow",
    # An expectation and not a count of events: at one miniature a minute a burst of seconds
    # would have to last minutes to measure it.
    equations="""
    miniatures = rate_mini * quantal_share * dwell : 1
    ambient = (glutamate / (glutamate + K_site))**2 : 1
    rho = free * (miniatures + ambient * (1 - miniatures)) : 1
    """,
    parameters=(
        Parameter("rate_mini", hertz, "spontaneous release of one synapse", low=0),
        Parameter("quantal_share", 1, "share of a synapse's receptors that one quantum activates", low=0, high=1),
        Parameter("dwell", second, "time for which a quantum keeps them activated", low=0),
        Parameter("glutamate", mmolar, "ambient glutamate", low=0),
        Parameter("free", 1, "share of the receptors whose agonist site no antagonist holds", low=0, high=1),
        Parameter("EC50", mmolar, "glutamate that activates half of the receptors", low=0, low_is_allowed=False),
    ),
    # Two independent sites, both of which have to hold glutamate (Patneau and Mayer 1990).
    derived=(Derived("K_site", mmolar, "EC50 * (sqrt(2) - 1)"),),
    outputs=(Port("rho", 1, "agonist-activated share of the resting pool"),),
    reference="atasoy2008",
)
