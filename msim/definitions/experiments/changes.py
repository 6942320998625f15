"""Changes by dotted path of the experiment itself: amounts and times of doses, body weight, schedule."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.definitions.files import schema as e
from msim.definitions.files.takes import Takes, takes_of

Change = str | int | float

# What an experiment asks, of what model, when and how often, stays as its file says.
FIXED = (
    "title", "hypothesis", "source", "notes", "model", "seeds", "begin", "duration", "set", "arms", "record",
    "predict", "sweep", "schedule",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One entry of an experiment that a change may set.

    name: the longest path that means it; paths: all that do; arm: whose it is, '' of all arms
    way: keys that lead to its table; key: in that table; takes: a number, or None for a word
    """

    name: str
    paths: tuple[str, ...]
    arm: str
    way: tuple[str | int, ...]
    key: str
    takes: Takes | None

    def given(self, tables: Mapping[str, Any]) -> Any:
        """Return the value of the tables at this place, None where they leave it out."""
        table: Any = tables
        for key in self.way:
            table = table[key] if not isinstance(table, Mapping) else table.get(key, {})
        return table.get(self.key)


def is_of_experiment(path: str) -> bool:
    """Return whether a dotted path names an entry of the experiment, such as 'doses.mg_per_kg', not a model value."""
    return path.split(".")[0] in ("arms", "doses", "schedule", *_words())


def of_model(changes: Mapping[str, Change]) -> dict[str, Change]:
    """Return the changes that are values of the model."""
    return {path: value for path, value in changes.items() if not is_of_experiment(path)}


def changed_tables(tables: Mapping[str, Any], changes: Mapping[str, Change], where: str) -> dict[str, Any]:
    """Return the tables of an experiment file with other entries.

    changes: by 'doses.KEY' (every dose that has the key), 'doses.DRUG.KEY', 'arms.ARM.doses.NUMBER.KEY',
        'schedule.KEY', or a key such as 'body_weight'; paths of the model are passed over
    raises: DefinitionError where the experiment has nothing at a path, or two of them mean one entry
    """
    own = {path: value for path, value in changes.items() if is_of_experiment(path)}
    changed = copy.deepcopy(dict(tables)) if own else dict(tables)
    validate_one_source(dict.fromkeys(own, where), tables)
    for path, value in own.items():
        for place in places_at(path, tables, where):
            table = _table(changed, place.way)
            table[place.key] = value if place.takes is None else place.takes.entry(value, f"{where}: {path}")
    return changed


def validate_one_source(paths: Mapping[str, str], tables: Mapping[str, Any]) -> None:
    """Refuse two changes of one entry or value, of which the later would win in silence.

    paths: each with the option or key that gives it
    """
    taken: dict[str, str] = {}
    for path, where in paths.items():
        names = [one.name for one in places_at(path, tables, where)] if is_of_experiment(path) else [path]
        for name in names:
            if name in taken:
                raise DefinitionError(where, f"wants one change of '{name}', got '{taken[name]}' and '{path}'")
            taken[name] = path


def places_at(path: str, tables: Mapping[str, Any], where: str) -> list[Place]:
    """Return the entries of an experiment that a path means, one or more."""
    known = list(places(tables))
    found = [one for one in known if path in one.paths]
    if not found:
        every = sorted({path for one in known for path in one.paths})
        raise DefinitionError(where, f"the experiment has nothing at '{path}'{nearest(path, every)}")
    return found


def places(tables: Mapping[str, Any]) -> Iterator[Place]:
    """Yield every entry of an experiment that a change may set, with the `Takes` that its entry class declares."""
    whole, schedule, doses = takes_of(e.ExperimentFile), takes_of(e.ScheduleEntry), takes_of(e.DoseEntry)
    for key in _words():
        yield Place(key, (key,), "", (), key, whole[key])
    if isinstance(tables.get("schedule", {}), dict):
        for key, takes in schedule.items():
            yield Place(f"schedule.{key}", (f"schedule.{key}",), "", ("schedule",), key, takes)
    for index, number, arm, dose in _doses(tables):
        for key in (one for one in doses if one in dose):
            name = f"arms.{arm}.doses.{number}.{key}"
            paths = (name, f"doses.{key}", f"doses.{dose.get('drug')}.{key}")
            yield Place(name, paths, arm, ("arms", index, "doses", number), key, doses[key])


def _words() -> tuple[str, ...]:
    return tuple(one for one in takes_of(e.ExperimentFile) if one not in FIXED)


def _table(tables: dict[str, Any], way: tuple[str | int, ...]) -> dict[str, Any]:
    table: Any = tables
    for key in way:
        table = table.setdefault(key, {}) if isinstance(table, dict) else table[key]
    found: dict[str, Any] = table
    return found


def _doses(tables: Mapping[str, Any]) -> Iterator[tuple[int, int, str, dict[str, Any]]]:
    """Yield number of arm, number of dose, arm name and table of every dose; malformed ones are skipped here."""
    arms = tables.get("arms")
    for index, arm in enumerate(arms if isinstance(arms, list) else ()):
        doses = arm.get("doses") if isinstance(arm, dict) else None
        for number, dose in enumerate(doses if isinstance(doses, list) else ()):
            if isinstance(dose, dict):
                yield index, number, str(arm.get("name")), dose
