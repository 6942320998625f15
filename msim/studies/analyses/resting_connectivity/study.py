"""A study of resting connectivity: scans before and after a treatment, a mixed model, and controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msim.base.errors import DefinitionError
from msim.base.seeds import stream
from msim.brain.cohort import joined
from msim.brain.connectome import Connectome, connectome_of
from msim.brain.emulator_axes import brain_emulator, on_axes
from msim.brain.field import field_of
from msim.brain.files import start_brain
from msim.brain.scans import resting_scans, scan_seed, validate_short_scan
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.studies.study import LEAST, StudyDefinition
from msim.imaging.bids import write_connectivity, write_scan
from msim.imaging.connectivity import Band, between, functional_connectivity, mean_connectivity
from msim.imaging.group import Test, mixed_coefficients, unpaired
from msim.imaging.scan import Label, Scan
from msim.studies.analyses.resting_connectivity import RestingEntry
from msim.studies.checks import check_entry
from msim.studies.cohort import Cohort, VisitState, cohort_of, held_regions, regions_of
from msim.studies.context import StudyContext
from msim.studies.outcome import Outcome

AT_ONCE = 64  # scans; memory grows with them
TASK = "rest"
GROUP = "group"  # what BIDS' names have in place of a subject where a file is of a whole group


@dataclass(frozen=True)
class RestingDetails:
    """Data of the figure and files of a resting study.

    matrices: Fisher z by group and visit, mean over people; scans: with the label of each
    systems: name of a pair of systems to values by person and visit
    """

    connectome: Connectome
    matrices: Mapping[tuple[str, str], np.ndarray]
    scans: tuple[Scan, ...]
    systems: Mapping[str, Mapping[tuple[str, str], float]]


def check(study: StudyDefinition) -> None:
    """Refuse scans, systems or states of health that do not fit each other or the brain."""
    options: RestingEntry = study.options
    assert study.brain is not None
    _check_scan(study)
    if options.analysed is not None and options.analysed < LEAST:
        raise DefinitionError(study.place("analysed"), f"wants at least {LEAST} participants, as fewer have no spread, "
                                                       f"got {options.analysed}")
    connectome = connectome_of(study.brain)
    pairs_of(options, connectome, study.place("systems"))
    for health in study.population.health:
        held_regions(study.population, health, connectome)
    band = Band(study.hertz("low"), study.hertz("high"))
    label = Label(study.groups[0].participant(1), TASK)
    check_entry(study, "tr", lambda: validate_short_scan(study.seconds("duration"), study.seconds("tr"), label, band))


def _check_scan(study: StudyDefinition) -> None:
    """Refuse scans that are too short for their TR, or for the slowest frequency that the analysis keeps."""
    tr, seconds, low, high = study.seconds("tr"), study.seconds("duration"), study.hertz("low"), study.hertz("high")
    if not 0 < 2 * tr <= seconds:
        wanted = f"wants more than 0 s and at most half of duration ({seconds:g} s)"
        raise DefinitionError(study.place("tr"), f"{wanted}, got {tr:g} s")
    if not 0 < low < high < 0.5 / tr:
        wanted = f"wants 0 < low < high < {0.5 / tr:.4g} Hz, half of the sampling rate"
        raise DefinitionError(study.place("high"), f"{wanted}, got {low:g} and {high:g} Hz")
    if seconds < 2 / low:
        wanted = f"wants at least {2 / low:.4g} s, twice the period of {low:g} Hz"
        raise DefinitionError(study.place("duration"), f"{wanted}, got {seconds:g} s")


def statistics(study: StudyDefinition) -> Iterator[str]:
    """Yield the name of every row that the table may have."""
    for one in study.options.systems:
        yield f"{one.name}: patients - controls, before"
        yield from (f"{one.name}: time", f"{one.name}: time x response")


def run(study: StudyDefinition, context: StudyContext) -> Outcome:
    """Simulate all participants, scan them, and run the study's statistics."""
    assert study.brain is not None
    options: RestingEntry = study.options
    connectome = connectome_of(study.brain)
    pairs = pairs_of(options, connectome, study.file)
    cohort = cohort_of(study, context)
    scans = _scans(study, study.brain, connectome, cohort, context.progress)
    band = Band(study.hertz("low"), study.hertz("high"))
    matrices = [mean_connectivity([functional_connectivity(run, band) for run in runs]) for runs in scans]
    systems = {
        name: {
            (one.person.id, one.visit.name): between(matrix, *pair)
            for one, matrix in zip(cohort.seen, matrices, strict=True)
        }
        for name, pair in pairs.items()
    }
    rows = [row for name, values in systems.items() for row in _rows(options, cohort, name, values)]
    keys = dict.fromkeys((one.person.group, one.visit.name) for one in cohort.seen)
    means = {
        key: mean_connectivity([
            matrix for one, matrix in zip(cohort.seen, matrices, strict=True)
            if (one.person.group, one.visit.name) == key
        ])
        for key in keys
    }  # fmt: skip
    details = RestingDetails(connectome, means, tuple(run for runs in scans for run in runs), systems)
    return Outcome(cohort, tuple(rows), _facts(study, options, cohort, systems), details)


def write(folder: Path, found: Outcome) -> None:
    """Write all scans, and the mean connectivity of groups."""
    study, details = found.cohort.study, found.details
    assert study.brain is not None
    into = start_brain(folder, study.brain.name, details.connectome, study.title)
    for scan in details.scans:
        write_scan(into, scan)
    for (group, visit), matrix in details.matrices.items():
        label = Label(GROUP + group.replace("_", ""), TASK, visit.replace("_", ""))
        write_connectivity(into, label, details.connectome.names, matrix)


def pairs_of(options: RestingEntry, connectome: Connectome, where: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the regions on both sides of every pair of systems, each shape (regions,), bool."""
    found = {}
    for one in options.systems:
        sides = [
            np.any([regions_of(connectome, name, where) for name in names], axis=0)
            for names in (one.between, one.other or one.between)
        ]
        found[one.name] = (sides[0], sides[1])
    return found


def _scans(
    study: StudyDefinition, brain: BrainDefinition, connectome: Connectome, cohort: Cohort,
    progress: Callable[[str], None],
) -> list[list[Scan]]:  # fmt: skip
    """Simulate the runs of every visit, in the order of `cohort.seen`."""
    options: RestingEntry = study.options
    health = {one.name: held_regions(study.population, one.health, connectome) for one in study.groups}
    regional = [one.regional(health[one.person.group]) for one in cohort.seen]
    emulator = brain_emulator(
        brain, [state for one in regional for state in one],
        lambda done, total: progress(f"the emulator of the brain's columns: {done} of {total} bursts"),
    )  # fmt: skip
    jobs = [(index, run) for index in range(len(cohort.seen)) for run in range(1, options.runs + 1)]
    found: list[list[Scan]] = [[] for _ in cohort.seen]
    for begin in range(0, len(jobs), AT_ONCE):
        part = jobs[begin : begin + AT_ONCE]
        fields = [
            field_of(
                brain, connectome, emulator, study.coupling, [on_axes(emulator, state) for state in regional[index]]
            )
            for index, _ in part
        ]
        labels = [_label(cohort.seen[index], run) for index, run in part]
        seeds = [scan_seed(study.seed, one) for one in labels]
        scans = resting_scans(brain, joined(fields), study.seconds("duration"), study.seconds("tr"), labels, seeds)
        for (index, _), scan, seed in zip(part, scans, seeds, strict=True):
            found[index].append(with_noise(scan, float(options.noise), seed))
        progress(f"{min(begin + AT_ONCE, len(jobs))} of {len(jobs)} scans")
    return found


def _label(seen: VisitState, run: int) -> Label:
    return Label(seen.person.id, TASK, seen.visit.session, run)


def with_noise(scan: Scan, sd: float, seed: int) -> Scan:
    """Add the scanner's white noise to a scan.

    sd: percent signal change
    """
    if not sd:
        return scan
    noise = sd * stream(seed, "scanner").standard_normal(scan.signal.shape)
    return Scan(scan.label, scan.regions, scan.signal + noise, scan.tr)


def _rows(options: RestingEntry, cohort: Cohort, name: str, values: Mapping[tuple[str, str], float]) -> list[Test]:
    """Test patients against controls before treatment, then time, and time by response."""
    before = _before(options, cohort, values)
    controls = np.array([value for (person, _), value in values.items() if _group(cohort, person) == options.controls])
    rows = [unpaired(f"{name}: patients - controls, before", np.array(list(before.values())), controls)]
    table = _table(options, cohort, before, values)
    terms = {f"{name}: time": "time", f"{name}: time x response": "time:response"}
    responses = {response for time, response in zip(table["time"], table["response"], strict=True) if time}
    if len(responses) < 2:  # all or none of them responded: there is nothing to tell apart
        return rows + mixed_coefficients("y ~ time", table, {f"{name}: time": "time"})
    return rows + mixed_coefficients("y ~ time + time:response", table, terms)


def _group(cohort: Cohort, person: str) -> str:
    return next(one.group for one in cohort.people if one.id == person)


def _before(options: RestingEntry, cohort: Cohort, values: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Return the mean over the visits before treatment, for each patient who was at one of them."""
    found: dict[str, list[float]] = {}
    for (person, visit), value in values.items():
        if visit in options.before and _group(cohort, person) != options.controls:
            found.setdefault(person, []).append(value)
    return {person: float(np.mean(several)) for person, several in found.items()}


def _table(
    options: RestingEntry, cohort: Cohort, before: Mapping[str, float], values: Mapping[tuple[str, str], float]
) -> dict[str, Sequence[object]]:
    responded = {one.person.id: one.improved >= options.response for one in cohort.at(options.response_at)}
    analysed = {one.id for one in cohort.people if options.analysed is None or one.number <= options.analysed}
    rows = [(value, 0, 0, person) for person, value in before.items()]
    rows += [
        (value, 1, int(responded.get(person, False)), person)
        for (person, visit), value in values.items()
        if visit == options.after and person in before
    ]
    kept = [row for row in rows if row[3] in analysed]
    return dict(zip(("y", "time", "response", "subject"), map(list, zip(*kept, strict=True)), strict=True))


def _facts(
    study: StudyDefinition, options: RestingEntry, cohort: Cohort, systems: Mapping[str, object]
) -> dict[str, str]:
    treated = [one for one in cohort.at(options.response_at)]
    responders = sum(one.improved >= options.response for one in treated)
    after = cohort.at(options.after)
    gain = np.array([one.potentiation for one in after])
    coupling = study.coupling if study.coupling is not None else study.brain["coupling"] if study.brain else 0.0
    return {
        "responders": f"{responders} of {len(treated)}",
        f"change of AMPA conductance in affected regions, {options.after}":
            f"{gain.mean():+.3f} (SD {gain.std(ddof=1):.3f})",
        "coupling of regions": f"{coupling:g}",
        "threshold of p": f"{0.05 / (2 * len(systems)):.5f} (Bonferroni, time and time x response of "
                          f"{len(systems)} systems)",
    }
