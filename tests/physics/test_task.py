"""Laws of a task on a brain: trials, what regions add up, responses, their scores, and the GLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msim.base.errors import DefinitionError, InputError
from msim.base.settings import with_settings
from msim.brain.behavior import behavior_of, onsets_by_condition
from msim.brain.field import Field, integrated
from msim.brain.scans import span_of
from msim.brain.surface import RegionSurfaces
from msim.brain.task import TaskInput, Trials, trials_of, wiring_of
from msim.definitions.brains.schema import Pathway
from msim.definitions.brains.task import TaskDefinition, read_task
from msim.definitions.files.schema import ValueEntry
from msim.definitions.files.read import shipped
from msim.emulator.axes import Axis
from msim.emulator.surfaces import Basis

REGIONS = ("VIS", "SPL", "IPL", "SMA", "PRC", "DLPFC", "IFC")
STEP = 0.01


@pytest.fixture(scope="module")
def task() -> TaskDefinition:
    return read_task("tasks/go_nogo")


def one_way(task: TaskDefinition, on: str, strength: float = 0.5) -> TaskDefinition:
    """The task with a single pathway from what is seen to what moves."""
    only = Pathway(origin="VIS", to="PRC", on=on, strength=ValueEntry(value=strength, source="assumed"))
    return with_strengths(replace(task, pathways={"only": only}), [strength])


def with_strengths(task: TaskDefinition, strengths: Sequence[float]) -> TaskDefinition:
    """The task with other strengths of its pathways."""
    some = next(value for path, value in task.values.items() if path.startswith("pathways."))
    new = {f"pathways.{name}.strength": replace(some, si=si) for name, si in zip(task.pathways, strengths, strict=True)}
    return replace(task, values={**task.values, **new})


def followed(given: TaskInput, change: np.ndarray, steps: int) -> np.ndarray:
    """What a task adds while rates stay changed by as much, shape (steps, regions)."""
    return np.stack([given.next(number, change[None])[0] for number in range(steps)])


def test_trials_fill_the_time_without_overlap(task: TaskDefinition) -> None:
    for seed in range(5):
        trials = trials_of(task, seed)
        assert trials.onset.size == task["trials"] and not trials.is_nogo[0]
        assert trials.is_nogo.sum() == round(task["trials"] * task["share_nogo"])
        assert np.diff(trials.onset).min() >= task["window"] + task["shortest_pause"] - 1e-9
        assert trials.onset[0] == 0 and trials.onset[-1] + task["window"] <= task["duration"]
    assert (trials_of(task, 3).onset == trials_of(task, 3).onset).all()
    assert (trials_of(task, 3).onset != trials_of(task, 4).onset).any()


def test_a_shape_adds_what_a_leaky_sum_says_and_no_more_than_the_limit(task: TaskDefinition) -> None:
    """Closed form of tau ds/dt = c - s from 0, then a soft limit."""
    trials = Trials(np.array([0.0, 10.0]), np.array([False, False]), np.ones((2, 1)))
    given = TaskInput(one_way(task, "go"), REGIONS, [trials], 0.0, STEP, np.ones(len(REGIONS)))
    found = followed(given, np.zeros(len(REGIONS)), 60)[:, 0]
    times = STEP * np.arange(1, 61)
    added = task["contrast"] * (1 - np.exp(-times / task["memory"]))
    assert found == pytest.approx(task["limit"] * np.tanh(added / task["limit"]), rel=1e-9)
    assert (np.abs(found) <= task["limit"]).all()


@pytest.mark.parametrize(("on", "is_nogo", "opens"), [
    ("go", False, True), ("go", True, False), ("nogo", True, True), ("nogo", False, False), ("any", True, True),
])  # fmt: skip
def test_shapes_open_their_ways_only_within_the_window(
    task: TaskDefinition, on: str, is_nogo: bool, opens: bool
) -> None:
    trials = Trials(np.array([0.0, 10.0]), np.array([is_nogo, False]), np.ones((2, 1)))
    change = np.zeros(len(REGIONS))
    change[0] = 0.8
    given = TaskInput(one_way(task, on), REGIONS, [trials], 0.0, STEP, np.ones(len(REGIONS)))
    found = followed(given, change, 400)[:, REGIONS.index("PRC")]
    assert (found[79] > 0.01) == opens
    assert found[-1] == pytest.approx(0, abs=1e-9)


def test_a_response_comes_when_the_motor_region_rises_and_not_too_late(task: TaskDefinition) -> None:
    trials = Trials(np.array([0.0, 2.0]), np.array([False, True]), np.ones((2, 1)))
    given = TaskInput(one_way(task, "go"), REGIONS, [trials], 0.0, STEP, np.ones(len(REGIONS)))
    change = np.zeros((1, len(REGIONS)))
    for number in range(400):
        # In the first trial from 0.3 s on, in the second too late for the response to count.
        rising = 0.3 <= number * STEP < 1.0 or number * STEP >= 2.0 + task["window"] - task["execution"]
        change[0, REGIONS.index("PRC")] = 2 * task["threshold"] if rising else 0.0
        given.next(number, change)
    assert given.response[0, 0] == pytest.approx(0.3 + task["execution"], abs=STEP)
    assert np.isnan(given.response[0, 1])


def test_scores_of_known_responses() -> None:
    trials = Trials(np.arange(6.0), np.array([False, False, False, False, True, True]), np.ones((6, 1)))
    response = np.array([0.4, 0.6, np.nan, 0.5, np.nan, 0.3])
    found = behavior_of(trials, response)
    assert (found.go, found.nogo, found.accuracy) == (0.75, 0.5, 0.625)
    assert found.reaction == pytest.approx(0.5) and found.scatter == pytest.approx(np.std([0.4, 0.6, 0.5]))
    onsets = onsets_by_condition(trials, response)
    assert [list(onsets[one]) for one in onsets] == [[0, 1, 3], [2], [4], [5]]
    assert np.isnan(behavior_of(trials, np.full(6, np.nan)).reaction)
    with pytest.raises(InputError, match="wants shape"):
        behavior_of(trials, response[1:])


def test_a_brain_without_a_region_of_the_task_is_refused(task: TaskDefinition) -> None:
    wanted = r"pathways.parietal_to_supplementary.from: .* no region 'SPL'; nearest known: 'SPM'"
    with pytest.raises(DefinitionError, match=wanted):
        wiring_of(task, [one.replace("SPL", "SPM") for one in REGIONS])


@pytest.mark.parametrize(("change", "message"), [
    (("= 92,", "= 92.5,"), "task.trials: wants a whole number"),
    (('"0.6 second"', '"0.9 second"'), "task.shown: wants at most window"),
    (("= 92,", "= 400,"), "wants as many as fit into 240 s, got 400"),
    (("= 0.26,", "= 0.001,"), "task.share_nogo: wants at least two shapes of each kind, got 0 NoGo"),
    (('on       = "any"', 'on       = "stop"'), "wants 'go', 'nogo' or 'any'"),
    (("response_region ", "moved "), "task.response_region: missing key"),
])  # fmt: skip
def test_a_task_that_cannot_be_is_refused_with_file_and_key(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = (shipped("models") / "tasks" / "go_nogo.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "own.toml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=message) as refusal:
        read_task(path)
    assert "own.toml" in str(refusal.value)


def columns(steep: float = 2.0) -> Field:
    """Regions without fibres whose rate is a power of their drive."""
    axis = Axis("drive", "value", 2.0, 2.0 * np.exp(-1), 2.0 * np.exp(1), is_ratio=True)
    count = len(REGIONS)
    coefficients = np.tile(np.array([0.0, steep])[None, :, None], (count, 1, 2))
    surfaces = RegionSurfaces((axis,), Basis(1, 1), coefficients, np.array([3.0, 1e-10]), 0.0)
    no_fibres = np.zeros((1, count, count))
    return Field(REGIONS, surfaces, np.full(2, 0.005), np.array([2.0]), 0, np.array([1.0]), no_fibres, (1.5, 0.0, 0.0))


def test_without_noise_every_answer_is_right_and_stopping_is_what_does_it(task: TaskDefinition) -> None:
    """With the pathways that stop taken out, all shapes are answered, since the others are the same for all."""
    trials = [replace(trials_of(task, 1), open=np.ones((int(task["trials"]), len(task.pathways))))]
    stopless = with_strengths(task, [max(one, 0.0) for one in task.strengths])
    found = []
    for given in (task, stopless):
        outside = TaskInput(given, REGIONS, trials, 0.0, STEP, span_of(columns(), task["limit"]))
        for _ in integrated(columns(), 240.0, [1], outside):
            pass
        found.append(behavior_of(trials[0], outside.response[0]))
    assert (found[0].go, found[0].nogo) == (1.0, 1.0)
    assert (found[1].go, found[1].nogo) == (1.0, 0.0)
    assert task["execution"] < found[0].reaction < task["window"]
    assert found[0].scatter == pytest.approx(0, abs=STEP)


def test_who_has_not_practised_since_columns_became_steeper_answers_sooner(task: TaskDefinition) -> None:
    trials = [replace(trials_of(task, 1), open=np.ones((int(task["trials"]), len(task.pathways))))]
    reactions = []
    for steep in (2.0, 2.5, 3.0):
        outside = TaskInput(task, REGIONS, trials, 0.0, STEP, span_of(columns(), task["limit"]))
        for _ in integrated(columns(steep), 60.0, [1], outside):
            pass
        reactions.append(np.nanmean(outside.response))
    assert reactions[0] > reactions[1] > reactions[2]


def test_who_has_practised_answers_alike_whatever_the_steepness(task: TaskDefinition) -> None:
    """Regions whose rates follow their drive by another power use as much of what they can do, but for curvature."""
    trials = [replace(trials_of(task, 1), open=np.ones((int(task["trials"]), len(task.pathways))))]
    reactions = []
    for steep in (1.0, 2.0):
        outside = TaskInput(task, REGIONS, trials, 0.0, STEP, span_of(columns(steep), task["limit"]))
        for _ in integrated(columns(steep), 60.0, [1], outside):
            pass
        reactions.append(float(np.nanmean(outside.response)))
    assert reactions[0] == pytest.approx(reactions[1], abs=2 * STEP)


def test_how_a_task_is_cut_into_pieces_changes_no_bit(task: TaskDefinition, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> np.ndarray:
        outside = TaskInput(task, REGIONS, [trials_of(task, 2)], 1.0, STEP, span_of(columns(), task["limit"]))
        return np.concatenate(list(integrated(columns(), 30.0, [2], outside)))

    whole = run()
    with with_settings(noise_steps=41):
        assert (run() == whole).all()
