"""Identity of a trial: a key that changes with anything that decides on the numbers that it records.

Runs, sweeps, evidence and calibration store and find trials by it, and take up none that has another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from msim.backends.context import Context
from msim.base.code_digest import code_digest
from msim.definitions.experiments.changes import Change, changed_tables, of_model
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.read import read_tables
from msim.emulator.library import models_of

# Entries of an experiment that describe it or are read after its trials, and those that other parts of the key hold.
NOT_IN_KEY = ("title", "hypothesis", "source", "notes", "seeds", "predict", "sweep", "arms", "schedule")
LENGTH = 32  # hexadecimal digits


@dataclass(frozen=True)
class TrialKey:
    """Everything that decides on the records of a trial, as digests.

    definition: of the model's files, the entries of the experiment that concern the arm, and the changes of both
    seed: of all random streams
    context: of target, precision, schedule and emulators; how cells are shared between processes decides nothing
    code: of msim's deciding source files and of the libraries that they compute with
    """

    definition: str
    seed: int
    context: str
    code: str

    @property
    def text(self) -> str:
        """Return the key as LENGTH hexadecimal digits, the name of the trial in stores."""
        return digest(astuple(self))[:LENGTH]


def trial_key(definition: str, seed: int, context: str) -> TrialKey:
    """Return the key of a trial that the running code simulates.

    definition: as `definition_digest` returns it; context: as `digest` of `Context.identity` returns it
    """
    return TrialKey(definition, seed, context, code_digest())


def trial_keys(
    experiment: ExperimentDefinition, context: Context, tables: Mapping[str, Any] | None = None
) -> dict[tuple[str, int], str]:
    """Return the text of the key of every trial of an experiment, by arm and seed.

    tables: of its file, with the changes of the experiment itself; read from its text where they are left out
    """
    if tables is None:
        tables = changed_tables(read_tables(experiment.text, experiment.file), experiment.changes, "--set")
    settings = digest(context.identity(models_of(experiment).values()))
    found = {}
    for arm in experiment.arms:
        definition = definition_digest(
            experiment.model.files, tables, arm.name, experiment.changes, experiment.under, experiment.end
        )
        for seed in experiment.seeds:
            found[arm.name, seed] = trial_key(definition, seed, settings).text
    return found


def definition_digest(
    files: Mapping[str, str], tables: Mapping[str, Any], arm: str, changes: Mapping[str, Change], hypothesis: str,
    end: float,
) -> str:  # fmt: skip
    """Return the digest of what a trial simulates: texts of the model, entries that concern one arm, changes.

    tables: of the experiment's file; end: s, which may be before the end that the file states
    """
    texts = sorted(hashlib.sha256(text.encode()).hexdigest() for text in files.values())
    return digest([texts, entries_of(tables, arm), of_model(changes), hypothesis, end])


def entries_of(tables: Mapping[str, Any], arm: str) -> list[Any]:
    """Return the entries of an experiment that decide on the trials of one arm, without the doses of other arms.

    An arm that the file multiplies, one for each hypothesis, is not in it by its name; it gets the entries of all arms.
    """
    own = [one for one in tables["arms"] if one["name"] == arm] or tables["arms"]
    shared = {name: value for name, value in tables.items() if name not in NOT_IN_KEY}
    return [arm, shared, [{name: value for name, value in one.items() if name != "meaning"} for one in own]]


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
