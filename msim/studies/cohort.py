"""Cohort of a study: its participants, their visits, and the state of their columns and rating at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, nearest
from msim.brain.connectome import Connectome
from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_part
from msim.definitions.models.roles import role
from msim.definitions.studies.participants import Population
from msim.definitions.studies.schema import Group, Visit
from msim.definitions.studies.study import StudyDefinition
from msim.measures.rating import improvement
from msim.studies.columns import Course
from msim.studies.context import StudyContext
from msim.studies.participant_trials import ParticipantJob, followed
from msim.studies.participants import Participant, recruited


@dataclass(frozen=True)
class VisitState:
    """One person at one visit.

    states: of columns in regions that are 'spared' and 'affected'; slow: further slow quantities there
    potentiation: change of AMPA conductance of affected regions since the first visit, relative
    rating: of depression; improved: share of the rating before treatment that is gone
    """

    person: Participant
    visit: Visit
    states: Mapping[str, Mapping[str, float]]
    slow: Mapping[str, Mapping[str, float]]
    potentiation: float
    rating: float
    improved: float

    def regional(self, held: np.ndarray) -> tuple[Mapping[str, float], ...]:
        """Return the state of every region.

        held: regions in which the disorder holds, shape (regions,), bool
        """
        return tuple(self.states["affected" if one else "spared"] for one in held)


@dataclass(frozen=True)
class Cohort:
    """All participants of a study, and all their visits, in order of group, person and time.

    courses: of columns in regions that are 'spared' and 'affected', by participant
    """

    study: StudyDefinition
    people: tuple[Participant, ...]
    seen: tuple[VisitState, ...]
    courses: Mapping[str, Mapping[str, Course]]

    def at(self, visit: str, group: str = "") -> list[VisitState]:
        """Return the states at a visit, by name, of the participants of one group or of all."""
        return [one for one in self.seen if one.visit.name == visit and group in ("", one.person.group)]


def cohort_of(
    study: StudyDefinition, context: StudyContext, slow: tuple[str, ...] = (),
    also: Callable[[Group], Sequence[float]] = lambda group: (),
) -> Cohort:  # fmt: skip
    """Recruit all participants of a study, treat them, and follow their columns to every visit.

    slow: addresses of further slow quantities; also: further times of a group, s, at which courses are kept
    raises: SimulationError for a participant whose columns cannot be followed, once the others are done
    """
    gain = role(study.population.model, "gain")
    jobs = [
        ParticipantJob(
            person, study.population, tuple(group.doses), study.begin, _times(study, group, also(group)),
            context.emulators, study.seed, tuple(dict.fromkeys((*slow, gain))),
        )
        for group in study.groups for person in recruited(study.population, group, study.seed)
    ]  # fmt: skip
    people = tuple(one.person for one in jobs)
    courses = {one.id: found for one, found in zip(people, followed(jobs, context), strict=True)}
    times = {one.person.group: one.times for one in jobs}
    return Cohort(study, people, tuple(_all_seen(study, people, courses, times, gain)), courses)


def _times(study: StudyDefinition, group: Group, further: Sequence[float]) -> tuple[float, ...]:
    return tuple(sorted({one.time for one in study.visits_of(group.name)} | set(further)))


def _all_seen(
    study: StudyDefinition, people: Sequence[Participant], courses: Mapping[str, Mapping[str, Course]],
    times: Mapping[str, Sequence[float]], gain: str,
) -> Iterator[VisitState]:  # fmt: skip
    """Yield the states of all people at the visits that they came to; times: of courses, by group."""
    rating = read_part(find("clinic/rating", "models")).parameters("rating")
    for person in people:
        own, visits = list(times[person.group]), study.visits_of(person.group)
        is_treated = bool(study.group(person.group).doses)
        for visit in visits:
            if person.number not in visit.absent:
                places = (own.index(visits[0].time), own.index(visit.time))
                yield _seen(person, visit, places, courses[person.id], gain, rating, is_treated)


def _seen(
    person: Participant, visit: Visit, places: tuple[int, int], found: Mapping[str, Course], gain: str,
    rating: Mapping[str, float], is_treated: bool,
) -> VisitState:  # fmt: skip
    """Compute the state of a person at a visit.

    places: indices of the first visit and of this one among the times of courses; gain: its address
    """
    first, index = places
    gains = found["affected"].slow[gain]
    potentiation = float(gains[index] / gains[first] - 1)
    improved = 0.0
    if is_treated and visit.time > 0:
        improved = float(improvement(potentiation, person.random_effect("improvement"), rating))
    states = {kind: one.states[index] for kind, one in found.items()}
    slow = {kind: {name: float(values[index]) for name, values in one.slow.items()} for kind, one in found.items()}
    return VisitState(person, visit, states, slow, potentiation, person.severity * (1 - improved), improved)


def held_regions(population: Population, health: str, connectome: Connectome) -> np.ndarray:
    """Return the regions in which a disorder holds, shape (regions,), bool; all where it names no system.

    raises: InputError for a system that the brain does not have
    """
    systems = population.health[health].systems
    return np.any([regions_of(connectome, one, population.file) for one in systems], axis=0) if systems else (
        np.ones(len(connectome.names), dtype=bool)
    )  # fmt: skip


def regions_of(connectome: Connectome, name: str, where: str) -> np.ndarray:
    """Return the regions of a system, or the one region of that name, shape (regions,), bool.

    raises: InputError where the brain has neither
    """
    found = connectome.of_system(name) | (np.array(connectome.names) == name)
    if not found.any():
        systems = {part for one in connectome.regions for part in one.system.split("/")}
        known = [*systems, *connectome.names]
        raise InputError(f"{where}: the brain has no system or region '{name}'{nearest(name, known)}")
    return np.asarray(found)
