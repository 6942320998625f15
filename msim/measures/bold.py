"""The BOLD signal that synaptic activity evokes, by the Balloon-Windkessel model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from msim.base.equations import subexpressions
from msim.base.errors import InputError, SimulationError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.readout import COURSE, Readout
from msim.base.units import second
from msim.measures.blood_flow import flow_path
from msim.measures.venous_balloon import balloon_path, steady_balloon

BALLOON_WINDKESSEL = Mechanism(
    name="balloon_windkessel",
    meaning="activity dilates vessels; flow inflates a venous balloon and dilutes its deoxyhemoglobin",
    scale="readout",
    # States as in Friston 2003; signal as in Stephan 2007, nonlinear with revised coefficients.
    # Friston writes gamma without its second 1/s and gives activity the weight 1; efficacy is that
    # weight, and both carry the units that the equation for s needs.
    # 4.3 is the static dephasing of water around randomly oriented cylinders, not a property of blood.
    equations="""
        extraction = 1 - (1 - E0) ** (1 / f) : 1
        ds/dt = efficacy * (activity - 1) - kappa * s - gamma * (f - 1) : 1/second
        df/dt = s : 1
        dv/dt = (f - v ** (1 / alpha)) / tau : 1
        dq/dt = (f * extraction / E0 - v ** (1 / alpha) * q / v) / tau : 1
        k1 = 4.3 * theta0 * E0 * TE : 1
        k2 = epsilon * r0 * E0 * TE : 1
        k3 = 1 - epsilon : 1
        percent_signal_change = 100 * V0 * (k1 * (1 - q) + k2 * (1 - q / v) + k3 * (1 - v)) : 1
    """,
    inputs=(Port("activity", 1, "synaptic activity relative to rest", at_rest=1),),
    parameters=(
        Parameter("kappa", 1 / second, "decay of the vasodilatory signal", low=0, low_is_allowed=False),
        Parameter("gamma", 1 / second**2, "feedback of flow on the signal", low=0, low_is_allowed=False),
        Parameter("efficacy", 1 / second**2, "signal evoked by activity", low=0),
        Parameter("tau", second, "transit time through the balloon", low=0, low_is_allowed=False),
        Parameter("alpha", 1, "Grubb's exponent: volume as a power of flow", low=0, high=1, low_is_allowed=False),
        Parameter("E0", 1, "oxygen extraction fraction at rest", low=0, high=1, low_is_allowed=False),
        Parameter("V0", 1, "venous blood volume fraction at rest", low=0, high=1),
        Parameter("theta0", 1 / second, "frequency offset at the surface of a deoxygenated vessel", low=0),
        Parameter("r0", 1 / second, "rise of intravascular relaxation rate with oxygen extraction", low=0),
        Parameter("epsilon", 1, "intravascular over extravascular signal at rest", low=0),
        Parameter("TE", second, "echo time", low=0),
    ),
    outputs=(
        Port("f", 1, "blood flow relative to rest"),
        Port("v", 1, "venous blood volume relative to rest"),
        Port("q", 1, "deoxyhemoglobin relative to rest"),
        Port("percent_signal_change", 1, "BOLD signal, percent of rest"),
    ),
    rest={"s": "0 * kappa", "f": "1", "v": "1", "q": "1"},
    reference="stephan2007",
)


@dataclass(frozen=True)
class BalloonWindkessel:
    """Values of the parameters of BALLOON_WINDKESSEL, in seconds and their powers."""

    kappa: float
    gamma: float
    efficacy: float
    tau: float
    alpha: float
    E0: float
    V0: float
    theta0: float
    r0: float
    epsilon: float
    TE: float

    @cached_property
    def weights(self) -> tuple[float, float, float]:
        """Return k1, k2 and k3 of the text: of deoxyhemoglobin outside and inside vessels, and of volume."""
        found = subexpressions(BALLOON_WINDKESSEL.equations, asdict(self))
        return float(found["k1"]), float(found["k2"]), float(found["k3"])


def bold_response(
    activity: np.ndarray,
    times_s: np.ndarray,
    parameters: BalloonWindkessel,
    sample_times_s: np.ndarray,
    relative_tolerance: float = 1e-7,
) -> np.ndarray:
    """Return the BOLD signal of each region at the wanted times.

    Activity is linear between its times, however unevenly they are spaced, and no time between them is leapt over;
    before the first time it has always had its first value.
    activity: relative change from rest, shape (..., times)
    times_s: non-decreasing; a time given twice is a jump, shape (times,)
    sample_times_s: in any order, from the first to the last of times_s, shape (volumes,)
    relative_tolerance: error of a step, relative to the farthest that flow goes from rest
    returns: percent signal change, shape (..., volumes)
    raises: SimulationError where activity falls so fast that the model's flow would stop
    """
    knots, values = _checked_activity(activity, times_s)
    samples = _checked_samples(sample_times_s, knots)
    regions = values.reshape(-1, knots.size)
    flow = flow_path(parameters.efficacy * regions, knots, parameters.kappa, parameters.gamma)
    logarithms = balloon_path(flow, parameters.tau, parameters.alpha, parameters.E0, samples, relative_tolerance)
    return _signal(logarithms, parameters).reshape(*values.shape[:-1], samples.size)


def steady_state(activity: np.ndarray, parameters: BalloonWindkessel) -> np.ndarray:
    """Compute the BOLD signal, in percent, under activity held for ever.

    activity: relative change from rest, above -gamma / efficacy, where flow would stop; any shape
    returns: percent signal change, same shape
    """
    change = parameters.efficacy * np.asarray(activity, dtype=float) / parameters.gamma
    if not (change > -1).all():
        lowest = -parameters.gamma / parameters.efficacy
        raise InputError(f"steady_state: wants activity above {lowest:.6g}, got {np.min(activity):.6g}")
    return _signal(steady_balloon(change, parameters.alpha, parameters.E0), parameters)


def _checked_activity(activity: np.ndarray, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    knots, values = np.asarray(times_s, dtype=float), np.asarray(activity, dtype=float)
    if knots.ndim != 1 or values.ndim < 1 or values.shape[-1:] != knots.shape or knots.size < 2:
        raise InputError(f"bold_response: wants 2 or more times, got {knots.shape} for activity {values.shape}")
    if not (np.isfinite(knots).all() and np.isfinite(values).all() and (np.diff(knots) >= 0).all()):
        raise InputError("bold_response: wants finite activity at finite times in non-decreasing order")
    return knots, values


def _checked_samples(sample_times_s: np.ndarray, knots: np.ndarray) -> np.ndarray:
    samples = np.atleast_1d(np.asarray(sample_times_s, dtype=float))
    if not ((samples >= knots[0]) & (samples <= knots[-1])).all():
        raise InputError(f"bold_response: wants samples from {knots[0]:.6g} to {knots[-1]:.6g} s")
    return samples


def _signal(logarithms: np.ndarray, parameters: BalloonWindkessel) -> np.ndarray:
    """Compute percent signal change, from the logarithms so that it is exactly 0 at rest.

    logarithms: of volume and of deoxyhemoglobin, shape (2, ...)
    """
    volume, deoxyhemoglobin = logarithms
    k1, k2, k3 = parameters.weights
    return -100 * parameters.V0 * (
        k1 * np.expm1(deoxyhemoglobin) + k2 * np.expm1(deoxyhemoglobin - volume) + k3 * np.expm1(volume)
    )


def _course(
    current: np.ndarray, times: np.ndarray, samples: np.ndarray, parameters: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Compute the slow response to a drug as in pharmacological MRI, without the fluctuations of a resting scan.

    returns: NaN where activity falls so far below rest that flow would stop, as this model then has no answer
    """
    try:
        found = bold_response(current / current[0] - 1, times, BalloonWindkessel(**parameters), samples)
    except SimulationError:
        found = np.full(samples.size, np.nan)
    return {"percent_signal_change": found}


BOLD = Readout(BALLOON_WINDKESSEL, COURSE, ("percent_signal_change",), _course)
