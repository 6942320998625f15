"""Drug concentration, with the mass units that clinical papers give."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from msim.plots.experiment import experiment_of
from msim.plots.style import LABEL, TICK
from msim.plots.traces import trace
from msim.plots.wording import name_of
from msim.storage.run_store import Run


def concentration(run: Run, quantity: str, ax: Axes | None = None) -> Axes:
    """Draw a concentration of a drug over time in µM, and in ng/ml on the right where it is one substance.

    quantity: such as 'ketamine.C_plasma'
    """
    drawn = trace(run, quantity, ax)
    # At the receptor a metabolite is counted by its potency, so mass per volume would mean nothing there.
    if name_of(quantity) == "C_plasma":
        owner = quantity.rsplit(".", 1)[0]
        _mass_axis(drawn, ng_per_ml_per_uM=experiment_of(run).model[f"{owner}.molar_mass"] * 1e3)
    return drawn


def _mass_axis(ax: Axes, ng_per_ml_per_uM: float) -> None:
    def to_mass(uM: Any) -> Any:
        return uM * ng_per_ml_per_uM

    def to_amount(ng_per_ml: Any) -> Any:
        return ng_per_ml / ng_per_ml_per_uM

    right = ax.secondary_yaxis("right", functions=(to_mass, to_amount))
    right.set_ylabel("concentration (ng/ml)", fontsize=LABEL)
    right.tick_params(labelsize=TICK)
