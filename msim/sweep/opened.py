"""A sweep as one dataset whose values are read when they are used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.base.errors import InputError, StorageError, nearest
from msim.base.paths import given_path
from msim.base.quantities import parse_quantity
from msim.storage.trial_file import open_trial
from msim.storage.trial_store import TrialStore, read_failure_record, whole_trial
from msim.sweep.plan import Plan, Trial
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.status import states

if TYPE_CHECKING:
    import xarray as xr

SHOWN = ("samples", "probes", "spectra")
CELLS = "_cell"


def open_sweep(path: str | Path) -> xr.Dataset:
    """Open a sweep, finished or not.

    returns: dims are the axes by name ('point' for a sample), arm, seed, and time, probe and frequency of the
        records; NaN where a trial is not done. Of every trial `status` is 'done', 'failed' or 'pending', `reason` the
        reason of its failure, and `key` its key. Axes with units are coordinates in SI units, words as they are. Values
        of single cells and spikes are left to `sweep_trial`
    raises: StorageError where there is no sweep
    """
    import xarray as xr

    root = given_path(path, "sweep")
    plan, store = read_plan(latest_plan(root)), TrialStore(root)
    found = states(store, plan)
    by_place = {plan.place(one): one for one in plan.trials}
    keys = _table(plan, {place: one.key for place, one in by_place.items()})
    status = {place: found[one.key] for place, one in by_place.items()}
    reasons = {
        place: str(read_failure_record(store, one.key).get("reason", ""))
        for place, one in by_place.items() if status[place] == "failed"
    }  # fmt: skip
    data: dict[str, Any] = {
        "status": (plan.dims, _table(plan, status), {"long_name": "what became of the trial"}),
        "reason": (plan.dims, _table(plan, reasons), {"long_name": "why it failed"}),
        "key": (plan.dims, keys, {"long_name": "name of the trial in the store"}),
    }
    variables, coordinates = _recorded(store, plan, found, keys)
    about = plan.about
    attributes = {"experiment": about["experiment"]["name"], "model": about["model"]["name"], "sweep": str(root)}
    return xr.Dataset({**data, **variables}, {**_axes(plan), **coordinates}, attributes)


def sweep_trial(path: str | Path, arm: str, seed: int, **values: Any) -> dict[str, xr.Dataset]:
    """Open the datasets of one trial: 'samples', 'probes', 'spectra', 'spikes' and 'bursts'.

    values: of the axes by their names, as they were given; point=3 for point 3 of a sample, counted from 0
    raises: InputError where the sweep has no such trial or several, StorageError where it is not done
    """
    root = given_path(path, "sweep")
    plan, store = read_plan(latest_plan(root)), TrialStore(root)
    found = {one.key: one for one in plan.trials if (one.arm, one.seed) == (arm, seed) and _is_at(plan, one, values)}
    wanted = ", ".join([arm, f"seed {seed}", *(f"{name} = {value}" for name, value in values.items())])
    if not found:
        raise InputError(f"{root}: the sweep has no trial {wanted}{nearest(wanted, [one.name for one in plan.trials])}")
    if len(found) > 1:
        names = ", ".join(one.name for one in plan.design.axes if one.name not in values)
        raise InputError(f"{root}: wants one trial, the sweep has {len(found)} of {wanted}: say {names}")
    (one,) = found.values()
    if not store.trial(one.key).is_file():
        raise StorageError(f"{root}: {one.name} is not done")
    return open_trial(whole_trial(store, one.key))


def _is_at(plan: Plan, trial: Trial, values: Mapping[str, Any]) -> bool:
    """Return whether a trial is at these values of axes; 0.5 equals '0.50', and '5 minute' equals '300 s'."""
    names = {one.path: one.name for one in plan.design.axes}
    own: dict[str, Any] = {"point": trial.place[0], **{names[path]: value for path, value in trial.changes.items()}}
    return all(name in own and _plain(own[name]) == _plain(value) for name, value in values.items())


def _plain(value: Any) -> Any:
    """Return a quantity as its number in SI units and its dimensions, anything else as text."""
    try:
        read = parse_quantity(value, "")
    except InputError:
        return str(value)
    return float(f"{float(read):.9g}"), read.dim


def _table(plan: Plan, by_place: Mapping[tuple[int, ...], str]) -> np.ndarray:
    """Lay texts out in the dimensions of a plan, '' where there is none."""
    table = np.full(plan.shape, "", dtype=object)
    for place, text in by_place.items():
        table[place] = text
    return table.astype(str)


def _axes(plan: Plan) -> dict[str, Any]:
    grid = plan.design.sample == "grid"
    found: dict[str, Any] = {"arm": ("arm", list(plan.about["arms"])), "seed": ("seed", list(plan.about["seeds"]))}
    for one in plan.design.axes:
        values = np.array(one.numbers) if one.numbers else np.array([str(value) for value in one.values])
        about = {"units": one.units, "long_name": one.path, "given": [str(value) for value in one.values]}
        found[one.name] = (one.name if grid else "point", values, about)
    return found


def _recorded(
    store: TrialStore, plan: Plan, found: Mapping[str, str], keys: np.ndarray
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the records of trials as arrays of the whole sweep that are read when they are used."""
    from msim.sweep.lazy import trial_values

    data: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for one in _examples(plan, found):
        datasets = open_trial(whole_trial(store, one.key))
        for part in SHOWN:
            for name, variable in datasets.get(part, {}).items() if part in datasets else ():
                known = str(name) in data or any(str(dim).endswith(CELLS) for dim in variable.dims)
                if known or variable.dtype.kind not in "fiub":
                    continue
                lazy = trial_values(store, keys, part, str(name), variable.shape)
                data[str(name)] = ((*plan.dims, *variable.dims), lazy, dict(variable.attrs))
            if part in datasets:
                for name, variable in datasets[part].coords.items():
                    coordinates.setdefault(str(name), (variable.dims, variable.values, dict(variable.attrs)))
    return data, coordinates


def _examples(plan: Plan, found: Mapping[str, str]) -> list[Trial]:
    """Return one finished trial of every arm, as an example of its recorded variables."""
    first: dict[str, Trial] = {}
    for one in plan.trials:
        if found[one.key] == "done":
            first.setdefault(one.arm, one)
    return list(first.values())
