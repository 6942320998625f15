"""Changes by dotted path that mean the experiment itself: amounts and times of doses, body weight, schedule."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.definitions import entries as e

Change = str | int | float

# What an experiment asks, of what model, when and how often, stays as its file says.
FIXED = (
    "title", "hypothesis", "source", "notes", "model", "seeds", "begin", "duration", "set", "arms", "record",
    "predict", "sweep", "schedule",
)  # fmt: skip


def is_of_experiment(path: str) -> bool:
    """Whether a dotted path means the experiment, such as 'doses.mg_per_kg', and no value of its model."""
    return path.split(".")[0] in ("arms", "doses", "schedule", *_words())


def of_model(changes: Mapping[str, Change]) -> dict[str, Change]:
    """The changes that are values of the model."""
    return {path: value for path, value in changes.items() if not is_of_experiment(path)}


def changed_tables(tables: Mapping[str, Any], changes: Mapping[str, Change], where: str) -> dict[str, Any]:
    """The tables of an experiment file with other entries.

    changes: by 'doses.KEY' (every dose that has the key), 'doses.DRUG.KEY', 'arms.ARM.doses.NUMBER.KEY',
        'schedule.KEY', or a key such as 'body_weight'; paths of the model are passed over
    raises: DefinitionError where the experiment has nothing at a path
    """
    own = {path: value for path, value in changes.items() if is_of_experiment(path)}
    changed = copy.deepcopy(dict(tables)) if own else dict(tables)
    for path, value in own.items():
        places = list(_places(changed, path.split(".")))
        if not places:
            known = sorted(known_paths(changed))
            raise DefinitionError(where, f"the experiment has nothing at '{path}'{nearest(path, known)}")
        for table, key in places:
            table[key] = _like(table.get(key), value)
    return changed


def known_paths(tables: Mapping[str, Any]) -> set[str]:
    """The paths at which an experiment file can be changed."""
    found = {*_words(), *(f"schedule.{key}" for key in e.ScheduleEntry.model_fields)}
    for arm, number, dose in _doses(tables):
        for key in dose:
            found |= {f"doses.{key}", f"doses.{dose.get('drug')}.{key}", f"arms.{arm}.doses.{number}.{key}"}
    return found


def _words() -> tuple[str, ...]:
    return tuple(one for one in e.ExperimentFile.model_fields if one not in FIXED)


def _places(tables: dict[str, Any], parts: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Tables of the experiment and keys in them that a path means."""
    first, *rest = parts
    key = parts[-1]
    if not rest and first in _words():
        yield tables, key
    elif first == "schedule" and len(rest) == 1 and key in e.ScheduleEntry.model_fields:
        schedule = tables.setdefault("schedule", {})
        if isinstance(schedule, dict):
            yield schedule, key
    else:
        for arm, number, dose in _doses(tables):
            named = {("doses", key), ("doses", str(dose.get("drug")), key), ("arms", arm, "doses", str(number), key)}
            if tuple(parts) in named and key in dose:
                yield dose, key


def _doses(tables: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Arm, number and table of every dose; what has another form is left to the check of the whole."""
    arms = tables.get("arms")
    for arm in arms if isinstance(arms, list) else ():
        doses = arm.get("doses") if isinstance(arm, dict) else None
        for number, dose in enumerate(doses if isinstance(doses, list) else ()):
            if isinstance(dose, dict):
                yield str(arm.get("name")), number, dose


def _like(old: Any, value: Change) -> Change:
    """The value as a number where a number stood there: a command line gives texts only."""
    if isinstance(value, str) and isinstance(old, (int, float)) and not isinstance(old, bool):
        try:
            return int(value) if isinstance(old, int) and value.strip().isdecimal() else float(value)
        except ValueError:
            return value
    return value
