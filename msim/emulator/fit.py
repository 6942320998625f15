"""Fit of an emulator: bursts at points of the axes, the simplest surfaces that meet them, and the residuals."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from msim.base.code_digest import code_digest
from msim.base.errors import SimulationError
from msim.base.version import VERSION
from msim.definitions.models.model import ModelDefinition
from msim.emulator.axes import Axis
from msim.emulator.definition import at_rest, fast_digest
from msim.emulator.derived import derived_averages
from msim.emulator.emulator import FLOOR, Domain, Emulator, Output
from msim.emulator.field import field_surfaces
from msim.emulator.relaxation import relaxations
from msim.emulator.sampling import Samples, design, sampled
from msim.emulator.surfaces import DEGREES, Regression, candidates, regression

# A population whose count varies this much more than at rest is no longer one that acts cell by cell.
SYNCHRONY = 10.0
GOOD_ENOUGH = 0.05
# So heavy that surfaces pass through rest: what is measured relative to it has to be 1 there.
WEIGHT_OF_REST = 1e6
MOST_FANO = 1e3


@dataclass(frozen=True)
class FitBudget:
    """Amount of simulation for the fit of an emulator.

    points: bursts, 0 for a number that suits the axes; seconds: of each; burn_in: before each; rest: length of the one
    at rest; seed: of wiring, background and points
    good_enough: error of the worst average at which no steeper polynomial is tried; 0 for the best of all
    degree: highest of the polynomials that are tried
    synchrony: points are left out where a population's count varies so many times as much as at rest
    laid: how points are laid over the axes, in words: an emulator fitted to others is another one
    """

    points: int = 0
    seconds: float = 2.0
    burn_in: float = 0.5
    rest: float = 20.0
    seed: int = 1
    good_enough: float = GOOD_ENOUGH
    degree: int = max(DEGREES)
    synchrony: float = SYNCHRONY
    laid: str = "kept at rest at random"

    def count(self, axes: int) -> int:
        """Return the number of points: about three for each term of a cubic in few axes, of a quadratic in many."""
        return self.points or min(1024, max(96, 85 * axes))


Narrowed = Callable[[Sequence[Axis], np.ndarray], np.ndarray]


def everywhere(axes: Sequence[Axis], points: np.ndarray) -> np.ndarray:
    """Return points unchanged."""
    return points


def fit_emulator(
    model: ModelDefinition, axes: Sequence[Axis], budget: FitBudget,
    progress: Callable[[int, int], None] = lambda *_: None,
    narrowed: Narrowed = everywhere,
) -> Emulator:  # fmt: skip
    """Simulate the bursts and fit the surfaces.

    progress: called with the number of bursts that are done, and of all
    narrowed: turns points all over the box, shape (points, axes), into points where the emulator will be used
    raises: SimulationError where the column is not steady at enough points
    """
    count = budget.count(len(axes))
    points = np.concatenate([[[one.rest for one in axes]], narrowed(axes, design(axes, count, budget.seed))])
    seconds = np.concatenate([[budget.rest], np.full(count, budget.seconds)])
    samples = sampled(
        at_rest(model, axes), axes, points, seconds, budget.seed, budget.burn_in,
        lambda done: progress(done, len(points)),
    )  # fmt: skip
    emulator = emulator_of(model, axes, samples, budget)
    return replace(
        emulator, relaxation=relaxations(at_rest(model, axes), axes, strongest_values(emulator), budget.seed)
    )


def emulator_of(model: ModelDefinition, axes: Sequence[Axis], samples: Samples, budget: FitBudget) -> Emulator:
    """Fit surfaces to existing bursts, the first of which is at rest."""
    limits = {name: budget.synchrony * max(1.0, float(fano[0])) for name, fano in samples.synchrony.items()}
    kept = _kept(samples, limits)
    scaled = np.stack([one.scaled(samples.points[:, k]) for k, one in enumerate(axes)], axis=1)
    derived = derived_averages(model, axes, list(samples.halves))
    told = {one.name for one in derived}
    means = {name: halves.mean(axis=1) for name, halves in samples.halves.items() if name not in told}
    outputs = [_output(name, values, kept) for name, values in means.items()]
    fitted = np.stack([one.fitted(means[one.name][kept]) for one in outputs], axis=1)
    weights = samples.seconds[kept] / np.median(samples.seconds)
    weights[0] = WEIGHT_OF_REST
    found = _simplest(len(axes), scaled[kept], fitted, weights, budget)
    trial = np.all([samples.points[kept, k] == a.rest for k, a in enumerate(axes) if a.kind == "value"], axis=0)
    trial = np.broadcast_to(trial, kept.sum())
    noise = {one.name: _noise(one, samples.halves[one.name][kept]) for one in outputs}
    outputs = [_with_errors(one, found.left_out[1:, k], trial[1:], noise[one.name]) for k, one in enumerate(outputs)]
    synchrony = _synchrony(scaled, samples, limits)
    # A point's own part in its surfaces is taken out, so that this is the variance of one burst about them.
    missed = found.left_out[1:] * np.sqrt(np.maximum(1 - found.leverage[1:, None], 0.0))
    return Emulator(
        model.name, fast_digest(model, axes), tuple(axes), tuple(outputs), tuple(derived), found.basis,
        found.coefficients, Domain(float(found.leverage[1:].max()), found.inverse, limits),
        synchrony.basis, synchrony.coefficients, missed.T @ missed / len(missed),
        {name: model.cells(name) for name in model.populations},
        field_surfaces(
            scaled[kept][1:], {name: one[kept][1:] for name, one in samples.spectra.items()}, samples.frequency,
            samples.rate, weights[1:],
        ),
        record=_record(samples, kept, told), about=_about(budget, samples, kept),
    )  # fmt: skip


def strongest_values(emulator: Emulator) -> dict[str, str]:
    """Return, by population, the value axis that moves its rate most; empty without such axes."""
    values = [one for one in emulator.axes if one.kind == "value"]
    if not values:
        return {}
    rest, _ = emulator.points({})
    change = np.stack([np.abs(emulator.slopes(rest, one.name)[0]) * one.rest for one in values])
    names = [one.name for one in emulator.outputs]
    return {name: values[int(np.argmax(change[:, names.index(f"{name}.firing_rate")]))].name for name in emulator.cells}


def _kept(samples: Samples, limits: dict[str, float]) -> np.ndarray:
    """Return which points are steady and not synchronous, shape (points,).

    raises: SimulationError where rest, or too many points, are not
    """
    kept = np.all([np.isfinite(one).all(axis=1) for one in samples.halves.values()], axis=0)
    kept &= np.all([samples.synchrony[name] <= limit for name, limit in limits.items()], axis=0)
    if not kept[0]:
        raise SimulationError("emulator: the column is not steady at rest")
    if kept.sum() < max(20, 0.2 * len(kept)):
        raise SimulationError(
            f"emulator: the column is steady at {kept.sum()} of {len(kept)} points only; narrow the ranges (--range)"
        )
    return np.asarray(kept)


def _output(name: str, values: np.ndarray, kept: np.ndarray) -> Output:
    rest = float(values[0])
    if rest > 0 and (values[kept] >= 0).all():
        return Output(name, rest, True, rest)
    return Output(name, rest, False, max(abs(rest), float(values[kept].std())) or 1.0)


def _simplest(
    axes: int, scaled: np.ndarray, fitted: np.ndarray, weights: np.ndarray, budget: FitBudget
) -> Regression:
    """Return the first polynomial whose every output predicts left-out points well enough, or the best of them."""
    bases = [one for one in candidates(axes, len(scaled)) if one.degree <= budget.degree]
    tried = [regression(basis, scaled, fitted, weights) for basis in bases]
    worst = [float(np.sqrt((one.left_out[1:] ** 2).mean(axis=0)).max()) for one in tried]
    for one, error in zip(tried, worst, strict=True):
        if error <= budget.good_enough:
            return one
    return tried[int(np.argmin(worst))]


def _noise(output: Output, halves: np.ndarray) -> float:
    """Return the root mean square of the noise of a burst's average, estimated from the difference of its halves."""
    fitted = output.fitted(halves)
    return float(np.sqrt(((fitted[:, 1] - fitted[:, 0]) ** 2 / 4).mean()))


def _with_errors(output: Output, missed: np.ndarray, trial: np.ndarray, noise: float) -> Output:
    def size(values: np.ndarray) -> float:
        return float(np.sqrt((values**2).mean())) if values.size else 0.0

    return Output(
        output.name, output.rest, output.is_positive, output.scale, size(missed), size(missed[trial]),
        float(np.abs(missed).max()), noise,
    )  # fmt: skip


def _synchrony(scaled: np.ndarray, samples: Samples, limits: dict[str, float]) -> Regression:
    """Fit surfaces of the logarithms of Fano factors over all points, also those that were left out."""
    fano = np.stack([np.log(np.clip(samples.synchrony[name], 1e-3, MOST_FANO)) for name in limits], axis=1)
    bases = candidates(scaled.shape[1], len(scaled))
    return regression(bases[min(1, len(bases) - 1)], scaled, fano, np.ones(len(scaled)))


def _record(samples: Samples, kept: np.ndarray, told: set[str]) -> dict[str, np.ndarray]:
    found = {"points": samples.points, "kept": kept.astype(float), "seconds": samples.seconds}
    found.update({f"mean/{name}": one.mean(axis=1) for name, one in samples.halves.items() if name not in told})
    found.update({f"fano/{name}": one for name, one in samples.synchrony.items()})
    return found


def _about(budget: FitBudget, samples: Samples, kept: np.ndarray) -> dict[str, object]:
    return {
        "msim": VERSION, "fitted": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "effort": asdict(budget), "code": code_digest(), "seed": budget.seed,
        "burn_in_s": budget.burn_in, "bursts": int(len(kept)), "kept": int(kept.sum()),
        "spiking_s": float(samples.seconds.sum() + budget.burn_in * len(kept)), "floor": FLOOR,
    }  # fmt: skip
