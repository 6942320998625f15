"""A sweep as a table: a row for every trial, done or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msim.base.errors import InputError, StorageError, nearest
from msim.base.paths import given_path
from msim.base.quantities import quantity_text, second
from msim.storage.trial_store import TrialStore, place_file
from msim.sweep.opened import open_sweep
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.status import rows

if TYPE_CHECKING:
    import xarray as xr

TIME_MATCH = 1e-6  # s
FORMATS = (".csv", ".parquet")


def sweep_table(path: str | Path, quantities: Sequence[str] = (), times: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Return the rows of a sweep: axes as given, arm, seed, status, reason, seconds, key, and recorded values.

    quantities: all that were recorded, if left out; times: s; all probes, and the last sample, if left out
    returns: a column 'QUANTITY at TIME' for every quantity that is known then, None where a trial is not done
    raises: InputError where a quantity was not recorded
    """
    root = given_path(path, "sweep")
    plan = read_plan(latest_plan(root))
    dataset = open_sweep(root)
    columns = list(_columns(dataset, quantities, times, root))
    found = rows(TrialStore(root), plan)
    for trial, row in zip(plan.trials, found, strict=True):
        for name, values in columns:
            value = float(values[plan.place(trial)])
            row[name] = value if np.isfinite(value) else None
    return found


def _columns(
    dataset: xr.Dataset, quantities: Sequence[str], times: Sequence[float], root: Path
) -> Iterator[tuple[str, np.ndarray]]:
    known = [str(one) for one in dataset.data_vars if {"time", "probe"} & set(dataset[one].dims)]
    for name in quantities:
        if name not in known:
            raise InputError(f"{root}: has no recorded '{name}'{nearest(name, known)}")
    for name in quantities or known:
        variable = dataset[name]
        if variable.ndim != dataset["status"].ndim + 1:
            continue
        along = str(variable.dims[-1])
        at = dataset["time" if along == "time" else "probe_time"].values
        wanted = list(times) or (at[-1:] if along == "time" else at)
        for time in wanted:
            index = int(np.argmin(np.abs(at - time))) if at.size else -1
            if index >= 0 and abs(at[index] - time) < TIME_MATCH:
                yield f"{name} at {quantity_text(float(time) * second)}", variable.isel({along: index}).values


def write_table(found: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV or Parquet, by the ending of the name.

    raises: InputError for another ending, or where pyarrow is missing; StorageError where the file cannot be written
    """
    if path.suffix not in FORMATS:
        raise InputError(f"--out: wants a name that ends in {' or '.join(FORMATS)}, got '{path}'")
    content = csv_text(found).encode() if path.suffix == ".csv" else _parquet(found)
    try:
        place_file(path, content)
    except OSError as problem:
        raise StorageError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def csv_text(found: Sequence[dict[str, Any]]) -> str:
    """Write rows as CSV; unknown values are empty, and text that a spreadsheet would compute is quoted as text."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in found for name in row))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name)) for name in columns] for row in found])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


def _parquet(found: Sequence[dict[str, Any]]) -> bytes:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError("--out: Parquet wants pyarrow: pip install 'msim[tables]'; or write CSV") from None
    axes = [{name: str(value) if name not in _NUMBERS and not _is_value(name) else value
             for name, value in row.items()} for row in found]  # fmt: skip
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(axes), sink)
    return bytes(sink.getvalue())


_NUMBERS = ("seed", "seconds")


def _is_value(name: str) -> bool:
    return " at " in name
