"""A twin in one file: JSON with every number to the last bit, and a checksum; nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import InputError, StorageError
from msim.base.expressions import ExpressionError, names_in
from msim.base.paths import given_path
from msim.emulator.axes import Axis, Target
from msim.emulator.derived import Derived
from msim.emulator.emulator import Domain, Output, Twin
from msim.emulator.field import FieldSurfaces
from msim.emulator.relaxation import Relaxation
from msim.emulator.surfaces import Basis

FORMAT = 3
BEGIN = b'{"msim_twin": '


def write_twin(twin: Twin, path: Path) -> None:
    """Write a twin; the file appears in one step, when it is whole.

    raises: StorageError where it cannot be written
    """
    refuse_other_file(path)
    body = _plain(twin)
    text = json.dumps({"msim_twin": FORMAT, "sha256": _checksum(body), "twin": body})
    growing = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        growing.write_text(text + "\n", encoding="utf-8")
        os.replace(growing, path)
    except OSError as problem:
        growing.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def refuse_other_file(path: Path) -> None:
    """Refuse to put a twin in the place of what is none.

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
        raise StorageError(f"{path}: is there already and is no twin; choose another --out")


def read_twin(path: str | Path) -> Twin:
    """Read a twin.

    raises: StorageError where there is no file, or it is not a whole twin of this format
    """
    file = given_path(path, "twin")
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise StorageError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    except (ValueError, RecursionError):
        raise StorageError(f"{path}: wants a twin written by msim twin fit, got no JSON") from None
    if not isinstance(given, dict) or "msim_twin" not in given:
        raise StorageError(f"{path}: wants a twin written by msim twin fit, got another file")
    if given["msim_twin"] != FORMAT:
        raise StorageError(f"{path}: wants format {FORMAT} of twins, got {given['msim_twin']!r}; fit it again")
    body = given.get("twin")
    if not isinstance(body, dict) or given.get("sha256") != _checksum(body):
        raise StorageError(f"{path}: is damaged: its checksum is not that of its content; fit it again")
    try:
        return _twin(body)
    except (KeyError, TypeError, ValueError, ExpressionError, InputError) as problem:
        raise StorageError(f"{path}: cannot be read as a twin: {problem}") from None


def identity(twin: Twin) -> str:
    """SHA-256 of all by which a twin answers: coefficients, ranges and errors; not of when and by whom it was made."""
    return _checksum({name: one for name, one in _plain(twin).items() if name not in ("about", "record")})


def _checksum(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _plain(twin: Twin) -> dict[str, Any]:
    return {
        "model": twin.model, "digest": twin.digest, "cells": dict(twin.cells), "about": dict(twin.about),
        "axes": [asdict(one) for one in twin.axes], "outputs": [asdict(one) for one in twin.outputs],
        "derived": [asdict(one) for one in twin.derived], "basis": asdict(twin.basis),
        "coefficients": twin.coefficients.tolist(), "covariance": twin.covariance.tolist(),
        "domain": {
            "leverage": twin.domain.leverage, "inverse": twin.domain.inverse.tolist(),
            "synchrony": dict(twin.domain.synchrony),
        },
        "synchrony": {"basis": asdict(twin.synchrony_basis), "coefficients": twin.synchrony.tolist()},
        "field": _plain_field(twin.field),
        "relaxation": {name: asdict(one) for name, one in twin.relaxation.items()},
        # For tables and figures only, so that six digits are enough.
        "record": {name: _rounded(values) for name, values in twin.record.items()},
    }  # fmt: skip


def _plain_field(field: FieldSurfaces | None) -> dict[str, Any] | None:
    if field is None:
        return None
    return {
        "rate": field.rate, "frequency": field.frequency.tolist(), "basis": asdict(field.basis),
        "coefficients": {name: one.tolist() for name, one in field.coefficients.items()},
        "error": {name: one.tolist() for name, one in field.error.items()},
    }  # fmt: skip


def _field(body: dict[str, Any] | None) -> FieldSurfaces | None:
    if body is None:
        return None
    coefficients, error = (
        {name: np.array(one, dtype=float) for name, one in body[key].items()} for key in ("coefficients", "error")
    )
    frequency = np.array(body["frequency"], dtype=float)
    return FieldSurfaces(body["rate"], frequency, Basis(**body["basis"]), coefficients, error)


def _rounded(values: np.ndarray) -> list[Any]:
    return [
        _rounded(one) if np.ndim(one) else (float(f"{one:.6g}") if np.isfinite(one) else None) for one in values
    ]  # fmt: skip


def _twin(body: dict[str, Any]) -> Twin:
    axes = tuple(Axis(**{**one, "targets": tuple(Target(**to) for to in one["targets"])}) for one in body["axes"])
    derived = tuple(
        Derived(**{**one, "inputs": {name: tuple(origin) for name, origin in one["inputs"].items()}})
        for one in body["derived"]
    )
    for each in derived:
        names_in(each.expression)  # refuses all but arithmetic
    domain = body["domain"]
    return Twin(
        body["model"], body["digest"], axes, tuple(Output(**one) for one in body["outputs"]), derived,
        Basis(**body["basis"]), np.array(body["coefficients"], dtype=float),
        Domain(domain["leverage"], np.array(domain["inverse"], dtype=float), domain["synchrony"]),
        Basis(**body["synchrony"]["basis"]), np.array(body["synchrony"]["coefficients"], dtype=float),
        np.array(body["covariance"], dtype=float), body["cells"], _field(body["field"]),
        {name: Relaxation(**one) for name, one in body["relaxation"].items()},
        {name: np.array(values, dtype=float) for name, values in body["record"].items()}, body["about"],
    )  # fmt: skip
