"""Background rates that give every population its resting rate, by a damped update of their logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msim.backends.context import Context, build_network
from msim.base.errors import InputError, SimulationError
from msim.definitions.models.model import Drive, ModelDefinition
from msim.emulator.definition import fast_digest

# Rates react more than in proportion to background, so a full step would overshoot.
DAMPING = 0.25
LARGEST_STEP = 0.2
CLOSE_ENOUGH = 0.03
BURN_IN = 0.5


@dataclass(frozen=True)
class Calibrated:
    """A background rate before and after calibration, with the wanted and the reached firing rate (Hz)."""

    path: str
    population: str
    before: str
    after: str
    wanted: float
    reached: float


def background_rates(model: ModelDefinition, seconds: float, rounds: int, seed: int) -> list[Calibrated]:
    """Change the rate of each population's strongest drive until its firing rate is within 3 %.

    raises: SimulationError where that is not reached in the given rounds
    """
    drives = {name: strongest_drive(model, name) for name in model.populations}
    paths = {name: f"{drive.name}.rate" for name, drive in drives.items()}
    wanted = {name: model[f"{name}.resting_rate"] for name in model.populations}
    current = model
    reached: dict[str, float] = {}
    network = build_network(current, seed, Context())
    for _ in range(rounds):
        burst = network.burst(BURN_IN, seconds, keep_field=False)
        reached = {name: burst.mean(f"{name}.firing_rate") for name in model.populations}
        if all(abs(reached[name] / wanted[name] - 1) < CLOSE_ENOUGH for name in wanted):
            return [
                Calibrated(
                    paths[name], name, model.values[paths[name]].text, current.values[paths[name]].text,
                    wanted[name], reached[name],
                )
                for name in model.populations
            ]  # fmt: skip
        for name, path in paths.items():
            step = DAMPING * math.log(wanted[name] / max(reached[name], 0.05 * wanted[name]))
            factor = math.exp(max(-LARGEST_STEP, min(LARGEST_STEP, step)))
            current = current.with_value(path, f"{current[path] * factor:.5g} Hz")
        network.update_parameters(current)
    missed = ", ".join(f"{name} {reached[name]:.3g} of {wanted[name]:.3g} Hz" for name in wanted)
    raise SimulationError(f"resting rates not reached in {rounds} rounds: {missed}")


def deciding_at_rest(model: ModelDefinition) -> tuple[str, list[float]]:
    """Return what the rates of a column at rest depend on: its cells and their wiring, and the rates wanted."""
    return fast_digest(model, ()), [model[f"{name}.resting_rate"] for name in model.populations]


def strongest_drive(model: ModelDefinition, population: str) -> Drive:
    """Return the drive with most events onto a population."""
    own = [one for one in model.drives.values() if one.to == population]
    if not own:
        raise InputError(f"{model.name}: population '{population}' has no drive to tune")
    return max(own, key=lambda one: model[f"{one.name}.contacts"] * model[f"{one.name}.rate"])
