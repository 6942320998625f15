"""Writer of fitted values into the model files that state them, comments and layout kept."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msim
from msim.base.errors import InputError
from msim.calibration.space import is_fitted_slow, texts_of
from msim.definitions.models.model import ModelDefinition
from msim.storage.trial_store import place_file

MARK = "; msim calibrate"


def write_values(model: ModelDefinition, values: Mapping[str, float], rows: Sequence[str]) -> list[Path]:
    """Write values (SI units) by path, and note beside each the rows, the date and the version of the fit.

    raises: InputError where a value is not one that a calibration may change; nothing is written then
    """
    try:
        import tomlkit
    except ImportError:
        raise InputError("calibrate: wants optuna, SALib and tomlkit: pip install msim[fit]") from None
    documents: dict[str, Any] = {}
    for path, text in texts_of(model, values).items():
        if not is_fitted_slow(model, path):
            raise InputError(f"{path}: source is '{model.values[path].source}', and only fitted values are written")
        file = model.values[path].file
        if file not in documents:
            documents[file] = tomlkit.parse(Path(file).read_text(encoding="utf-8"))
        owner, _, name = path.partition(".")
        entry = documents[file]["mechanisms"][owner][name]
        entry["value"] = text
        entry["note"] = noted(str(entry.get("note", "")), rows)
    for file, document in documents.items():
        place_file(Path(file), tomlkit.dumps(document).encode())
    return [Path(file) for file in documents]


def noted(note: str, rows: Sequence[str]) -> str:
    """Return a note with the origin of its value, in place of the origin that an earlier calibration noted."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{note.partition(MARK)[0]}{MARK} {msim.__version__}, {today}, to {', '.join(rows)}"
