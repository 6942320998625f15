"""A study of glutamate and synapses: 13C-MRS, mGluR5 PET and SV2A PET before, during and after a treatment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msim.base.errors import DefinitionError
from msim.definitions.studies.schema import Group
from msim.definitions.studies.study import StudyDefinition
from msim.emulator.emulator import Emulator
from msim.emulator.files import read_emulator
from msim.imaging.bids import start_derivatives, write_text
from msim.imaging.group import Test, against_zero, correlation, unpaired
from msim.measures.energy_use import energy_use
from msim.measures.glutamate_cycle import UMOL_PER_G_MIN, glutamate_cycle
from msim.measures.receptor_pet import extracellular_glutamate, mglur5_binding, scan_change
from msim.measures.synapse_pet import sv2a_binding
from msim.studies.analyses.glutamate import GlutamateEntry
from msim.studies.analyses.glutamate.readouts import GlutamateReadouts, read_glutamate_readouts
from msim.studies.cohort import cohort_of
from msim.studies.columns import Course
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome
from msim.studies.participants import Participant

WHERE = "affected"  # prefrontal and limbic cortex, where the studies looked
PET = "mGluR5 binding"  # relative to each person's own rest
MEASURES = ("V_cycle", "V_TCA", PET, "SV2A binding")


@dataclass(frozen=True)
class Readings:
    """Readings of one person over time.

    times: s; values: by name of MEASURES, shape (times,); umol/g/min for rates, relative to health for binding
    """

    times: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class GlutamateDetails:
    """Data of the figure of a glutamate study.

    readings: by participant; during: means over the scan, by participant and visit
    """

    readings: Mapping[str, Readings]
    during: Mapping[str, Mapping[str, Mapping[str, float]]]


def check(study: StudyDefinition) -> None:
    """Refuse readings that are rarer than scans."""
    if study.seconds("every") > study.seconds("scan"):
        scan = study.options.scan
        raise DefinitionError(study.place("every"), f"wants at most scan ({scan}), got {study.options.every!r}")


def statistics(study: StudyDefinition) -> Iterator[str]:
    """Yield the name of every row that the table may have."""
    options, patients = study.options, study.patients
    for measure in MEASURES:
        if measure != PET:
            yield f"{measure}: {patients} - {options.controls}, {options.baseline}"
    for group in study.groups:
        for visit in options.after if group.doses else ():
            yield from (f"{measure}, {visit}, {group.name}: change in %" for measure in MEASURES)
    yield f"SV2A change by {options.after[-1]}, {patients}, with binding before"


def run(study: StudyDefinition, context: StudyContext) -> Outcome:
    """Simulate all participants, compute the readings of their scans, and run the study's statistics."""
    options: GlutamateEntry = study.options
    numbers, emulator = read_glutamate_readouts(), read_emulator(context.emulators.paths[0])
    spines = study.population.model.roles.spines
    cohort = cohort_of(study, context, (spines,), lambda group: _times(study, group))
    readings, during = {}, {}
    for person in cohort.people:
        readings[person.id] = read_course(study, cohort.courses[person.id][WHERE], emulator, numbers)
        during[person.id] = {
            one.name: at_visit(readings[person.id], one.time, study.seconds("scan"))
            for one in study.visits_of(person.group) if person.number not in one.absent
        }
    rows = _rows(study, options, cohort.people, during)
    return Outcome(cohort, tuple(rows), _facts(during, options), GlutamateDetails(readings, during))


def write(folder: Path, found: Outcome) -> None:
    """Write the readings of everybody over time."""
    start_derivatives(folder, "", None, {"Name": found.cohort.study.title})
    for name, one in found.details.readings.items():
        own = folder / f"sub-{name}"
        own.mkdir()
        columns: Mapping[str, Any] = {"time_s": one.times, **one.values}
        lines = ["\t".join(columns)]
        lines += ["\t".join(f"{value:.9g}" for value in row) for row in zip(*columns.values(), strict=True)]
        write_text(own / f"sub-{name}_readings.tsv", "\n".join(lines) + "\n")


def _times(study: StudyDefinition, group: Group) -> tuple[float, ...]:
    """Return times for readings: often around every visit, and once an hour between visits."""
    visits, scan, every = study.visits_of(group.name), study.seconds("scan"), study.seconds("every")
    found = set(np.arange(visits[0].time, visits[-1].time + scan, 3600.0).tolist())
    for one in visits:
        found |= set(np.linspace(one.time, one.time + scan, round(scan / every) + 1).tolist())
    return tuple(sorted(found))


def read_course(study: StudyDefinition, course: Course, emulator: Emulator, numbers: GlutamateReadouts) -> Readings:
    """Compute the readings of scanners along a whole course of a column."""
    model = study.population.model
    roles = model.roles
    axes = {axis.name for axis in emulator.axes}
    values = {name: np.array([state[name] for state in course.states]) for name in course.states[0] if name in axes}
    rates = emulator.averages(values)
    spines, gain = course.slow[roles.spines], course.slow[roles.gain]
    # The drug is everywhere: what other columns send changes as what this one sends.
    local = rates[f"{roles.population}.firing_rate"]
    rest = float(emulator.averages()[f"{roles.population}.firing_rate"])
    drive = next(one.name for one in model.drives.values() if one.to == roles.population)
    afferents = model[f"{drive}.rate"] * local / rest
    cycle = glutamate_cycle(numbers.cycle, local, afferents, model[roles.miniatures], spines)
    events = cycle["release"]
    glutamate = extracellular_glutamate(events / events[0], numbers.mglur5)
    times = np.array(course.times)
    energy = energy_use(numbers.energy, cycle, gain / spines, values[roles.block[0][0]])
    return Readings(times, {
        "V_cycle": UMOL_PER_G_MIN * cycle["V_cycle"], "V_TCA": UMOL_PER_G_MIN * energy["V_TCA"],
        "mGluR5 binding": mglur5_binding(times, glutamate, numbers.mglur5),
        "SV2A binding": sv2a_binding(spines, numbers.sv2a),
    })  # fmt: skip


def at_visit(readings: Readings, start: float, seconds: float) -> dict[str, float]:
    """Return means over a scan; those of mGluR5 are relative to rest."""
    inside = (readings.times >= start - 1e-6) & (readings.times <= start + seconds + 1e-6)
    found = {name: float(values[inside].mean()) for name, values in readings.values.items()}
    change = scan_change(readings.times, readings.values["mGluR5 binding"], start, seconds)
    return {**found, "mGluR5 binding": 1 + float(change) / 100}


def _rows(
    study: StudyDefinition, options: GlutamateEntry, people: tuple[Participant, ...],
    during: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> list[Test]:  # fmt: skip
    rows = []
    treated = [one.name for one in study.groups if study.group(one.name).doses]
    patients = study.patients

    def values(group: str, visit: str, measure: str, *also: str) -> np.ndarray:
        """Return a measure of the participants of a group at a visit, of those who have the visits `also` too."""
        return np.array([
            during[one.id][visit][measure] for one in people
            if one.group == group and {visit, *also} <= set(during[one.id])
        ])  # fmt: skip

    for measure in MEASURES:
        if measure == PET:
            continue
        pair = [values(group, options.baseline, measure) for group in (patients, options.controls)]
        rows.append(unpaired(f"{measure}: {patients} - {options.controls}, {options.baseline}", *pair))
    for group in treated:
        for visit in options.after:
            for measure in MEASURES:
                before = values(group, options.baseline, measure, visit)
                after = values(group, visit, measure, options.baseline)
                rows.append(against_zero(f"{measure}, {visit}, {group}: change in %", 100 * (after / before - 1)))
    spines = values(patients, options.baseline, "SV2A binding", options.after[-1])
    last = values(patients, options.after[-1], "SV2A binding", options.baseline)
    rows.append(correlation(f"SV2A change by {options.after[-1]}, {patients}, with binding before", last / spines - 1,
                            spines))  # fmt: skip
    return rows


def _facts(during: Mapping[str, Mapping[str, Mapping[str, float]]], options: GlutamateEntry) -> dict[str, str]:
    rest = [one[options.baseline] for one in during.values() if options.baseline in one]
    cycle, tca = (np.array([one[name] for one in rest]) for name in ("V_cycle", "V_TCA"))
    return {
        "V_cycle at rest": f"{cycle.mean():.3g} umol/g/min (SD {cycle.std(ddof=1):.2g})",
        "V_TCA at rest": f"{tca.mean():.3g} umol/g/min (SD {tca.std(ddof=1):.2g})",
        "read in": "regions that depression holds in",
    }
