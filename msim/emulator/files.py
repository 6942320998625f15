"""File of an emulator: JSON with every number to the last bit, and a checksum; nothing in it is ever executed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import InputError, StorageError
from msim.base.expressions import ExpressionError, names_in
from msim.base.paths import given_path
from msim.emulator.axes import Axis, Target
from msim.emulator.derived import Derived
from msim.emulator.emulator import Domain, Emulator, Output, plain_digest
from msim.emulator.field import FieldSurfaces
from msim.emulator.relaxation import Relaxation
from msim.emulator.surfaces import Basis

FORMAT = 3
BEGIN = b'{"msim_emulator": '


def write_emulator(emulator: Emulator, path: Path) -> None:
    """Write an emulator; the file appears in one step, when it is complete.

    raises: StorageError where it cannot be written
    """
    validate_own_file(path)
    body = emulator.as_plain()
    text = json.dumps({"msim_emulator": FORMAT, "sha256": plain_digest(body), "emulator": body})
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def validate_own_file(path: Path) -> None:
    """Refuse to replace a file that is no emulator.

    raises: StorageError
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(BEGIN))
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StorageError(f"{path}: cannot be written: {problem.strerror or problem}") from None
    if begin != BEGIN:
        raise StorageError(f"{path}: is there already and is no emulator; choose another --out")


def read_emulator(path: str | Path) -> Emulator:
    """Read an emulator.

    raises: StorageError where there is no file, or it is not a whole emulator of this format
    """
    file = given_path(path, "emulator")
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise StorageError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    except (ValueError, RecursionError):
        raise StorageError(f"{path}: wants an emulator written by msim emulator fit, got no JSON") from None
    if not isinstance(given, dict) or "msim_emulator" not in given:
        raise StorageError(f"{path}: wants an emulator written by msim emulator fit, got another file")
    if given["msim_emulator"] != FORMAT:
        raise StorageError(f"{path}: wants format {FORMAT} of emulators, got {given['msim_emulator']!r}; fit it again")
    body = given.get("emulator")
    if not isinstance(body, dict) or given.get("sha256") != plain_digest(body):
        raise StorageError(f"{path}: is damaged: its checksum is not that of its content; fit it again")
    try:
        return _emulator(body)
    except (KeyError, TypeError, ValueError, ExpressionError, InputError) as problem:
        raise StorageError(f"{path}: cannot be read as an emulator: {problem}") from None


def _field(body: dict[str, Any] | None) -> FieldSurfaces | None:
    if body is None:
        return None
    coefficients, error = (
        {name: np.array(one, dtype=float) for name, one in body[key].items()} for key in ("coefficients", "error")
    )
    frequency = np.array(body["frequency"], dtype=float)
    return FieldSurfaces(body["rate"], frequency, Basis(**body["basis"]), coefficients, error)


def _emulator(body: dict[str, Any]) -> Emulator:
    axes = tuple(Axis(**{**one, "targets": tuple(Target(**to) for to in one["targets"])}) for one in body["axes"])
    derived = tuple(
        Derived(**{**one, "inputs": {name: tuple(origin) for name, origin in one["inputs"].items()}})
        for one in body["derived"]
    )
    for each in derived:
        names_in(each.expression)  # refuses all but arithmetic
    domain = body["domain"]
    return Emulator(
        body["model"], body["digest"], axes, tuple(Output(**one) for one in body["outputs"]), derived,
        Basis(**body["basis"]), np.array(body["coefficients"], dtype=float),
        Domain(domain["leverage"], np.array(domain["inverse"], dtype=float), domain["synchrony"]),
        Basis(**body["synchrony"]["basis"]), np.array(body["synchrony"]["coefficients"], dtype=float),
        np.array(body["covariance"], dtype=float), body["cells"], _field(body["field"]),
        {name: Relaxation(**one) for name, one in body["relaxation"].items()},
        {name: np.array(values, dtype=float) for name, values in body["record"].items()}, body["about"],
    )  # fmt: skip
