"""[schedule] of an experiment: how finely bursts of spikes sample its trials."""

from __future__ import annotations

from dataclasses import replace

from msim.base.errors import DefinitionError
from msim.base.quantities import quantity_text, second
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.files import schema as e
from msim.definitions.files.takes import number_of


def read_schedule(entry: e.ScheduleEntry, where: str) -> Schedule:
    """Return the schedule that a section gives; keys that it leaves out have their defaults.

    raises: DefinitionError where a bound lies on the wrong side of another
    """
    given = entry.model_dump(exclude_none=True)
    changes = {name: number_of(e.ScheduleEntry, name, value, f"{where}.{name}") for name, value in given.items()}
    schedule = replace(Schedule(), **changes)
    if schedule.longest_burst < schedule.burst:
        if "longest_burst" not in changes:
            longest = f"wants at most longest_burst ({quantity_text(schedule.longest_burst * second)})"
            raise DefinitionError(f"{where}.burst", f"{longest}, got {entry.burst!r}")
        least = f"wants at least burst ({quantity_text(schedule.burst * second)})"
        raise DefinitionError(f"{where}.longest_burst", f"{least}, got {entry.longest_burst!r}")
    if schedule.shortest_leap > schedule.longest_leap:
        longest = f"wants at most longest_leap ({quantity_text(schedule.longest_leap * second)})"
        shortest = quantity_text(schedule.shortest_leap * second)
        raise DefinitionError(f"{where}.shortest_leap", f"{longest}, got {shortest}")
    return schedule
