"""Binding of a PET tracer to mGluR5, from which glutamate displaces it, and which glutamate internalizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msim.base.equations import slopes, subexpressions
from msim.base.errors import InputError
from msim.base.mechanism import Mechanism, Parameter, Port
from msim.base.units import second
from msim.measures.glutamate_cycle import checked_amount

MGLUR5_PET = Mechanism(
    name="mglur5_pet",
    meaning="receptors that a tracer finds: at the surface, and not held by glutamate in a state that it binds less",
    scale="readout",
    # What goes in and comes back at rest is balanced; `internalised` is what more glutamate has taken beyond that.
    equations="""
        glutamate = release ** response : 1
        surge = clip(glutamate - 1, 0, inf) : 1
        dinternalised/dt = k_in * surge * (1 - internalised) - k_out * internalised : 1
        binding = (1 - internalised) / (1 + displaced * (glutamate - 1)) : 1
    """,
    inputs=(Port("release", 1, "glutamate that vesicles release, relative to rest", at_rest=1),),
    parameters=(
        Parameter("response", 1, "percent change of extracellular glutamate by one percent of release", low=0),
        Parameter("displaced", 1, "share of receptors that glutamate keeps from the tracer at rest", low=0, high=0.99),
        Parameter("k_in", 1 / second, "internalisation, by extracellular glutamate above rest", low=0),
        Parameter("k_out", 1 / second, "return to the surface", low=0, low_is_allowed=False),
    ),
    outputs=(
        Port("glutamate", 1, "extracellular glutamate relative to rest"),
        Port("binding", 1, "binding of the tracer relative to rest"),
    ),
    rest={"internalised": "0"},
    reference="esterlis2018",
)


def extracellular_glutamate(release: np.ndarray | float, values: Mapping[str, float]) -> np.ndarray:
    """Compute extracellular glutamate from release (V_cycle), both relative to rest, same shape.

    values: parameters of MGLUR5_PET, SI units, here and below
    """
    return np.asarray(_told(values, release=checked_amount(release, "release"))["glutamate"])


def internalised_after(
    elapsed_s: np.ndarray | float, glutamate: np.ndarray | float, values: Mapping[str, float],
    start: np.ndarray | float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Return the fraction of receptors internalized beyond rest, under constant glutamate.

    elapsed_s: s; glutamate: relative to rest; start: fraction before; all broadcast
    """
    surge = _told(values, glutamate=checked_amount(glutamate, "glutamate"))["surge"]
    end, rate = _relaxation(surge, values)
    return _approached(np.asarray(start, dtype=float), end, rate, checked_amount(elapsed_s, "elapsed_s"))


def internalised_course(times_s: np.ndarray, glutamate: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Return the fraction of receptors internalized beyond rest along a course that begins at rest.

    Between two times glutamate counts with the mean of both: exact where it is constant, otherwise of second order.
    times_s: increasing, shape (times,); glutamate: relative to rest, shape (..., times)
    returns: shape (..., times)
    """
    times, course = _checked_course(times_s, glutamate)
    surge = _told(values, glutamate=course)["surge"]
    end, rate = _relaxation((surge[..., 1:] + surge[..., :-1]) / 2, values)
    internalised = np.zeros_like(course)
    for index, elapsed in enumerate(np.diff(times)):
        before = internalised[..., index]
        internalised[..., index + 1] = _approached(before, end[..., index], rate[..., index], elapsed)
    return internalised


def mglur5_binding(times_s: np.ndarray, glutamate: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Compute binding of the tracer relative to rest, along a course of glutamate that begins at rest.

    times_s: increasing, shape (times,); glutamate: relative to rest, shape (..., times)
    returns: 1 where nothing has happened, shape (..., times)
    """
    times, course = _checked_course(times_s, glutamate)
    internalised = internalised_course(times, course, values)
    return np.asarray(_told(values, glutamate=course, internalised=internalised)["binding"])


def scan_change(times_s: np.ndarray, binding: np.ndarray, start_s: float, duration_s: float) -> np.ndarray:
    """Compute the percent change of binding from rest in a scan: the mean over its time, linear between times.

    binding: relative to rest, shape (..., times); returns: percent, shape (...)
    """
    times, values = _checked_course(times_s, binding)
    stop_s = start_s + duration_s
    if not times[0] <= start_s < stop_s <= times[-1]:
        span = f"{times[0]:.6g} and {times[-1]:.6g} s"
        raise InputError(f"scan_change: wants a scan between {span}, got {start_s:.6g} to {stop_s:.6g} s")
    inside = times[(times > start_s) & (times < stop_s)]
    grid = np.concatenate([[start_s], inside, [stop_s]])
    right = np.clip(np.searchsorted(times, grid), 1, times.size - 1)
    weight = (grid - times[right - 1]) / (times[right] - times[right - 1])
    seen = values[..., right - 1] + weight * (values[..., right] - values[..., right - 1])
    area = ((seen[..., 1:] + seen[..., :-1]) / 2 * np.diff(grid)).sum(axis=-1)
    return np.asarray(100 * (area / duration_s - 1))


def _told(values: Mapping[str, float], **known: np.ndarray) -> dict[str, np.ndarray]:
    return subexpressions(MGLUR5_PET.equations, {**values, **known})


def _relaxation(surge: np.ndarray, values: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return what internalized receptors tend to under a constant surge, and how fast, 1/s: the equation is linear."""
    none, all_of_them = (
        slopes(MGLUR5_PET.equations, {**values, "surge": surge, "internalised": one})["internalised"]
        for one in (0.0, 1.0)
    )
    return none / (none - all_of_them), none - all_of_them


def _approached(start: np.ndarray, end: np.ndarray, rate: np.ndarray, elapsed_s: np.ndarray | float) -> np.ndarray:
    return np.asarray(start + (end - start) * -np.expm1(-rate * elapsed_s))


def _checked_course(times_s: np.ndarray, course: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    times, values = np.asarray(times_s, dtype=float), checked_amount(course, "glutamate or binding")
    if times.ndim != 1 or times.size < 2 or values.shape[-1:] != times.shape:
        raise InputError(f"receptor_pet: wants 2 or more times, got {times.shape} for values {values.shape}")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise InputError("receptor_pet: wants finite times in increasing order")
    return times, values
