"""Calibration: what it may move, what it may fit to, where it stops, and what it writes."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msim.backends.context import Context
from msim.base.errors import InputError
from msim.calibration import fit as fitting
from msim.calibration.objective import miss, rows_to_fit
from msim.calibration.space import Axis, fitted_axes, swept_axes, texts_of
from msim.calibration.write import MARK, noted, write_values
from msim.definitions.evidence.rows import read_evidence, shipped_evidence
from msim.definitions.files.read import shipped
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model
from msim.evidence.evidence import EvidenceResult
from msim.executors.kinds.local import LocalExecutor

FITTED = "ampar_scaling.T_50"


def result(expected: str, effect: float | None) -> EvidenceResult:
    """What a model says to a row of margin 0.05."""
    return EvidenceResult(
        "own", expected, expected, effect, True, None, "1", "0.05", "own", "a test", "behavior", 7200.0, "no_drug", 2,
        "autry2011", "CAL", "",
    )  # fmt: skip


def test_only_fitted_values_of_slow_mechanisms_may_move(model: ModelDefinition) -> None:
    """Neither what was measured or assumed, nor the circuit's rates, which msim tune-background-rates sets."""
    axes = fitted_axes(model, 2.0, None)
    for axis in axes:
        value = model.values[axis.path]
        assert value.source == "fitted" and model.instances[axis.path.split(".")[0]].mechanism.scale == "slow"
        assert axis.low < value.si < axis.high
    for path in ("eef2k.p_rest", "background_pv.rate", "ketamine.CL", "ampar_scaling.T_5O"):
        with pytest.raises(InputError, match="--parameters"):
            fitted_axes(model, 2.0, [path])


def test_a_note_names_the_range_of_a_sweep(model: ModelDefinition) -> None:
    axes = {axis.path: axis for axis in swept_axes(model, 2.0)}
    assert (axes["ketamine.k_eff"].low, axes["ketamine.k_eff"].high) == (0.5, 1.4)
    clearance = axes["ketamine.CL"]
    assert clearance.high / clearance.low == pytest.approx(116 / 69)


@pytest.mark.parametrize(
    ("text", "note"),
    [("8 minute", "sweep 5-20"), ("480 s", "sweep 5-20 minute"), ("8 minute", "sweep 5-20 of them"),
     ("8 minute", "sweep 300-1200 s")],
)  # fmt: skip
def test_a_range_is_in_the_unit_that_it_names_or_else_in_that_of_the_value(
    model: ModelDefinition, text: str, note: str
) -> None:
    assert swept(model, text, note) == pytest.approx((300, 1200))


@pytest.mark.parametrize(("text", "note"), [("8 minute", "sweep 5-20 nS"), ("8 * 10 ** 0 * minute", "sweep 5-20 hour"),
                                            ("(8 * minute)", "sweep 5-20")])  # fmt: skip
def test_a_range_that_cannot_be_one_is_not_guessed(model: ModelDefinition, text: str, note: str) -> None:
    """The value moves by the usual span then."""
    assert swept(model, text, note) == pytest.approx((240, 960))


def swept(model: ModelDefinition, text: str, note: str) -> tuple[float, float]:
    """The range of a value with that text and note."""
    path = "eef2k.tau_K"
    value = replace(model.with_value(path, text).values[path], note=note)
    (axis,) = swept_axes(replace(model, values={path: value}), 2.0)
    return axis.low, axis.high


@pytest.mark.parametrize("text", ["5 minute", "10**2 * s", "2 * 3 * minute", "(5 * minute)", "0.1 * hour"])
def test_a_fitted_value_is_written_as_what_it_is(model: ModelDefinition, text: str) -> None:
    """However the file wrote the one before."""
    path = "eef2k.tau_K"
    before = model.with_value(path, text)
    (after,) = texts_of(before, {path: 123.4}).values()
    assert before.with_value(path, after)[path] == pytest.approx(123.4, rel=1e-3)


def test_texts_are_in_the_unit_of_the_file(model: ModelDefinition) -> None:
    """And mean the value that was asked for."""
    path = "eef2k.tau_K"
    (text,) = texts_of(model, {path: 100.0}).values()
    assert str(text).endswith("minute") and model.with_value(path, text)[path] == pytest.approx(100.0, rel=1e-3)


@pytest.mark.parametrize(("expected", "met", "missed"), [
    ("+", 0.08, 0.06), ("-", -0.08, -0.06), ("~", -0.08, -0.06), ("0", 0.02, 0.04), ("0", -0.02, -0.04),
])  # fmt: skip
def test_a_row_is_met_with_half_a_margin_to_spare(expected: str, met: float, missed: float) -> None:
    assert miss(result(expected, met), 0.05).margins == 0
    assert miss(result(expected, missed), 0.05).margins == pytest.approx(0.3, rel=1e-9)
    worse = miss(result(expected, missed - 0.05 if expected == "+" else missed + 0.05 * np.sign(missed or 1)), 0.05)
    assert expected in "-~" or worse.margins == pytest.approx(1.3, rel=1e-9)


def test_a_row_whose_trial_fails_is_a_large_miss() -> None:
    found = miss(result("+", None), 0.05)
    assert found.scaled is None and found.margins > 5


def test_a_calibration_without_cal_rows_is_refused() -> None:
    rows = read_evidence(shipped_evidence())
    other = [replace(one, role="TEST") for one in rows]
    with pytest.raises(InputError, match="wants rows with role CAL"):
        rows_to_fit(other)
    mixed = rows_to_fit([rows[0], *other])
    assert mixed == [rows[0]]


def test_a_value_is_written_in_place(tmp_path: Path) -> None:
    """One value and its note change, and not a character beside them."""
    root = tmp_path / "models"
    shutil.copytree(shipped("models"), root)
    model = read_model(root / "circuits/cortical_column.toml")
    file = Path(model.values[FITTED].file)
    before = file.read_text().splitlines()
    write_values(model, {FITTED: 0.33}, ["T1_rapid", "DW2_half"])
    after = file.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and MARK in changed[0][1] and "to T1_rapid, DW2_half" in changed[0][1]
    again = read_model(root / "circuits/cortical_column.toml")
    assert again[FITTED] == 0.33 and again.values[FITTED].source == "fitted"
    assert {path for path in model.values if model[path] != again[path]} <= {FITTED, *model.followers(FITTED)}


def test_a_note_keeps_what_it_says_and_one_calibration() -> None:
    once = noted("to DW1 and DW2", ["T1"])
    assert once.startswith("to DW1 and DW2" + MARK) and noted(once, ["T1"]) == once


def test_a_value_of_another_source_is_not_written(tmp_path: Path) -> None:
    root = tmp_path / "models"
    shutil.copytree(shipped("models"), root)
    model = read_model(root / "circuits/cortical_column.toml")
    files = {path: path.read_bytes() for path in root.rglob("*.toml")}
    with pytest.raises(InputError, match="only fitted values"):
        write_values(model, {FITTED: 0.3, "eef2k.p_rest": 0.2}, ["T1"])
    assert files == {path: path.read_bytes() for path in root.rglob("*.toml")}


def test_a_direction_that_no_row_notices_is_found() -> None:
    """Two values that act by their product alone: it is determined, their ratio is not."""
    axes = [Axis("a", 1.0, 0.5, 2.0), Axis("b", 1.0, 0.5, 2.0)]
    (flat,) = fitting.undetermined(np.array([[3.0, 3.0], [5.0, 5.0]]), axes)
    assert flat.margins == pytest.approx(0, abs=1e-9)
    assert abs(flat.weights["a"] + flat.weights["b"]) < 1e-9
    assert abs(flat.weights["a"]) == pytest.approx(0.707, abs=1e-3)


@pytest.fixture
def problem(model: ModelDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fitting.Problem:
    """A fit whose one row has an effect of a tenth of T_50, which stands at 0.45; it counts from 0.05 on."""
    rows = [one for one in read_evidence(shipped_evidence()) if one.id == "T1_rapid"]

    def evidence(rows: Any, model: Any, changes: Mapping[str, Any], *_: Any) -> Sequence[EvidenceResult]:
        return [replace(result("+", 0.1 * float(changes[FITTED])), row="T1_rapid")]

    monkeypatch.setattr(fitting, "evidence", evidence)
    axes = tuple(fitted_axes(model, 2.0, [FITTED]))
    return fitting.Problem(model, tuple(rows), tuple(rows), axes, {}, "", (1, 2), Context(), tmp_path, LocalExecutor(1))


def test_a_fit_finds_where_its_rows_are_met_and_is_taken_up(problem: fitting.Problem, tmp_path: Path) -> None:
    """A value of 0.75 or more meets the row; a study that has its guesses asks for no more."""
    pytest.importorskip("optuna")
    told: list[int] = []
    store = tmp_path / "study.journal"
    first, best = fitting.fit(problem, 25, store, lambda number, loss, least: told.append(number))
    assert first.values[FITTED] == pytest.approx(0.45) and first.loss > 0.3
    assert best.values[FITTED] > 0.7 and best.loss < 0.02
    assert told == list(range(1, 26))
    _, again = fitting.fit(problem, 25, store, lambda number, loss, least: told.append(number))
    assert len(told) == 25 and again.values == best.values


def test_another_problem_is_another_study(problem: fitting.Problem) -> None:
    assert problem.name != replace(problem, seeds=(1, 3)).name
    assert json.dumps(problem.name)


def test_morris_finds_who_moves_a_row(problem: fitting.Problem) -> None:
    """In proportion: over all of its range T_50 moves the effect by 0.1 (0.9 - 0.225) / 0.05 margins."""
    pytest.importorskip("SALib")
    (found,) = fitting.morris(problem, 4)
    assert found["parameter"] == FITTED and found["row"] == "T1_rapid"
    assert found["mu_star"] == pytest.approx(0.1 * (0.9 - 0.225) / 0.05, rel=0.5)


def test_a_value_stands_in_its_range_where_it_says() -> None:
    axis = Axis("a", 3.0, 1.0, 9.0)
    assert fitting.start_part(axis) == pytest.approx(0.5) and axis.at(0.5) == pytest.approx(3.0)
    assert axis.reach == pytest.approx(math.log(9))
