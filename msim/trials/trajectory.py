"""course(): one arm of an experiment on the mean-field emulator, in memory, fast enough to follow a slider."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msim.backends.context import Context
from msim.base.errors import InputError
from msim.base.quantities import parse_in, second
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.effects import is_run, raise_idle
from msim.definitions.experiments.experiment import experiment_from_tables, read_experiment
from msim.definitions.models.model import ModelDefinition
from msim.emulator.library import emulators_of, models_of
from msim.trials.trial import simulate_trial

if TYPE_CHECKING:
    import xarray as xr


def course(
    experiment: str | Path | Mapping[str, Any] | ExperimentDefinition,
    arm: str | None = None,
    *,
    changes: Mapping[str, str | int | float] | None = None,
    hypothesis: str = "",
    until: str | None = None,
    seed: int | None = None,
    model: ModelDefinition | None = None,
) -> xr.Dataset:
    """Follow one arm of an experiment on the mean-field emulator; nothing is written.

    experiment: a file, the name of a shipped one, its tables as a mapping, or a definition that was read before
    arm: its name; the first if left out
    changes, hypothesis: values by dotted path, and one of the model's hypotheses; not with a definition
    until: ends earlier, such as "2 hour"; seed: which draw of the emulator; the experiment's first if left out
    model: in place of the one that the experiment names, such as one that was read or changed before; not with a
        definition, which has its own

    returns: Dataset over `time` (s since the first dose) of the recorded quantities in SI units, means over cells; the
        attributes of each say its units and meaning
    raises: InputError for bad input, or where the trajectory leaves the emulator's domain
    """
    if isinstance(experiment, ExperimentDefinition):
        if changes or hypothesis or model is not None:
            given = "changes, hypothesis, model"
            raise InputError(f"{given}: give them to read_experiment, which checks them with the rest")
        definition = experiment
    elif isinstance(experiment, Mapping):
        definition = experiment_from_tables(experiment, changes, hypothesis, model)
    else:
        definition = read_experiment(experiment, changes, hypothesis, model)
    end = float(parse_in(until, second, "until")) if until else None
    definition = definition.narrowed([arm] if arm else [definition.arms[0].name], None, end)
    _validate_arms(changes or {}, definition)
    emulators = emulators_of(models_of(definition), None)
    (chosen,) = definition.arms
    context = Context("emulator", definition.schedule, emulators=emulators)
    drawn = definition.seeds[0] if seed is None else seed
    return simulate_trial(definition, chosen, drawn, context)["samples"]


def _validate_arms(changes: Mapping[str, Any], experiment: ExperimentDefinition) -> None:
    """Refuse a change of an arm that is not followed."""
    for path in changes:
        if path.startswith("arms.") and not is_run(path.split(".")[1], experiment):
            raise_idle(path, experiment, "changes")
