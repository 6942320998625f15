"""Readout: how a trial computes the outputs of a form of scale 'readout'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msim.base.mechanism import Mechanism

COURSE, SPECTRUM = "course", "spectrum"
SEGMENT = 0.5  # s; resolves 2 Hz and leaves many segments of a probe of seconds


@dataclass(frozen=True)
class Readout:
    """A form of scale 'readout', with the function that computes it from the record of a trial.

    kind: COURSE follows the synaptic current of its population from burst to burst and is known at every sample;
        SPECTRUM sees the power of the field of its population and is known at probes
    outputs: which of the form's outputs it computes
    compute: of a COURSE takes currents (A) and their times (s), shape (bursts,), and the times of samples (s), of a
        SPECTRUM frequencies (Hz), shape (frequencies,), and power density (A^2/Hz), shape (probes, frequencies); both
        the parameters by name, SI units; returns values by output, shape (samples,) or (probes,)
    segment: of a SPECTRUM, takes the parameters and returns the length (s) of the pieces of the field of which the
        spectrum is the mean; its frequencies are 1 / segment apart
    require: refuses a machine that lacks what `compute` needs, by an InputError; called before anything runs
    """

    form: Mechanism
    kind: str
    outputs: tuple[str, ...]
    compute: Callable[..., Mapping[str, Any]]
    segment: Callable[[Mapping[str, float]], float] = lambda parameters: SEGMENT
    require: Callable[[], None] = lambda: None
