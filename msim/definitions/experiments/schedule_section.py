"""[schedule] of an experiment: how finely bursts of spikes sample its trials."""

from __future__ import annotations

from dataclasses import replace

from msim.base.errors import DefinitionError
from msim.base.quantities import quantity_text, second
from msim.definitions.experiments.schedule import Schedule
from msim.definitions.files import schema as e


def read_schedule(entry: e.ScheduleEntry, where: str) -> Schedule:
    """Return the schedule that a section gives; keys that it leaves out have their defaults.

    raises: DefinitionError where a bound lies on the wrong side of another
    """
    schedule = replace(Schedule(), **entry.model_dump(exclude_none=True))
    burst, longest_burst = (quantity_text(one * second) for one in (schedule.burst, schedule.longest_burst))
    if schedule.longest_burst < schedule.burst and entry.longest_burst is None:
        raise DefinitionError(f"{where}.burst", f"wants at most longest_burst ({longest_burst}), got {burst}")
    if schedule.longest_burst < schedule.burst:
        raise DefinitionError(f"{where}.longest_burst", f"wants at least burst ({burst}), got {longest_burst}")
    if schedule.shortest_leap > schedule.longest_leap:
        longest = f"wants at most longest_leap ({quantity_text(schedule.longest_leap * second)})"
        shortest = quantity_text(schedule.shortest_leap * second)
        raise DefinitionError(f"{where}.shortest_leap", f"{longest}, got {shortest}")
    return schedule
