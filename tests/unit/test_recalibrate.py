"""Rates are met by background alone, and files change in that one number."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msim.backends.context import Context
from msim.backends.fast_network import Burst, FastNetwork
from msim.base.errors import SimulationError
from msim.calibration import background_rates as tune_background_rates
from msim.calibration.background_rates import (  # fmt: skip
    CLOSE_ENOUGH,
    LARGEST_STEP,
    Calibrated,
    background_rates,
    strongest_drive,
)
from msim.calibration.write import write_rates
from msim.definitions.models.model import ModelDefinition

COLUMN = "models/circuits/cortical_column.toml"
# How log rates answer to log background: steeply to their own, and against that of PV cells.
ANSWER = {
    "pyramidal": {"pyramidal": 3.0, "pv": -1.5, "sst": -0.3},
    "pv": {"pyramidal": 0.5, "pv": 2.0, "sst": -0.3},
    "sst": {"pyramidal": 0.5, "pv": -0.5, "sst": 2.5},
}


class PowerNetwork(FastNetwork):
    """Firing rates as powers of the background rates, resting rates where these are the shipped ones."""

    def __init__(self, model: ModelDefinition, shipped: ModelDefinition) -> None:
        self.shipped = shipped
        self.tried = [model]
        self.rates = self.rates_of(model)

    def rates_of(self, model: ModelDefinition) -> dict[str, float]:
        logs = {
            name: math.log(model[f"background_{name}.rate"] / self.shipped[f"background_{name}.rate"])
            for name in model.populations
        }
        return {
            name: self.shipped[f"{name}.resting_rate"] * math.exp(sum(slope * logs[one] for one, slope in row.items()))
            for name, row in ANSWER.items()
        }

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        raise AssertionError("recalibration changes nothing but the background")

    def update_parameters(self, model: ModelDefinition) -> None:
        self.tried.append(model)
        self.rates = self.rates_of(model)

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        halves = {f"{name}.firing_rate": np.full((2, 3), rate) for name, rate in self.rates.items()}
        return Burst(seconds, halves, {}, {}, 1e3)


@pytest.fixture
def tried(model: ModelDefinition, monkeypatch: pytest.MonkeyPatch) -> list[ModelDefinition]:
    """The models that recalibration tries, one a round."""
    models: list[ModelDefinition] = []

    def built(tried: ModelDefinition, seed: int, context: Context) -> FastNetwork:
        network = PowerNetwork(tried, model)
        models.append(tried)
        network.tried = models
        return network

    monkeypatch.setattr(tune_background_rates, "build_network", built)
    return models


@pytest.mark.parametrize("factors", [(0.8, 1.0, 1.25), (1.3, 0.75, 1.0), (1.1, 1.1, 1.1)])
def test_a_disturbed_background_is_found_again(
    model: ModelDefinition, tried: list[ModelDefinition], factors: tuple[float, ...]
) -> None:
    """Rates end within 3 %; so does background, divided by the smallest answer that any mixture gets."""
    disturbed = model
    for name, factor in zip(model.populations, factors, strict=True):
        path = f"background_{name}.rate"
        disturbed = disturbed.with_value(path, f"{model[path] * factor} Hz")
    found = background_rates(disturbed, 1.0, 60, 1)
    weakest = np.linalg.svd(np.array([[row[one] for one in ANSWER] for row in ANSWER.values()]))[1][-1]
    for one in found:
        assert abs(one.reached / one.wanted - 1) < CLOSE_ENOUGH
        assert one.wanted == model[f"{one.population}.resting_rate"]
        after = float(one.after.removesuffix(" Hz"))
        assert abs(math.log(after / model[one.path])) < math.sqrt(3) * 1.1 * CLOSE_ENOUGH / weakest
        assert one.before == disturbed.values[one.path].text


def test_each_round_changes_only_the_background_and_only_a_little(
    model: ModelDefinition, tried: list[ModelDefinition]
) -> None:
    """The strongest drive of each population, by at most e^0.2 a round; every other value stays."""
    disturbed = model.with_value("background_pyramidal.rate", "0.8 Hz")
    background_rates(disturbed, 1.0, 60, 1)
    paths = {f"{strongest_drive(model, name).name}.rate" for name in model.populations}
    assert len(tried) > 3 and tried[0] is disturbed
    for before, after in zip(tried, tried[1:], strict=False):
        changed = {path for path in model.values if before.values[path] != after.values[path]}
        assert changed <= paths
        steps = [abs(math.log(after[path] / before[path])) for path in changed]
        assert all(step <= LARGEST_STEP + 1e-4 for step in steps)


def test_a_background_that_fits_stays(model: ModelDefinition, tried: list[ModelDefinition]) -> None:
    """One round, and every rate as it was written."""
    found = background_rates(model, 1.0, 5, 1)
    assert len(tried) == 1
    assert all(one.before == one.after == model.values[one.path].text for one in found)


def test_rates_that_cannot_be_reached_are_refused(model: ModelDefinition, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent cells neither divide by zero nor come back as calibrated; the message names each population."""
    network = PowerNetwork(model, model)
    answers = network.rates_of
    monkeypatch.setattr(network, "rates_of", lambda tried: {**answers(tried), "sst": 0.0})
    network.rates = network.rates_of(model)
    monkeypatch.setattr(tune_background_rates, "build_network", lambda *arguments: network)
    with pytest.raises(SimulationError, match="4 rounds.*sst 0 of"):
        background_rates(model, 1.0, 4, 1)


def test_the_strongest_drive_brings_most_events(model: ModelDefinition) -> None:
    """Of background and miniatures the background, whose events are contacts times rate."""
    for name in model.populations:
        assert strongest_drive(model, name).name == f"background_{name}"
    quiet = model.with_value("background_pyramidal.rate", "0.001 Hz")
    assert strongest_drive(quiet, "pyramidal").name == "spontaneous_pyramidal"


def calibrated(model: ModelDefinition, name: str, after: str) -> Calibrated:
    """A new rate for a population's background."""
    path = f"background_{name}.rate"
    return Calibrated(path, name, model.values[path].text, after, 1.0, 1.0)


@pytest.fixture(scope="module")
def text(model: ModelDefinition) -> str:
    """The file that states the background rates."""
    return next(one for path, one in model.files.items() if path.endswith("cortical_column.toml"))


def test_all_rates_go_into_their_file(
    model: ModelDefinition, text: str, tmp_path: Path
) -> None:
    """Three drives in one file: all three new, everything else as it was, nothing left beside it."""
    file = tmp_path / "column.toml"
    file.write_text(text, encoding="utf-8")
    found = [calibrated(model, name, f"{number}.5 Hz") for number, name in enumerate(model.populations, start=1)]
    moved = {
        one.path: type(model.values[one.path])(**{**vars(model.values[one.path]), "file": str(file)}) for one in found
    }
    copy = replace(model, values={**model.values, **moved})
    assert write_rates(copy, found) == [file]
    written = tomllib.loads(file.read_text(encoding="utf-8"))
    assert [written["drives"][f"background_{name}"]["rate"]["value"] for name in model.populations] == [
        "1.5 Hz", "2.5 Hz", "3.5 Hz",
    ]  # fmt: skip
    assert [one.name for one in tmp_path.iterdir()] == [file.name]
