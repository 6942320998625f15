"""Plan of a sweep: its trials, each with a key made of all that decides on its records."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from msim.backends.context import Context
from msim.base.code_digest import code_digest
from msim.base.errors import StorageError
from msim.definitions.experiments.axes import Axis, Design
from msim.definitions.experiments.changes import Change, changed_tables
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.experiments.schedule_section import read_schedule
from msim.definitions.files.read import checked_entries, read_tables
from msim.definitions.files.schema import ScheduleEntry
from msim.emulator.library import Emulators, models_of
from msim.storage.provenance import command_line, experiment_from_provenance, provenance
from msim.trials.trial_key import definition_digest, digest, trial_key

FORMAT = 1
KEY = re.compile(r"[0-9a-f]{32}")
NOT_OF_CELLS = r"(^|\.)doses\.|^schedule\.|^body_weight$"  # changes that leave every spiking cell as it is


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

    def trial(self, key: str) -> Trial:
        """Return the trial with a key, the last of those that share it."""
        return self.trials[self.numbers[key]]

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
    settings = _settings_of(about, context)
    trials = []
    for point in design.points():
        changes = {**experiment.changes, **point.changes}
        changed = changed_tables(tables, changes, "--set")
        entry = checked_entries(changed.get("schedule", {}), f"{experiment.file}: schedule", ScheduleEntry)
        own = settings(changes, read_schedule(entry, f"{experiment.file}: schedule"))
        definitions = {
            arm: definition_digest(
                experiment.model.files, changed, arm, changes, experiment.under, experiment.end
            )
            for arm in about["arms"]
        }  # fmt: skip
        for arm, seed in itertools.product(about["arms"], about["seeds"]):
            trials.append(Trial(trial_key(definitions[arm], seed, own).text, arm, seed, point.place, point.changes))
    return Plan(about, code_digest(), context.precision, design, tuple(trials))


def _settings_of(about: Mapping[str, Any], context: Context) -> Callable[[Mapping[str, Change], Schedule], str]:
    """Return the function that gives the digest of a context at a point, from its changes and its schedule."""

    emulators = context.emulators or Emulators()  # usual ones are found or fitted when trials run

    @functools.cache
    def marks(of_cells: str) -> list[str]:
        experiment = experiment_from_provenance({**about, "changes": json.loads(of_cells)})
        return emulators.marks(models_of(experiment).values())

    def settings(changes: Mapping[str, Change], schedule: Schedule) -> str:
        identity = replace(context, schedule=schedule).identity(())
        if context.target == "emulator":
            of_cells = {path: value for path, value in changes.items() if not re.search(NOT_OF_CELLS, path)}
            identity["emulators"] = marks(json.dumps(of_cells, sort_keys=True, default=str))
        return digest(identity)

    return settings


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
