"""StudyDefinition: the participants, doses, visits and analysis of a study, and the statistics that papers report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, second
from msim.base.sources import check_source, read_sources
from msim.base.units import hertz
from msim.definitions.brains.brain import BrainDefinition, read_brain
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.models.preparations import check_routes
from msim.definitions.studies.participants import Population, read_participants
from msim.definitions.studies.roles import LEAST, check_roles
from msim.definitions.studies.schema import ANALYSES, GroupEntry, ReportedEntry, StudyFile, VisitEntry
from msim.pharmacology.regimen import DoseText, check_doses, read_dose

LAST = 1.0  # s that columns are followed after the last time at which somebody is seen
NEEDS_BRAIN = ("resting_connectivity", "go_nogo")
PREPARATION = "human"


@dataclass(frozen=True)
class Group:
    """Participants with the same health and treatment.

    health: name in the population
    """

    name: str
    meaning: str
    health: str
    n: int
    doses: tuple[DoseText, ...]

    def participant(self, number: int) -> str:
        """Return the name of a participant, counted from 1, of letters and digits alone, as BIDS wants it."""
        return f"{self.name}{number:02d}".replace("_", "")


@dataclass(frozen=True)
class Visit:
    """A time (s on the clock of the doses) at which a group is examined.

    absent: numbers, from 1, of participants who were not
    """

    name: str
    group: str
    time: float
    absent: frozenset[int]

    @property
    def session(self) -> str:
        """Return the name of the visit in letters and digits alone, as BIDS wants it."""
        return self.name.replace("_", "")


@dataclass(frozen=True)
class Reported:
    """A statistic as a paper reports it; a number that the paper omits is None.

    sign: '+', '-', '0' or ''
    """

    statistic: str
    sign: str
    estimate: float | None
    value: float | None
    degrees: float | None
    p: float | None
    source: str


@dataclass(frozen=True)
class StudyDefinition:
    """A study as its file states it.

    begin: s, when columns are at rest; analysis: one of ANALYSES; options: entries of the analysis
    brain: None for a study of columns alone; coupling: used in place of the brain's
    """

    name: str
    title: str
    question: str
    source: str
    notes: str
    file: str
    population: Population
    brain: BrainDefinition | None
    coupling: float | None
    begin: float
    seed: int
    groups: tuple[Group, ...]
    visits: tuple[Visit, ...]
    analysis: str
    options: Any
    reported: tuple[Reported, ...]

    def group(self, name: str) -> Group:
        """Return the group with this name."""
        return next(one for one in self.groups if one.name == name)

    @property
    def patients(self) -> str:
        """Return the name of the first group that is not the controls of the analysis."""
        controls = getattr(self.options, "controls", "")
        return next(one.name for one in self.groups if one.name != controls)

    def visits_of(self, group: str) -> tuple[Visit, ...]:
        """Return the visits of a group in order of time."""
        return tuple(sorted((one for one in self.visits if one.group == group), key=lambda one: one.time))

    def seconds(self, key: str) -> float:
        """Return a time among the options, s."""
        return _time(getattr(self.options, key), f"{self.file}: {self.analysis}.{key}")

    def hertz(self, key: str) -> float:
        """Return a frequency among the options, Hz."""
        return float(parse_in(getattr(self.options, key), hertz, f"{self.file}: {self.analysis}.{key}"))


def read_study(name: str | Path) -> StudyDefinition:
    """Read and check a study file and the files that it names.

    name: a path, or a shipped name such as 'siegel2021_resting_fc' or 'studies/siegel2021_resting_fc'
    raises: DefinitionError or InputError that names file and key
    """
    path = find(_full_name(str(name)), "experiments")
    where = display_name(path)
    entry = read_entries(read_text(path), where, StudyFile)
    sources = read_sources(shipped("models") / "sources.bib")
    check_source(entry.source, entry.notes, sources, f"{where}: source")
    population = read_participants(_beside(path, entry.participants, f"{where}: participants"))
    groups = _groups(entry.groups, population, where)
    visits = _visits(entry.visits, groups, where)
    analysis = next(one for one in ANALYSES if getattr(entry, one) is not None)
    begin = _time(entry.begin, f"{where}: begin")
    first = min(one.time for one in visits)
    if begin >= first:
        raise DefinitionError(f"{where}: begin", f"wants a time before the first visit ({first:g} s), got {begin:g} s")
    _check_doses(groups, visits, population, where)
    study = StudyDefinition(
        path.stem, entry.title, entry.question, entry.source, entry.notes, where, population,
        _brain(entry, analysis, population, path, where), _coupling(entry, where), begin, entry.seed, groups, visits,
        analysis, getattr(entry, analysis), _reported(entry.reported, sources, where),
    )  # fmt: skip
    _check_names(study)
    check_roles(study)
    if analysis == "resting_connectivity":
        _check_scan(study)
    return study


def _full_name(name: str) -> str:
    """Return the name of a study with its folder: shipped studies lie in 'studies/', which a name may omit."""
    short = "/" not in name and not Path(name).is_file()
    return f"studies/{name}" if short else name


def _beside(path: Path, name: str, where: str) -> str:
    own = path.parent / f"{name.removesuffix('.toml')}.toml"
    return str(own) if own.is_file() else name


def _time(text: Any, where: str) -> float:
    return float(parse_in(text, second, where))


def _groups(given: Sequence[GroupEntry], population: Population, where: str) -> tuple[Group, ...]:
    found: dict[str, Group] = {}
    for index, one in enumerate(given):
        place = f"{where}: groups.{index}"
        if one.name in found:
            raise DefinitionError(f"{where}: groups", f"wants each name once, got '{one.name}' twice")
        if one.health not in population.health:
            hint = nearest(one.health, population.health)
            raise DefinitionError(f"{place}.health", f"{population.file} has no health '{one.health}'{hint}")
        if one.n < LEAST:
            raise DefinitionError(f"{place}.n", f"wants at least {LEAST} participants, as fewer have no spread, "
                                                f"got {one.n}")
        check_routes(population.model, PREPARATION, one.doses, f"{place}.doses")
        doses = tuple(
            read_dose(dose.model_dump(exclude_none=True), f"{place}.doses.{number}")
            for number, dose in enumerate(one.doses)
        )
        found[one.name] = Group(one.name, one.meaning, one.health, one.n, doses)
    _validate_namesakes(list(found.values()), where)
    return tuple(found.values())


def _validate_namesakes(groups: Sequence[Group], where: str) -> None:
    """Refuse groups whose participants would share a name: they would be one person, and share a folder."""
    known: dict[str, str] = {}
    for group in groups:
        for name in map(group.participant, range(1, group.n + 1)):
            if name in known:
                raise DefinitionError(f"{where}: groups", f"wants names that tell participants apart, got '{name}' in "
                                                          f"'{known[name]}' and in '{group.name}'")
            known[name] = group.name


def _visits(given: Sequence[VisitEntry], groups: Sequence[Group], where: str) -> tuple[Visit, ...]:
    if not given:
        raise DefinitionError(f"{where}: visits", "wants at least one time at which somebody is seen, got none")
    sizes = {one.name: one.n for one in groups}
    found: dict[tuple[str, str], Visit] = {}
    for index, one in enumerate(given):
        place = f"{where}: visits.{index}"
        if one.group not in sizes:
            raise DefinitionError(f"{place}.group", f"unknown group '{one.group}'{nearest(one.group, sizes)}")
        if (one.name, one.group) in found:
            raise DefinitionError(place, f"wants each visit of a group once, got '{one.name}' twice")
        wrong = [number for number in one.absent if not 1 <= number <= sizes[one.group]]
        if wrong:
            raise DefinitionError(f"{place}.absent", f"wants numbers from 1 to {sizes[one.group]}, got {wrong[0]}")
        if sizes[one.group] - len(set(one.absent)) < LEAST:
            raise DefinitionError(f"{place}.absent", f"wants at least {LEAST} participants who are there")
        visit = Visit(one.name, one.group, _time(one.at, f"{place}.at"), frozenset(one.absent))
        alike = [other for other, group in found if group == one.group and found[other, group].session == visit.session]
        if alike:
            raise DefinitionError(place, f"wants visits whose names differ in letters or digits, got '{one.name}' "
                                         f"beside '{alike[0]}'")
        found[one.name, one.group] = visit
    seen = {one.group for one in found.values()}
    for name in sizes:
        if name not in seen:
            raise DefinitionError(f"{where}: groups", f"group '{name}' has no visit")
    return tuple(found.values())


def _check_doses(groups: Sequence[Group], visits: Sequence[Visit], population: Population, where: str) -> None:
    """Refuse drugs that the model does not have, and doses after a group was seen for the last time."""
    drugs = [one.name for one in population.model.on_scale("drug")]
    for index, one in enumerate(groups):
        last = max(visit.time for visit in visits if visit.group == one.name)
        check_doses(one.doses, f"{where}: groups.{index}.doses", last + LAST, drugs)


def _brain(entry: StudyFile, analysis: str, population: Population, path: Path, where: str) -> BrainDefinition | None:
    if analysis not in NEEDS_BRAIN:
        if entry.brain:
            raise DefinitionError(f"{where}: brain", f"wants none, as {analysis} looks at columns alone")
        return None
    if not entry.brain:
        raise DefinitionError(f"{where}: brain", f"missing key 'brain', which {analysis} wants")
    brain = read_brain(_beside(path, entry.brain, f"{where}: brain"))
    if brain.column.name != population.model.name:
        raise DefinitionError(f"{where}: brain", f"wants one of columns '{population.model.name}', which participants "
                                                 f"vary, got '{brain.column.name}'")
    return brain


def _coupling(entry: StudyFile, where: str) -> float | None:
    if entry.coupling is not None and not 0 <= entry.coupling <= 1:
        raise DefinitionError(f"{where}: coupling", f"wants 0 to 1, got {entry.coupling!r}")
    return None if entry.coupling is None else float(entry.coupling)


def _reported(given: Sequence[ReportedEntry], sources: Mapping[str, Any], where: str) -> tuple[Reported, ...]:
    found = []
    for index, one in enumerate(given):
        check_source(one.source, one.note, sources, f"{where}: reported.{index}.source")
        estimate, value, degrees, p = (
            None if number is None else float(number) for number in (one.estimate, one.value, one.degrees, one.p)
        )
        found.append(Reported(one.statistic, one.sign or "", estimate, value, degrees, p, one.source))
    return tuple(found)


def _check_scan(study: StudyDefinition) -> None:
    """Refuse scans that are too short for their TR, or for the slowest frequency that the analysis keeps."""
    where = f"{study.file}: {study.analysis}"
    tr, seconds, low, high = study.seconds("tr"), study.seconds("duration"), study.hertz("low"), study.hertz("high")
    if not 0 < 2 * tr <= seconds:
        raise DefinitionError(f"{where}.tr", f"wants more than 0 s and at most half of duration ({seconds:g} s), "
                                             f"got {tr:g} s")
    if not 0 < low < high < 0.5 / tr:
        raise DefinitionError(f"{where}.high", f"wants 0 < low < high < {0.5 / tr:.4g} Hz, half of the sampling rate, "
                                               f"got {low:g} and {high:g} Hz")
    if seconds < 2 / low:
        raise DefinitionError(f"{where}.duration", f"wants at least {2 / low:.4g} s, twice the period of {low:g} Hz, "
                                                   f"got {seconds:g} s")


# Which entries of an analysis name a visit of any group, a group.
_VISIT_KEYS = ("before", "after", "visits", "response_at", "remission_at", "baseline")
_GROUP_KEYS = ("controls",)


def _check_names(study: StudyDefinition) -> None:
    """Refuse visits and groups that an analysis names and the study lacks."""
    visits, groups = {one.name for one in study.visits}, {one.name for one in study.groups}
    for keys, known, what in ((_VISIT_KEYS, visits, "visit"), (_GROUP_KEYS, groups, "group")):
        for key in keys:
            given = getattr(study.options, key, None)
            for name in [given] if isinstance(given, str) else given or []:
                if name not in known:
                    place = f"{study.file}: {study.analysis}.{key}"
                    raise DefinitionError(place, f"unknown {what} '{name}'{nearest(name, known)}")
