"""Background events: Poisson counts of the rate and peak that the model declares."""

from __future__ import annotations

import numpy as np
import pytest

from msim.backends.brian2_network import Brian2Network
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import column_plan


def test_a_network_is_driven_at_the_rate_of_its_plan(model: ModelDefinition) -> None:
    """Mean conductance is rate x peak x decay (Campbell), in a network without contacts.

    Events come after the cells of a step were integrated and are seen at its end; they decay by d = 1 - dt / tau a
    step, so that an event is seen as 1 + d + d^2 + ... = tau / dt times its peak. Shot noise of rate r over T = 0.3 s
    has N = r T events a cell: 5 errors of 1 / sqrt(N cells) fail once in 2e6. Miniatures and background alike.
    """
    for projection in model.projections.values():
        for receptor in projection.receptors:
            model = model.with_value(f"{projection.name}.peak.{receptor}", "0 nS")
    small = model.with_value("column.n_cells", 750).with_value("slow_background.CV", 0)
    network = Brian2Network(column_plan(small, 5), "numpy")
    burst = network.burst(0.02, 0.3, keep_field=False)
    for drive, receptor in (("background_pyramidal", "ampa_background"), ("spontaneous_pyramidal", "ampa")):
        events = small[f"{drive}.contacts"] * small[f"{drive}.rate"]
        error = 1 / np.sqrt(events * 0.3 * small.cells("pyramidal"))
        expected = events * small[f"{drive}.peak.{receptor}"] * small["ampa.tau_decay"]
        assert burst.mean(f"pyramidal.{receptor}.g") == pytest.approx(expected, rel=5 * error), receptor


def test_every_drive_keeps_its_rate_and_peak_in_the_plan(model: ModelDefinition) -> None:
    """Each cell gets contacts x rate events of the declared peak."""
    plan = column_plan(model.with_value("column.n_cells", 30), seed=1)
    assert {one.name for one in plan.spec.drives} == set(model.drives)
    for drive in plan.spec.drives:
        one = model.drives[drive.name]
        assert drive.to == one.to
        assert drive.rate == pytest.approx(model[f"{one.name}.contacts"] * model[f"{one.name}.rate"])
        peaks = {name: value for name, (value, _) in drive.constants.items()}
        assert peaks == {f"peak_{one.name}_{r}": model[f"{one.name}.peak.{r}"] for r in one.receptors}
