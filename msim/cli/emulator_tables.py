"""Emulators as tables, and points and ranges as the command line gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from msim.base.errors import InputError
from msim.cli.tables import print_table, say

if TYPE_CHECKING:
    from msim.definitions.models.model import ModelDefinition
    from msim.emulator.axes import Axis
    from msim.emulator.emulator import Emulator

AXES = ("axis", "rest", "from", "to", "unit", "sets")
OUTPUTS = ("average", "at rest", "error", "in trials", "worst", "noise of a burst")


def require_cells(model: ModelDefinition) -> ModelDefinition:
    """Return the model, unless it has no spiking cells, which is refused."""
    if not model.populations:
        raise InputError(f"{model.name}: wants a model with populations, got one without any")
    return model


def parse_ranges(given: list[str]) -> dict[str, tuple[str, str]]:
    """Read 'NAME=LOW:HIGH' texts, by name."""
    found: dict[str, tuple[str, str]] = {}
    for one in given:
        name, equals, span = one.partition("=")
        low, colon, high = span.partition(":")
        if not (equals and colon and name.strip() and low.strip() and high.strip()):
            raise InputError(f"--range: wants NAME=LOW:HIGH, such as block_pv.b=0:0.5, got '{one}'")
        _validate_set_once("--range", name.strip(), found)
        found[name.strip()] = (low.strip(), high.strip())
    return found


def parse_point(given: list[str], axes: Sequence[Axis]) -> dict[str, float]:
    """Parse 'NAME=VALUE' texts to values of axes, SI units; names of no axis are left for the emulator to refuse."""
    from msim.base.quantities import parse_in, parse_quantity

    units = {one.name: _unit_of(one) for one in axes}
    found: dict[str, float] = {}
    for one in given:
        name, equals, text = (part.strip() for part in one.partition("="))
        if not equals or not name or not text:
            raise InputError(f"--at: wants NAME=VALUE, such as block_pv.b=0.3, got '{one}'")
        _validate_set_once("--at", name, found)
        where = f"--at: {name}"
        found[name] = float(parse_in(text, units[name], where) if name in units else parse_quantity(text, where))
    return found


def _unit_of(axis: Axis) -> Any:
    from msim.base.quantities import parse_quantity

    if not axis.unit or "dimensionless" in axis.unit:
        return 1
    return parse_quantity(axis.unit if axis.unit.startswith("1/") else f"1 {axis.unit}", axis.name)


def _validate_set_once(option: str, name: str, found: Mapping[str, object]) -> None:
    if name in found:
        raise InputError(f"{option}: '{name}' is given twice")


def emulator_tables(emulator: Emulator) -> dict[str, Any]:
    """Return all facts about an emulator as `msim emulator show --json` prints them."""
    return {
        "model": emulator.model, "digest": emulator.digest, "cells_digest": emulator.cells_digest,
        "degree": emulator.basis.degree, "cells": dict(emulator.cells), "about": dict(emulator.about),
        "largest_leverage": emulator.domain.leverage, "largest_fano": dict(emulator.domain.synchrony),
        "axes": [
            {"axis": one.name, "rest": one.rest, "low": one.low, "high": one.high, "unit": one.unit,
             "sets": [to.text for to in one.targets]}
            for one in emulator.axes
        ],
        "averages": [
            {"average": one.name, "rest": one.rest, "error": one.error, "error_in_trials": one.trial_error,
             "worst": one.worst, "noise": one.noise}
            for one in emulator.outputs
        ],
        "derived": [{"average": one.name, "from": one.source, "as": one.expression} for one in emulator.derived],
        "field": _field_rows(emulator),
        "relaxation": [
            {"population": name, "tau_s": one.tau, "error_s": one.error, "unexplained": one.unexplained}
            for name, one in emulator.relaxation.items()
        ],
    }  # fmt: skip


def _field_rows(emulator: Emulator) -> list[dict[str, Any]]:
    if emulator.field is None:
        return []
    return [
        {"population": name, "frequency_hz": float(at), "error": float(error)}
        for name, errors in emulator.field.error.items()
        for at, error in zip(emulator.field.frequency, errors, strict=True)
    ]


def print_emulator(emulator: Emulator) -> None:
    """Print axes, averages with their errors, time constants, and the domain."""
    rows = [
        (one.name, f"{one.rest:.4g}", f"{one.low:.4g}", f"{one.high:.4g}", one.unit,
         ", ".join(to.text + (f" ({to.share:.3g} of the change)" if to.share != 1 else "") for to in one.targets)
         or one.name)
        for one in emulator.axes
    ]  # fmt: skip
    print_table(f"Emulator of {emulator.model}: axes", AXES, rows)
    outputs = [
        (one.name, f"{one.rest:.4g}", *(f"{100 * x:.1f} %" for x in (one.error, one.trial_error, one.worst, one.noise)))
        for one in emulator.outputs
    ]
    typer.echo()
    print_table("Averages, SI units; errors where a burst is left out, relative", OUTPUTS, outputs)
    if emulator.derived:
        derived = [(one.name, one.source, one.expression) for one in emulator.derived]
        typer.echo()
        print_table("Averages that follow from others", ("average", "from", "as"), derived)
    if emulator.relaxation:
        taus = [
            (name, f"{1e3 * one.tau:.1f} ms", f"{1e3 * one.error:.1f} ms", f"{100 * one.unexplained:.0f} %")
            for name, one in emulator.relaxation.items()
        ]
        typer.echo()
        print_table("Relaxation after a step of all drives", ("population", "tau", "error", "not explained"), taus)
    for name, error in (emulator.field.error if emulator.field else {}).items():
        low, high = 100 * error.min(), 100 * error.max()
        say(f"Power of the field of {name}: a left-out burst is missed by {low:.0f} to {high:.0f} % in a band.")
    about = emulator.about
    fano = ", ".join(f"{name} {limit:.3g}" for name, limit in emulator.domain.synchrony.items())
    say(
        f"Polynomials of degree {emulator.basis.degree}, {emulator.basis.size} terms, through {about.get('kept')} of"
        f" {about.get('bursts')} bursts ({about.get('spiking_s', 0):.0f} s of spikes, seed {about.get('seed')})."
        f" Answers up to a leverage of {emulator.domain.leverage:.3g} and Fano factors of {fano}."
    )


def answers(emulator: Emulator, point: dict[str, float]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the averages at a point with their errors, as columns and rows."""
    errors = {one.name: one.error for one in emulator.outputs}
    errors.update({one.name: errors[one.source] for one in emulator.derived})
    rows = [(name, float(f"{float(value):.6g}"), float(f"{errors[name]:.3g}"))
            for name, value in emulator.averages(point).items()]
    return ("average", "value (SI)", "relative error"), rows
