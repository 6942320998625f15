"""MEG study: spiking columns of all participants before and after, spectra, responses to touch, and a neural mass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError, InputError
from msim.definitions.models.fast_inputs import fast_inputs
from msim.definitions.studies.study import StudyDefinition
from msim.imaging.bids import start_derivatives
from msim.imaging.group import Test, unpaired
from msim.meg.fields import SHORTEST, Sensors, read_sensors
from msim.meg.fit import CHANGING
from msim.meg.session import Session, session, write_session_files
from msim.meg.table import BANDS, meg_table
from msim.studies.analyses.meg_dcm import MegStudyEntry
from msim.studies.cohort import Cohort, VisitState, cohort_of
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome
from msim.studies.participants import Participant, model_of

WHERE = "spared"  # somatosensory cortex is in none of the systems that depression holds in
ANSWERS = ("change of the largest answer to touch", "change of the largest late answer",
           "variance explained by the fit")  # fmt: skip


@dataclass(frozen=True)
class MegDetails:
    """Data of the figure and files of an MEG study: sessions by participant, in order."""

    sessions: Mapping[str, Session]


def check(study: StudyDefinition) -> None:
    """Refuse recordings that are too short for a spectrum."""
    if not study.seconds("seconds") >= SHORTEST:
        raise DefinitionError(study.place("seconds"), f"wants at least {SHORTEST:g} s of ongoing activity, "
                                                      f"got {study.seconds('seconds'):g} s")


def statistics(study: StudyDefinition) -> Iterator[str]:
    """Yield the name of every row that the table may have."""
    names = [one.name for one in study.groups]
    for group in names:
        for kind in CHANGING:
            yield from (f"{group}: change of {kind} {how}" for how in ("by the fit", "in the column"))
            yield f"{group}: share of 90 % intervals that hold the change of {kind}"
        yield from (f"{group}: change of {one} power" for one in BANDS)
        yield from (f"{group}: {one}" for one in ANSWERS)
    for first, second in zip(names, names[1:], strict=False):
        yield from (f"change of {kind} by the fit: {first} - {second}" for kind in CHANGING)


def run(study: StudyDefinition, context: StudyContext) -> Outcome:
    """Simulate all participants, record a spiking column twice, fit it, and run the study's statistics.

    raises: InputError where a group has no participant with both recordings
    """
    options: MegStudyEntry = study.options
    cohort = cohort_of(study, context)
    sensors, found = read_sensors(), {}
    for person in cohort.people:
        pair = _both(cohort, person, options)
        if pair is None:
            continue
        context.progress(f"MEG of {person.id}")
        found[person.id] = _session(study, person, pair, sensors, options)
    rows = []
    for group in study.groups:
        own = [found[one.id] for one in cohort.people if one.group == group.name and one.id in found]
        if not own:
            raise InputError(f"{study.file}: group '{group.name}': nobody was seen at '{options.before}' and "
                             f"'{options.after}'")
        rows += [replace(row, name=f"{group.name}: {row.name}") for row in meg_table(own)]
    rows += _between(study, cohort, found)
    return Outcome(cohort, tuple(rows), _facts(study, found), MegDetails(found))


def write(folder: Path, found: Outcome) -> None:
    """Write both recordings of everybody."""
    start_derivatives(folder, "", None, {"Name": found.cohort.study.title})
    for name, one in found.details.sessions.items():
        write_session_files(folder, name, one)


def _both(cohort: Cohort, person: Participant, options: MegStudyEntry) -> tuple[VisitState, VisitState] | None:
    own = {one.visit.name: one for one in cohort.seen if one.person.id == person.id}
    if options.before not in own or options.after not in own:
        return None
    return own[options.before], own[options.after]


def _session(
    study: StudyDefinition,
    person: Participant,
    pair: tuple[VisitState, VisitState],
    sensors: Sensors,
    options: MegStudyEntry,
) -> Session:
    model = model_of(study.population, getattr(person, WHERE))
    names = fast_inputs(model)
    receptors = [{name: one.states[WHERE][name] for name in names} for one in pair]
    return session(model, receptors, sensors, study.seconds("seconds"), options.trials, person.seed)


def _between(study: StudyDefinition, cohort: Cohort, found: Mapping[str, Session]) -> list[Test]:
    """Compare the changes that the fit finds between groups, two by two."""
    rows = []
    kinds = next(iter(found.values())).comparison.changing
    for first, second in zip(study.groups, study.groups[1:], strict=False):
        for kind in kinds:
            values = [
                np.array([found[p.id].comparison.change(kind)[0] for p in cohort.people
                          if p.group == group.name and p.id in found])
                for group in (first, second)
            ]  # fmt: skip
            rows.append(unpaired(f"change of {kind} by the fit: {first.name} - {second.name}", *values))
    return rows


def _facts(study: StudyDefinition, found: Mapping[str, Session]) -> dict[str, str]:
    explained = np.array([one.comparison.explained for one in found.values()])
    return {
        "participants recorded twice": str(len(found)),
        "recorded": f"{study.seconds('seconds'):g} s and {study.options.trials} touches each time",
        "variance of log spectra explained": f"{100 * explained.mean():.1f} %",
        "what a fit is worth": "rows 'by the fit' beside rows 'in the column', which is known here",
    }
