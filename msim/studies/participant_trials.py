"""Columns of participants as trials: each person's courses are kept under the key of all that decides on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from msim.backends.context import Context
from msim.base.code_digest import source_digest
from msim.base.endings import ended_by
from msim.base.errors import SimulationError
from msim.definitions.files.schema import DoseEntry
from msim.definitions.studies.participants import Population
from msim.emulator.library import Emulators
from msim.studies.columns import Course, changed_drives, courses
from msim.studies.context import StudyContext
from msim.studies.participants import Participant
from msim.trials.claimed import Attempt
from msim.trials.kept_values import run_kept, values_of
from msim.trials.trial_key import digest, trial_key


@dataclass(frozen=True)
class ParticipantJob:
    """All that a process needs to follow the columns of one person.

    begin: s, of rest; times: s, of the courses; seed: of the emulator; slow: addresses of further slow quantities
    """

    person: Participant
    population: Population
    doses: tuple[DoseEntry, ...]
    begin: float
    times: tuple[float, ...]
    emulators: Emulators
    seed: int
    slow: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """Return the text of the trial's key; the person's name decides nothing that weight and values do not."""
        model = self.population.model
        about = [
            model.digest, self.person.weight, self.person.spared, self.person.affected, self.begin, self.times,
            [one.model_dump(mode="json") for one in self.doses], self.slow, changed_drives(self.population),
            source_digest(),  # code of studies is no part of the keys of trials
        ]  # fmt: skip
        context = Context("emulator", emulators=self.emulators).identity([model])
        return trial_key(digest(about), self.seed, digest(context)).text

    def values(self, attempt: Attempt) -> dict[str, Any]:
        """Follow the columns from rest; return their courses as plain JSON, by the kind of their region."""
        attempt.progress(self.begin)
        found = courses(
            self.population, self.person, self.doses, self.begin, self.times, self.emulators, self.seed, self.slow
        )
        return {
            kind: {"states": [dict(state) for state in one.states],
                   "slow": {name: values.tolist() for name, values in one.slow.items()}}
            for kind, one in found.items()
        }  # fmt: skip

    def holds(self, kept: Any) -> bool:
        """Return whether kept values are courses with all times and quantities."""
        return all(
            len(one["states"]) == len(self.times) and set(self.slow) <= set(one["slow"]) for one in kept.values()
        )

    def courses(self, kept: Mapping[str, Any]) -> dict[str, Course]:
        """Return kept values as courses, by the kind of their region."""
        return {
            kind: Course(
                self.times, tuple(one["states"]), {name: np.array(values) for name, values in one["slow"].items()}
            )
            for kind, one in kept.items()
        }


def followed(jobs: Sequence[ParticipantJob], context: StudyContext) -> list[dict[str, Course]]:
    """Follow the columns of all these people whose courses are not kept yet, and return all courses.

    raises: SimulationError for a person whose columns cannot be followed, once the others are done
    """
    by_key = {one.key: one for one in jobs}

    def told(kind: str, done: int, total: int, word: str) -> None:
        context.progress(f"columns of participants: {done} of {total}")

    failures = run_kept(by_key, "emulator", context.folder, context.executor, told)
    if failures:
        reasons = "; ".join(f"{one.person.id}: {failures[one.key].reason}" for one in jobs if one.key in failures)
        problem = SimulationError(f"columns of participants: {reasons}; those of others are kept")
        raise ended_by(problem, failures.values())
    return [one.courses(values_of(context.folder, one)) for one in jobs]
