"""Identity of an emulator's column: a hash of all properties on which the spiking cells of a model depend."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from msim.definitions.models.constants import constants
from msim.definitions.models.model import ModelDefinition
from msim.emulator.axes import Axis
from msim.network.column_plan import column_plan


def with_values(model: ModelDefinition, values: Mapping[str, float]) -> ModelDefinition:
    """Return the model with other values at paths, SI units."""
    changed = {path: replace(model.values[path], si=float(one), text=repr(float(one))) for path, one in values.items()}
    return replace(model, values={**model.values, **changed})


def at_rest(model: ModelDefinition, axes: Sequence[Axis]) -> ModelDefinition:
    """Return the model with all values that are axes set to their resting values at the fit of the emulator."""
    return with_values(model, {one.name: one.rest for one in axes if one.kind == "value"})


def fast_digest(model: ModelDefinition, axes: Sequence[Axis]) -> str:
    """Return the SHA-256 of the spiking cells of a model: equations, numbers, wiring, drives, averages, inputs.

    Values that are axes do not count, nor do ranges and the slow scale.
    """
    return _digest(model, tuple(axes))


@functools.lru_cache(64)
def _digest(model: ModelDefinition, axes: tuple[Axis, ...]) -> str:
    digest = hashlib.sha256()
    plan = column_plan(at_rest(model, axes), seed=0)
    # What scales background in time follows from constants, and to its last digit from the machine.
    colours = {one.colour: constants(model, one.colour) for one in model.drives.values() if one.colour}
    known = {one.name: getattr(plan, one.name) for one in fields(plan) if one.name != "spec"}
    spec = {one.name: getattr(plan.spec, one.name) for one in fields(plan.spec) if one.name != "inputs"}
    for part in _parts((known, spec, colours)):
        digest.update(part)
    for axis in axes:
        digest.update(repr((axis.name, axis.kind, f"{axis.rest:.9g}", [one.text for one in axis.targets])).encode())
    for link in model.links.values():
        if model.feeds_receptor(link):
            digest.update(repr((link.origin, link.to, model.share_of(link))).encode())
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """Yield a description as bytes, whatever its type; mappings by key.

    Numbers count to nine digits: later ones differ between machines and versions of numpy.
    """
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__.encode()
        for one in fields(value):
            yield one.name.encode()
            yield from _parts(getattr(value, one.name))
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype.kind, value.shape)).encode()
        yield _rounded(value) if value.dtype.kind == "f" else np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        yield f"{len(value)} entries".encode()
        for key in sorted(value, key=repr):
            yield repr(key).encode()
            yield from _parts(value[key])
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)} items".encode()
        for one in value:
            yield from _parts(one)
    elif isinstance(value, (float, np.floating)):
        yield _rounded(np.asarray(value))
    else:
        yield repr(value.item() if isinstance(value, np.generic) else value).encode()


def _rounded(values: np.ndarray) -> bytes:
    """Round numbers to 30 bits, the same on every machine."""
    mantissa, exponent = np.frexp(np.ascontiguousarray(values, dtype=float))
    return np.round(mantissa * 2.0**30).astype("<i8").tobytes() + exponent.astype("<i4").tobytes()
