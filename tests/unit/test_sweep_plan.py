"""Axes, designs and keys of sweeps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_sweep import plan_of, write_experiment

from msim.base.errors import DefinitionError, InputError, StorageError
from msim.definitions.experiments.axes import read_design
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment
from msim.definitions.experiments.samples import unit_points
from msim.sweep.plan import plan_from_json, plan_json

SWEEP = """
[sweep]
[[sweep.axes]]
name = "dose"
path = "doses.mg_per_kg"
values = [0.1, 0.5]
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_experiment(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def experiment(file: Path) -> ExperimentDefinition:
    return read_experiment(file)


def test_a_grid_has_every_combination(experiment: ExperimentDefinition) -> None:
    design = read_design(experiment, ["dose:doses.mg_per_kg=0.1,0.5,2", "tau:eef2k.tau_K=5 minute to 20 minute in 3"])
    assert design.dims == ("dose", "tau") and design.shape == (3, 3)
    pairs = {(one.changes["doses.mg_per_kg"], one.changes["eef2k.tau_K"]) for one in design.points()}
    assert len(pairs) == 9
    np.testing.assert_allclose(design.axes[1].numbers, [300, 750, 1200])


def test_steps_in_logarithm_have_one_ratio(experiment: ExperimentDefinition) -> None:
    numbers = read_design(experiment, ["doses.mg_per_kg=0.05 to 2 in 5 log"]).axes[0].numbers
    ratios = np.diff(np.log(numbers))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)  # values are written with six digits
    np.testing.assert_allclose([numbers[0], numbers[-1]], [0.05, 2])


@pytest.mark.parametrize("sample", ["random", "latin", "sobol", "saltelli"])
def test_samples_lie_within_their_ranges(experiment: ExperimentDefinition, sample: str) -> None:
    over = ["doses.mg_per_kg=0.1 to 2", "eef2k.tau_K=5 minute to 0.5 hour"]
    design = read_design(experiment, over, sample, 16)
    assert design.dims == ("point",)
    assert len(list(design.points())) == 16 * (4 if sample == "saltelli" else 1)
    for axis, (low, high) in zip(design.axes, [(0.1, 2), (300, 1800)], strict=True):
        assert low * (1 - 1e-5) <= min(axis.numbers) and max(axis.numbers) <= high * (1 + 1e-5)
    assert read_design(experiment, over, sample, 16).axes == design.axes
    assert read_design(experiment, over, sample, 16, seed=2).axes != design.axes


def test_a_latin_hypercube_has_one_point_in_every_row() -> None:
    points = unit_points("latin", 10, 3, 1)
    assert all(sorted((10 * column).astype(int)) == list(range(10)) for column in points.T)


def test_saltellis_design_changes_one_axis_at_a_time() -> None:
    """Between A and its neighbours exactly one column differs, and that column comes from B."""
    rows = unit_points("saltelli", 8, 3, 1).reshape(8, 5, 3)
    for a, *mixed, b in rows:
        for index, one in enumerate(mixed):
            assert one[index] == b[index] and np.sum(one != a) == 1


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("eef2k.tauK=1,2", "no value 'eef2k.tauK'; nearest known: 'eef2k.tau_K'"),
        ("doses.mg=1,2", "nothing at 'doses.mg'"),
        ("eef2k.tau_K=5,6", "wants a value in s"),
        ("eef2k.tau_K=-5 minute", "wants more than 0"),
        ("doses.mg_per_kg=-1", "more than 0"),
        ("eef2k.tau_K", "wants path=value"),
        ("arm:eef2k.tau_K=5 minute", "'arm' is taken"),
        ("eef2k.tau_K=5 minute,5 minute", "each value once"),
        ("eef2k.tau_K=5 minute to 1 minute in 3", "more than low"),
        ("eef2k.tau_K=5 minute to 6 minute", "'count' above 1"),
        ("eef2k.tau_K=0 minute to 6 minute in 3 log", "more than 0"),
        ("column.n_cells=60.5", "whole number"),
    ],
)
def test_what_cannot_be_an_axis_is_refused_by_name(experiment: ExperimentDefinition, over: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        read_design(experiment, [over])


def test_an_experiment_without_axes_is_no_sweep(experiment: ExperimentDefinition) -> None:
    with pytest.raises(DefinitionError, match="no \\[sweep\\]"):
        read_design(experiment)
    with pytest.raises(InputError, match="power of 2"):
        read_design(experiment, ["doses.mg_per_kg=0.1 to 1"], "sobol", 10)


def test_an_arm_that_an_axis_does_not_touch_is_one_trial(file: Path) -> None:
    """A vehicle has no dose: its trials at two doses are the same, and those of the drug are not."""
    keys = {one: {t.key for t in plan_of(file).trials if t.arm == one} for one in ("vehicle", "ketamine")}
    assert [len(keys[one]) for one in ("vehicle", "ketamine")] == [1, 2]


def test_keys_hold_when_something_is_added(file: Path) -> None:
    """More values, seeds or axes in the file leave what was asked for before as it was."""
    before = {one.key for one in plan_of(file).trials}
    assert before < {one.key for one in plan_of(file, ["dose:doses.mg_per_kg=0.1,0.3,0.5"]).trials}
    assert before < {one.key for one in plan_of(file, seeds=[1, 2]).trials}
    with_sweep = file.with_name("with_sweep.toml")
    text = file.read_text(encoding="utf-8").replace("Block in the", "Now the block in the")
    with_sweep.write_text(text + SWEEP, encoding="utf-8")
    assert {one.key for one in plan_of(with_sweep, ()).trials} == before


@pytest.mark.parametrize(
    ("old", "new"),
    [('"70 kg"', '"71 kg"'), ('duration = "4 minute" }', 'duration = "3 minute" }'), ('"0.2 second"', '"0.3 second"'),
     ("n_cells\" = 60", "n_cells\" = 61"), ('every    = "1 minute"', 'every    = "2 minute"')],
)  # fmt: skip
def test_keys_change_with_what_decides_on_results(file: Path, old: str, new: str) -> None:
    other = file.with_name("other.toml")
    other.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    drug = {one.key for one in plan_of(file).trials if one.arm == "ketamine"}
    assert drug.isdisjoint(one.key for one in plan_of(other).trials)


def test_a_plan_comes_back_as_it_was(file: Path) -> None:
    plan = plan_of(file, seeds=[1, 2])
    again = plan_from_json(json.loads(json.dumps(plan_json(plan))), "here")
    assert again == plan and again.id == plan.id
    experiment = again.experiment(again.trials[-1])
    assert (experiment.arms[0].name, experiment.seeds) == ("ketamine", (2,))


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(st.sampled_from(["format", "axes", "trials", "about", "code"]), inner, max_size=5)))
def test_what_is_no_plan_is_refused(found: object) -> None:
    with pytest.raises(StorageError, match="no plan"):
        plan_from_json(found if isinstance(found, dict) else {}, "here")


@pytest.mark.parametrize("key", ["../../../etc/passwd", "a" * 31, "A" * 32, "0" * 32 + "/"])
def test_a_key_that_leaves_the_folder_is_refused(file: Path, key: str) -> None:
    stored = plan_json(plan_of(file))
    stored["trials"][0][0] = key
    with pytest.raises(StorageError, match="hexadecimal"):
        plan_from_json(stored, "here")
