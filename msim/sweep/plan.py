"""Plan of a sweep: its trials, each with a key made of all that decides on its records."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from msim.backends.context import Context
from msim.base.code_digest import code_digest
from msim.base.errors import StorageError
from msim.definitions.experiments.axes import Axis, Design
from msim.definitions.experiments.changes import Change, changed_tables, of_model
from msim.definitions.experiments.experiment import ExperimentDefinition
from msim.definitions.files.read import read_tables
from msim.emulator.library import emulator_marks, models_of
from msim.storage.provenance import command_line, experiment_from_provenance, provenance

FORMAT = 1
KEY = re.compile(r"[0-9a-f]{32}")
# What an experiment says about itself, and what a trial's own arm, seed and changes say better.
NOT_OF_CELLS = r"(^|\.)doses\.|^schedule\.|^body_weight$"
NOT_IN_KEY = ("title", "hypothesis", "source", "notes", "seeds", "predict", "sweep", "arms")


@dataclass(frozen=True)
class Trial:
    """One arm with one seed at one point of the axes.

    place: index along every dimension of the design
    """

    key: str
    arm: str
    seed: int
    place: tuple[int, ...]
    changes: Mapping[str, Change]

    @property
    def name(self) -> str:
        """Return the name of the trial in messages."""
        changes = ", ".join(f"{path} = {value}" for path, value in self.changes.items())
        return f"{self.arm}, seed {self.seed}" + (f", {changes}" if changes else "")


@dataclass(frozen=True)
class Plan:
    """All trials of a sweep, with their design and provenance.

    about: provenance, with the texts of all definitions; code: of msim, as `code_digest` has it
    """

    about: Mapping[str, Any]
    code: str
    precision: str
    design: Design
    trials: tuple[Trial, ...]

    @property
    def id(self) -> str:
        """Return a hash of trials and dimensions, equal for two plans of the same trials."""
        return digest([sorted(one.key for one in self.trials), self.design.dims])

    @property
    def dims(self) -> tuple[str, ...]:
        """Return the dimensions of the trials: those of the design, arm and seed."""
        return (*self.design.dims, "arm", "seed")

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of trials along each dimension."""
        return (*self.design.shape, len(self.about["arms"]), len(self.about["seeds"]))

    def place(self, trial: Trial) -> tuple[int, ...]:
        """Return the indices of a trial along the dimensions."""
        return (*trial.place, self.about["arms"].index(trial.arm), self.about["seeds"].index(trial.seed))

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        """Return the number of every trial in the plan, by its key."""
        return {one.key: number for number, one in enumerate(self.trials)}

    def number(self, trial: Trial) -> int:
        """Return the number of a trial in the plan."""
        return self.numbers[trial.key]

    def experiment(self, trial: Trial | None = None) -> ExperimentDefinition:
        """Return the experiment of one trial, with its arm and seed alone, or without a trial the whole experiment."""
        if trial is None:
            return experiment_from_provenance(self.about)
        changes = {**self.about["changes"], **trial.changes}
        own = {"changes": changes, "arms": [trial.arm], "seeds": [trial.seed]}
        return experiment_from_provenance({**self.about, **own})


def make_plan(experiment: ExperimentDefinition, design: Design, context: Context) -> Plan:
    """List all trials of a sweep and give each its key."""
    about = provenance(experiment, context.about, command_line())
    tables = read_tables(experiment.text, experiment.file)
    shared = {
        "model": sorted(hashlib.sha256(text.encode()).hexdigest() for text in experiment.model.files.values()),
        "hypothesis": experiment.under, "end": experiment.end, "target": context.about, "code": code_digest(),
    }  # fmt: skip
    trials = []
    marks = functools.cache(lambda changes: _emulators_of(about, json.loads(changes), context))
    for point in design.points():
        changes = {**experiment.changes, **point.changes}
        of_cells = {path: value for path, value in changes.items() if not re.search(NOT_OF_CELLS, path)}
        told = digest([shared, of_model(changes), *marks(json.dumps(of_cells, sort_keys=True, default=str))])
        changed = changed_tables(tables, {**experiment.changes, **point.changes}, "--set")
        arms = {name: digest([told, name, _told_of(changed, name)]) for name in about["arms"]}
        for arm, seed in itertools.product(about["arms"], about["seeds"]):
            trials.append(Trial(digest([arms[arm], seed])[:32], arm, seed, point.place, point.changes))
    return Plan(about, code_digest(), context.precision, design, tuple(trials))


def _emulators_of(about: Mapping[str, Any], changes: Mapping[str, Change], context: Context) -> list[str]:
    """Return the marks of the emulators that are used at a point; none where spikes are simulated."""
    if context.target != "emulator":
        return []
    return emulator_marks(models_of(experiment_from_provenance({**about, "changes": changes})).values())


def _told_of(tables: Mapping[str, Any], arm: str) -> list[Any]:
    """Return the entries of an experiment that decide on the trials of one arm, without the doses of other arms.

    An arm that the file multiplies, one for each hypothesis, is not in it by its name; it gets the entries of all arms.
    """
    own = [one for one in tables["arms"] if one["name"] == arm] or tables["arms"]
    shared = {name: value for name, value in tables.items() if name not in NOT_IN_KEY}
    return [shared, [{name: value for name, value in one.items() if name != "meaning"} for one in own]]


def digest(value: Any) -> str:
    """Return the SHA-256 of plain values; 1, 1.0 and '1' are one number, whether a file or the command line gave it."""
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    try:
        return float(value)
    except (TypeError, ValueError):
        return " ".join(str(value).split())


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values."""
    return {
        "format": FORMAT, "id": plan.id, "about": dict(plan.about), "code": plan.code, "precision": plan.precision,
        "sample": plan.design.sample, "axes": [asdict(one) for one in plan.design.axes],
        "trials": [[one.key, one.arm, one.seed, list(one.place)] for one in plan.trials],
    }  # fmt: skip


def plan_from_json(found: Mapping[str, Any], where: str) -> Plan:
    """Rebuild a stored plan; every part of it is data that may come from anyone.

    raises: StorageError where it is no plan
    """
    try:
        if found["format"] != FORMAT:
            raise ValueError(f"wants format {FORMAT}, got {found['format']!r}")
        axes = tuple(
            Axis(str(one["name"]), str(one["path"]), tuple(one["values"]), tuple(map(float, one["numbers"])),
                 str(one["units"])) for one in found["axes"]
        )  # fmt: skip
        design = Design(axes, str(found["sample"]))
        points = {one.place: one.changes for one in design.points()}
        trials = tuple(_trials(found["trials"], points))
        return Plan(dict(found["about"]), str(found["code"]), str(found["precision"]), design, trials)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as problem:
        raise StorageError(f"{where}: is no plan of a sweep: {type(problem).__name__}: {problem}") from None


def _trials(rows: Iterable[Any], points: Mapping[tuple[int, ...], Mapping[str, Change]]) -> Iterable[Trial]:
    for key, arm, seed, place in rows:
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise ValueError(f"wants a key of 32 hexadecimal digits, got {key!r}")
        yield Trial(key, str(arm), int(seed), tuple(place), points[tuple(place)])
