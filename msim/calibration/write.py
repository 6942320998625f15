"""Writer of values that were found into the model files that state them, comments and layout kept."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from msim.base.errors import InputError
from msim.base.version import VERSION
from msim.calibration.background_rates import Calibrated
from msim.calibration.space import is_fitted_slow, texts_of
from msim.definitions.files.write import with_values
from msim.definitions.models.model import ModelDefinition
from msim.storage.trial_store import place_file

MARK = "; msim calibrate"


def write_values(model: ModelDefinition, values: Mapping[str, float], rows: Sequence[str]) -> list[Path]:
    """Write values (SI units) by path, and note beside each the rows, the date and the version of the fit.

    raises: InputError where a value is not one that a calibration may change; nothing is written then
    """
    entries = {}
    for path, text in texts_of(model, values).items():
        value = model.values[path]
        if not is_fitted_slow(model, path):
            raise InputError(f"{path}: source is '{value.source}', and only fitted values are written")
        entries[path] = {"value": text, "note": noted(value.note, rows)}
    return _write(model, "mechanisms", entries)


def write_rates(model: ModelDefinition, found: Sequence[Calibrated]) -> list[Path]:
    """Write the rates of drives.

    raises: InputError where a file does not state one of them; nothing is written then
    """
    return _write(model, "drives", {one.path: {"value": one.after} for one in found})


def _write(model: ModelDefinition, table: str, entries: Mapping[str, Mapping[str, str | float]]) -> list[Path]:
    """Write entries of values, by path, into the files that state them; `table` holds their owners."""
    of_files: dict[str, dict[tuple[str, ...], Mapping[str, str | float]]] = {}
    for path, entry in entries.items():
        of_files.setdefault(model.values[path].file, {})[table, *path.split(".", 1)] = entry
    texts = {file: with_values(Path(file).read_bytes().decode(), new, file) for file, new in of_files.items()}
    for file, text in texts.items():
        place_file(Path(file), text.encode())
    return [Path(file) for file in texts]


def noted(note: str, rows: Sequence[str]) -> str:
    """Return a note with the origin of its value, in place of the origin that an earlier calibration noted."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{note.partition(MARK)[0]}{MARK} {VERSION}, {today}, to {', '.join(rows)}"
