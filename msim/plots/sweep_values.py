"""Values in the figures of a sweep: a quantity at a time for every trial, and its mean and interval over seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from msim.base.errors import InputError, nearest
from msim.base.paths import given_path
from msim.base.quantities import parse_in, second
from msim.base.settings import settings
from msim.definitions.experiments.axes import Axis
from msim.definitions.files.read import read_tables
from msim.plots.wording import duration_text, shown_factor
from msim.sweep.opened import open_sweep
from msim.sweep.plan import Plan
from msim.sweep.plan_files import latest_plan, read_plan

TIME_MATCH = 1e-6  # s


@dataclass(frozen=True)
class Shown:
    """A quantity at a time (s) in the units of figures.

    values: dims of the sweep, NaN where a trial is not done
    """

    name: str
    time: float
    values: xr.DataArray


@dataclass(frozen=True)
class SweepValues:
    """A sweep, and the quantities that its figures show."""

    plan: Plan
    title: str
    arms: dict[str, str]
    status: xr.DataArray
    shown: tuple[Shown, ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return the axes of the sweep."""
        return self.plan.design.axes


def sweep_values(path: str | Path, quantity: str | None = None, time: float | None = None) -> SweepValues:
    """Return the quantities to show: the given one, or those in the file's [[sweep.show]], or the probed ones.

    raises: InputError where a quantity was not recorded at its time
    """
    root = given_path(path, "sweep")
    plan, dataset = read_plan(latest_plan(root)), open_sweep(root)
    # Of the stored text only words are needed, which can be read when the model has moved on.
    tables = read_tables(plan.about["experiment"]["text"], plan.about["experiment"]["file"])
    wanted: list[tuple[str, float | None]] = [(quantity, time)] if quantity else []
    if not wanted:
        shows = tables.get("sweep", {}).get("show", [])
        asked = [(one["quantity"], float(parse_in(one["at"], second, "show"))) for one in shows]
        # A sweep that --until ended earlier shows the last that it has.
        wanted = list(dict.fromkeys((name, min(at, _last(dataset, name, at))) for name, at in asked))
    if not wanted:
        probed = [str(one) for one in dataset.data_vars if dataset[one].dims[-1] == "probe"]
        wanted = [(name, time) for name in probed][:settings().shown_quantities]
    shown = tuple(_shown(dataset, name, at, root) for name, at in wanted)
    meanings = {one["name"]: one.get("meaning", "") for one in tables["arms"]}
    arms = {name: meanings.get(name, "") for name in plan.about["arms"]}
    return SweepValues(plan, tables["title"], arms, dataset["status"], shown)


def _last(dataset: xr.Dataset, name: str, otherwise: float) -> float:
    """Return the last time in s at which a quantity was recorded."""
    if name not in dataset:
        return otherwise
    times = dataset["time" if dataset[name].dims[-1] == "time" else "probe_time"].values
    return float(times[-1]) if times.size else otherwise


def _shown(dataset: xr.Dataset, name: str, time: float | None, root: Path) -> Shown:
    if name not in dataset:
        known = [str(one) for one in dataset.data_vars if {"time", "probe"} & set(dataset[one].dims)]
        raise InputError(f"{root}: has no recorded '{name}'{nearest(name, known)}")
    variable = dataset[name]
    along = str(variable.dims[-1])
    at = dataset["time" if along == "time" else "probe_time"].values
    index = at.size - 1 if time is None else int(np.argmin(np.abs(at - time)))
    if time is not None and abs(at[index] - time) > TIME_MATCH:
        raise InputError(f"{root}: '{name}' was not recorded at {duration_text(time)}")
    values = variable.isel({along: index}).load() * shown_factor(variable)
    return Shown(name, float(at[index]), values.assign_attrs(variable.attrs))
